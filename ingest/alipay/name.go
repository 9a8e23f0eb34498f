package alipay

import (
	"regexp"
	"strconv"
	"strings"

	"reconcile/settlement"
)

// The wallet names its files 20880000111122220156_20240912_账务明细.csv.
var (
	nameAccount = regexp.MustCompile(`(?:^|\D)(2088\d{12})(?:` + accountSuffix + `)?(?:\D|$)`)
	nameDay     = regexp.MustCompile(`(?:^|\D)(20\d\d)(\d\d)(\d\d)(?:\D|$)`)
)

// nameSays is the account and the day in the member's name, else in the file's; "" and
// NoDay where there are none.
func nameSays(file, member string) (account string, day settlement.Day) {
	day = settlement.NoDay
	for _, name := range []string{member, file} {
		name = name[strings.LastIndexAny(name, `/\`)+1:]
		if found := nameAccount.FindStringSubmatch(name); found != nil && account == "" {
			account = found[1]
		}
		if found := nameDay.FindStringSubmatch(name); found != nil && day == settlement.NoDay {
			year, _ := strconv.Atoi(found[1])
			month, _ := strconv.Atoi(found[2])
			date, _ := strconv.Atoi(found[3])
			if civil, err := settlement.CivilDay(year, month, date); err == nil {
				day = civil
			}
		}
	}
	return account, day
}
