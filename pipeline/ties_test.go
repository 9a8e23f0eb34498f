package pipeline_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reconcile/output"
	"reconcile/pipeline"
)

const (
	portalOfTwoAccounts = "#账号：a@example.com[2088000011112222]\n#查询起始日期：2025-03-02 00:00:00查询终止日期：2025-03-03 00:00:00\n" +
		"序号,入账时间,支付宝交易号,支付宝流水号,商户订单号,账务类型,收入（+元）,支出（-元）,账户余额（元）,支付渠道,备注\n" +
		"1,2025-03-02 13:00:00,2025030222001400000000000003,3103,T200P3100000000000000013,交易付款,45.00, ,1188.50,聚合结算渠道, \n" +
		"2,2025-03-02 09:20:00,2025030222001400000000000002,3102,T200P3100000000000000012,交易退款, ,-8.00,1143.50,聚合结算渠道, \n" +
		"3,2025-03-02 09:15:00,2025030222001400000000000009,3109,A9,在线支付,63.00, ,1151.50,余额, \n" +
		"4,2025-03-02 09:10:11,2025030222001400000000000001,3101,T200P3100000000000000011,交易付款,88.50, ,1088.50,聚合结算渠道, \n" +
		"#导出时间：2025-03-03 08:00:00\n"
	ownAccount = "入账时间,支付流水号,淘宝订单编号,入账类型,收入金额（元）,支出金额,业务描述,备注\n" +
		"2025-03-02 09:10:11,710000000000001,3100000000000000011,交易收款,88.5,,,\n" +
		"2025-03-02 09:20:00,710000000000002,3100000000000000012,交易退款(售后),,8.0,,\n" +
		"2025-03-02 11:00:00,710000000000003,3100000000000000014,交易收款,45.00,,,\n"
)

// Rows that Alipay's portal copies from the aggregated account are tied to that account's
// own, where its file is there, whatever the order of the files; the others are told.
func TestCopiesOfTheAggregatedAccountAreTiedToItsFile(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	portal, own := file("portal.csv", portalOfTwoAccounts), file("own.csv", ownAccount)
	const tied = "2 copies of taobao_aggregated's lines, together 80.50, are tied to their originals; 1, together 45.00, have none in the files delivered (lines 4)"
	for _, c := range []struct {
		name   string
		files  []string
		note   string
		copies output.InputCopies
	}{
		{"both", []string{portal, own}, tied, output.InputCopies{Tied: 2, TiedAmount: 8050, Untied: 1, UntiedAmount: 4500}},
		{"the other way round", []string{own, portal}, tied, output.InputCopies{Tied: 2, TiedAmount: 8050, Untied: 1, UntiedAmount: 4500}},
		{"without the account's file", []string{portal}, "no file of taobao_aggregated's own account was delivered: its 3 copies here, together 125.50, are tied to nothing", output.InputCopies{Untied: 3, UntiedAmount: 12550}},
	} {
		t.Run(c.name, func(t *testing.T) {
			result, out := ran(t, c.files...)
			complete(t, result, out)
			i := slices.IndexFunc(result.Manifest.Inputs, func(in output.Input) bool { return in.Kind == "portal_funds" })
			in := result.Manifest.Inputs[i]
			if in.Copies == nil || *in.Copies != c.copies || !strings.Contains(strings.Join(in.Notes, "\n"), c.note) {
				t.Errorf("run: copies %+v, notes %q", in.Copies, in.Notes)
			}
			// None of them is Alipay's money.
			if rows := values(t, out, "fund_lines", of("alipay"), "state", "amount"); !slices.Equal(rows, []string{"booked 63.00", "copy -8.00", "copy 45.00", "copy 88.50"}) {
				t.Errorf("fund lines %q", rows)
			}
			checked, err := pipeline.Check(context.Background(), pipeline.Job{Paths: c.files})
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range checked.Statements {
				if isPortal := s.Kind == "portal_funds"; isPortal != (s.Copies != nil) || isPortal && (*s.Copies != c.copies || !strings.Contains(strings.Join(s.Notes, "\n"), c.note)) {
					t.Errorf("check of %s: copies %+v, notes %q", s.Source(), s.Copies, s.Notes)
				}
			}
		})
	}
}
