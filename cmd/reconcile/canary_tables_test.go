package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// oddWords are what stands in columns of words beside what belongs there: a person's
// numbers beside other figures, in groups and in full-width digits, and names beside words
// of wallets and fees.
var oddWords = []string{"付款150 13912345678", "１３９１２３４５６７８", "6228 4804 0256 4890 018", "转账6228480402564890018", "2024-139 1234 5678",
	"支付宝转账-金丝雀丙", "金丝雀丙 手续费", "转账给金丝雀丙", "CanaryPat alipay fee", "oCANARYopenid_abc", "canary.pat@example.com", "浙江省杭州市余杭区金丝雀路"}

// readWords are columns of words that any row may have and that are carried into tables.
var readWords = []string{"业务名称", "业务类型", "入账类型", "入帐类型", "账务类型", "业务描述", "收/付渠道", "交易类型", "purpose", "type", "counterparty"}

// TestTablesNameNobodyWhateverWordIsOdd puts persons into each column of words, and looks at
// everything that a run prints and writes: tables, run.json, the page and the workbook.
func TestTablesNameNobodyWhateverWordIsOdd(t *testing.T) {
	if underRace {
		t.Skip("one file after the other, where nothing can race: make test runs it")
	}
	t.Chdir(t.TempDir())
	files := filesOfADay(t)
	files["bank.csv"] = "account,booked_at,amount,reference,counterparty,type,purpose\n" +
		"6222021001112223334,2024-09-12 16:20:00,-88.00,B1,,,x\n6222021001112223334,2024-09-12 17:20:00,12.00,B2,,,x\n"
	runs, accepted := 0, 0
	for name, text := range files {
		for _, odd := range withOddWords(text) {
			runs++
			inbox, out := filepath.Join("odd", fmt.Sprint(runs)), filepath.Join("out", fmt.Sprint(runs))
			writeFile(t, filepath.Join(inbox, name), []byte(odd))
			printed, code := called(t, "run", inbox, "--out", out)
			for _, c := range found([]byte(printed)) {
				t.Errorf("%s: %s in\n%s", name, c, printed[:min(len(printed), 900)])
			}
			if code != exitRefused { // a result stands, and may be incomplete
				accepted++
				inFiles(t, out)
				for _, shown := range []string{"run.json", "report.html", "report.xlsx"} {
					readFile(t, filepath.Join(out, shown))
				}
			}
		}
	}
	t.Logf("%d of %d files were used", accepted, runs)
	if accepted < 60 {
		t.Errorf("only %d of %d files were used: the test looks at nothing", accepted, runs)
	}
}

// withOddWords are variants of a file: for each column of words odd ones, as many as the
// file has rows.
func withOddWords(text string) (all []string) {
	lines := strings.SplitAfter(text, "\n")
	header := slices.IndexFunc(lines, func(line string) bool { return strings.Count(line, ",") > 3 && !strings.HasPrefix(line, "#") })
	if header < 0 {
		return nil
	}
	names := strings.Split(strings.TrimRight(lines[header], "\r\n"), ",")
	for i, name := range names {
		if !slices.Contains(readWords, strings.TrimSpace(name)) {
			continue
		}
		for put := 0; put < len(oddWords); {
			changed, before := slices.Clone(lines), put
			for at := header + 1; at < len(lines) && put < len(oddWords); at++ {
				separator := ","
				if strings.HasPrefix(lines[at], "`") {
					separator = ",`"
				}
				line := strings.TrimRight(lines[at], "\r\n")
				cells := strings.Split(line, separator)
				if len(cells) != len(names) || strings.HasPrefix(line, "#") {
					break
				}
				cells[i] = oddWords[put]
				if i == 0 && separator != "," {
					cells[i] = "`" + cells[i]
				}
				put++
				changed[at] = strings.Join(cells, separator) + lines[at][len(line):]
			}
			if put == before {
				break
			}
			all = append(all, strings.Join(changed, ""))
		}
	}
	return all
}
