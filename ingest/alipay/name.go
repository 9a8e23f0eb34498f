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

// inName looks for a pattern in the member's name, else in the file's.
func inName(pattern *regexp.Regexp, file, member string) []string {
	for _, name := range []string{member, file} {
		if found := pattern.FindStringSubmatch(name[strings.LastIndexAny(name, `/\`)+1:]); found != nil {
			return found
		}
	}
	return nil
}

// accountInName is "" where the names have none.
func accountInName(file, member string) string {
	if found := inName(nameAccount, file, member); found != nil {
		return found[1]
	}
	return ""
}

// dayInName is NoDay where the names have none.
func dayInName(file, member string) settlement.Day {
	found := inName(nameDay, file, member)
	if found == nil {
		return settlement.NoDay
	}
	var parts [3]int
	for i := range parts {
		parts[i], _ = strconv.Atoi(found[i+1]) // the pattern has digits alone
	}
	day, err := settlement.CivilDay(parts[0], parts[1], parts[2])
	if err != nil {
		return settlement.NoDay
	}
	return day
}
