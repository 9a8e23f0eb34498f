package ingest_test

import (
	"slices"
	"strings"
	"testing"

	"reconcile/generate"
	"reconcile/ingest"
	"reconcile/settlement"
)

func TestTheSameContentCountsOnce(t *testing.T) {
	d := generated(t, nil)
	for _, c := range []struct {
		name  string
		files []string
	}{
		{"under two names", []string{"a.csv", d.wechat[0], "b.csv", d.wechat[0]}},
		{"gzip beside plain", []string{"a.csv", d.wechat[0], "a.csv.gz", gzipped(d.wechat[0])}},
		{"in an archive beside plain", []string{"a.csv", d.bill, "z.zip", zipped(t, "inside.csv", d.bill)}},
		{"three times", []string{"a.csv", d.orders, "b.csv", d.orders, "c.csv", d.orders}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := deliver(t, c.files...)
			if len(got.Refusals) > 0 || got.accepted() != 1 {
				t.Fatalf("%d accepted, refused %v", got.accepted(), got.Refusals)
			}
			kept := int32(slices.IndexFunc(got.CopyOf, func(of int32) bool { return of < 0 }))
			for i, of := range got.CopyOf {
				if int32(i) == kept {
					continue
				}
				note := "the same content as " + got.names[kept] + ": counted once"
				if of != kept || !slices.Contains(got.Statements[i].Notes, note) {
					t.Errorf("%s is a copy of %d, notes %q", got.names[i], of, got.Statements[i].Notes)
				}
			}
		})
	}
}

func TestOfCopiesTheOneWithAKnownDayCounts(t *testing.T) {
	// A REFUND bill shows the payments' times: its day stands in its name alone.
	d := generated(t, func(o *generate.Options) {
		o.WeChat.Bills = []generate.BillType{generate.BillSuccess, generate.BillRefund}
	})
	got := deliver(t, "a.csv", d.wechat[1], "z_2024-09-12.csv", d.wechat[1])
	named := got.at(t, "z_2024-09-12.csv")
	if !got.Accepted(named) || got.CopyOf[got.at(t, "a.csv")] != named || got.Statements[named].From.String() != "2024-09-12" {
		t.Errorf("copies %v, day %s", got.CopyOf, got.Statements[named].From)
	}
}

// The empty bills of two accounts, or of two days, are the same bytes.
func TestEmptyBillsOfSeveralAccountsAndDaysAllCount(t *testing.T) {
	d := generated(t, func(o *generate.Options) { o.Orders, o.Cases = 0, nil })
	got := deliver(t, "1600123456_ALL_2024-09-12.csv", d.wechat[0], "1600123457_ALL_2024-09-12.csv", d.wechat[0],
		"1600123456_ALL_2024-09-13.csv", d.wechat[0], "1600123456_ALL_2024-09-13.csv.gz", gzipped(d.wechat[0]))
	if len(got.Refusals) > 0 || got.accepted() != 3 {
		t.Errorf("%d accepted, refused %v", got.accepted(), got.Refusals)
	}
	if of := got.CopyOf[got.at(t, "13.csv.gz")]; got.names[max(of, 0)] != got.names[got.at(t, "13.csv")] {
		t.Errorf("the packed one is a copy of %d", of)
	}
}

func TestPartsOfABillAreTakenTogether(t *testing.T) {
	d := generated(t, func(o *generate.Options) { o.Alipay.PartRows = 8 })
	whole := generated(t, nil)
	if len(d.parts) < 3 {
		t.Fatalf("only %d parts", len(d.parts))
	}
	named := func(parts []string) (files []string) {
		for i, part := range parts {
			files = append(files, "明细_"+string(rune('1'+i))+".csv", part)
		}
		return append(files, "汇总.csv", d.summary)
	}
	t.Run("each with its own totals", func(t *testing.T) {
		got := deliver(t, named(d.parts)...)
		if len(got.Refusals) > 0 || got.accepted() != len(d.parts)+1 {
			t.Errorf("%d accepted, refused %v", got.accepted(), got.Refusals)
		}
	})
	t.Run("with the totals of all", func(t *testing.T) {
		end := gbk(t, "#-----------------------------------------业务明细列表结束")
		_, footer, _ := strings.Cut(whole.bill, end)
		parts := slices.Clone(d.parts)
		for i, part := range parts {
			rows, _, found := strings.Cut(part, end)
			if !found {
				t.Fatal("a part without an end")
			}
			parts[i] = rows + end + footer
		}
		got := deliver(t, named(parts)...)
		if len(got.Refusals) > 0 || got.accepted() != len(parts)+1 {
			t.Fatalf("%d accepted, refused %v", got.accepted(), got.Refusals)
		}
		notes := 0
		for _, s := range got.Statements {
			for _, note := range s.Notes {
				if strings.Contains(note, "the parts tie together") {
					notes++
				}
			}
		}
		if notes != 6 {
			t.Errorf("%d of six totals are noted to tie together", notes)
		}
		t.Run("and one part missing", func(t *testing.T) {
			got := deliver(t, named(parts)[2:]...)
			if got.accepted() != 1 || len(got.Refusals) != len(parts)-1 {
				t.Errorf("%d accepted, refused %v", got.accepted(), got.Refusals)
			}
		})
	})
	t.Run("one missing: the summary tells", func(t *testing.T) {
		got := deliver(t, named(d.parts)[2:]...)
		if got.accepted() != 0 || len(got.Refusals) != len(d.parts) {
			t.Errorf("%d accepted, refused %v", got.accepted(), got.Refusals)
		}
	})
}

func TestASummaryIsASecondControlTotal(t *testing.T) {
	for _, first := range []bool{false, true} {
		d := generated(t, func(o *generate.Options) { o.Alipay.SummaryFirst = first })
		other := generated(t, func(o *generate.Options) { o.Seed++ })
		members := func(bill, summary string) []string {
			if first {
				return []string{"(汇总).csv", summary, "明细.csv", bill}
			}
			return []string{"明细.csv", bill, "(汇总).csv", summary}
		}
		name := map[bool]string{false: "bill first", true: "summary first"}[first]
		t.Run(name+", both tie", func(t *testing.T) {
			got := deliver(t, "a.zip", zipped(t, members(d.bill, d.summary)...))
			if len(got.Refusals) > 0 || got.accepted() != 2 {
				t.Fatalf("refused %v", got.Refusals)
			}
			summary := got.Statements[got.at(t, "(汇总).csv")]
			if len(summary.Totals) != 5 || slices.ContainsFunc(summary.Totals, func(c settlement.ControlTotal) bool { return !c.Ties() || c.Computed == 0 }) {
				t.Errorf("got %+v", summary.Totals)
			}
		})
		t.Run(name+", of another bill", func(t *testing.T) {
			got := deliver(t, "a.zip", zipped(t, members(d.bill, other.summary)...), "wechat.csv", d.wechat[0])
			if got.accepted() != 1 || !got.Accepted(got.at(t, "wechat.csv")) {
				t.Errorf("%d accepted", got.accepted())
			}
			for _, name := range []string{"明细.csv", "(汇总).csv"} {
				if why := got.refusalOf(name); !strings.Contains(why, "订单金额: the summary ") || !strings.Contains(why, "fetch the bill and its summary again") {
					t.Errorf("%s: %q", name, why)
				}
			}
		})
	}
	t.Run("alone it is used for nothing", func(t *testing.T) {
		got := deliver(t, "a.csv", generated(t, nil).summary)
		if got.accepted() != 1 || !slices.Contains(got.Statements[0].Notes, "a summary without its bill: used for nothing") || got.rows != 0 {
			t.Errorf("%d accepted, %d rows", got.accepted(), got.rows)
		}
	})
	t.Run("in a file of its own it meets the bill of its account and period", func(t *testing.T) {
		d, other := generated(t, nil), generated(t, func(o *generate.Options) { o.Seed++ })
		if got := deliver(t, "a.csv", d.bill, "b.csv", other.summary); got.accepted() != 0 {
			t.Errorf("%d accepted", got.accepted())
		}
		next := edited(t, edited(t, other.summary, "2024年09月13日 00", "2024年09月14日 00"), "2024年09月12日 00", "2024年09月13日 00")
		if got := deliver(t, "a.csv", d.bill, "b.csv", next); got.accepted() != 2 {
			t.Errorf("a summary of another day: %v", got.Refusals)
		}
	})
}

func TestTwoStatementsForOnePeriodRefuseEachOther(t *testing.T) {
	d, other := generated(t, nil), generated(t, func(o *generate.Options) { o.Seed++ })
	for _, c := range []struct {
		name     string
		files    []string
		refused  [][2]string // source, the rival that it names
		accepted int
	}{
		{"Alipay", []string{"a.csv", d.bill, "b.csv", other.bill}, [][2]string{{"a.csv", "b.csv"}, {"b.csv", "a.csv"}}, 0},
		{"WeChat Pay", []string{"a.csv", d.wechat[0], "b.csv", other.wechat[0], "c.csv", d.bill}, [][2]string{{"a.csv", "b.csv"}, {"b.csv", "a.csv"}}, 1},
		{"with a copy of one, which goes too", []string{"a.csv", d.bill, "b.csv", other.bill, "c.csv.gz", gzipped(d.bill)},
			[][2]string{{"a.csv", "b.csv"}, {"b.csv", "csv"}, {"c.csv.gz", "b.csv"}}, 0},
		{"two extracts are no rivals", []string{"a.csv", d.orders, "b.csv", other.orders}, nil, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := deliver(t, c.files...)
			if got.accepted() != c.accepted || len(got.Refusals) != len(c.refused) {
				t.Fatalf("%d accepted, refused %v", got.accepted(), got.Refusals)
			}
			for _, r := range c.refused {
				why := got.refusalOf("/" + r[0])
				_, rivals, _ := strings.Cut(why, "differs from this one: ")
				rivals, _, _ = strings.Cut(rivals, "]")
				if !strings.HasSuffix(rivals, r[1]) || strings.HasSuffix(rivals, "/"+r[0]) || !strings.Contains(why, "2024-09-12 differs") {
					t.Errorf("%s: %q", r[0], why)
				}
			}
			for _, r := range got.Refusals {
				if r.Statement == nil || r.Statement.Account == "" {
					t.Errorf("%s: the refusal does not know its account", r.Source)
				}
			}
		})
	}
	t.Run("ALL, SUCCESS and REFUND are none", func(t *testing.T) {
		d := generated(t, func(o *generate.Options) {
			o.WeChat.Bills = []generate.BillType{generate.BillAll, generate.BillSuccess, generate.BillRefund}
		})
		got := deliver(t, "1_2024-09-12.csv", d.wechat[0], "2_2024-09-12.csv", d.wechat[1], "3_2024-09-12.csv", d.wechat[2])
		if got.accepted() != 3 {
			t.Fatalf("refused %v", got.Refusals)
		}
		if overlapping := got.Overlapping(); len(overlapping) != 3 {
			t.Errorf("overlapping: %v", overlapping)
		}
	})
}

func TestRefuseTakesAStatementBackWithItsCopies(t *testing.T) {
	d := generated(t, nil)
	got := deliver(t, "a.csv", d.wechat[0], "b.csv", d.wechat[0], "c.csv", d.bill)
	kept := int32(slices.Index(got.CopyOf[:2], -1))
	got.Refuse(kept, "contradicts another", "look")
	if got.accepted() != 1 || len(got.Refusals) != 2 {
		t.Fatalf("%d accepted, refused %v", got.accepted(), got.Refusals)
	}
	got.Refuse(kept, "again", "look")
	if len(got.Refusals) != 2 {
		t.Errorf("refused twice: %v", got.Refusals)
	}
	for _, r := range got.Refusals {
		if r.Statement == nil || r.Statement.Wallet != settlement.WeChat || !strings.Contains(r.Error(), ": contradicts another (look)") {
			t.Errorf("got %+v", r)
		}
	}
}

func TestWhatOverlaps(t *testing.T) {
	day := func(n int) settlement.Day { return settlement.Day(19_978 + n) }
	bill := func(sha string, wallet settlement.Wallet, account string, from, until settlement.Day) *settlement.Statement {
		return &settlement.Statement{File: sha, SHA256: sha, Kind: settlement.TradeBill, Wallet: wallet, Account: account, From: from, Until: until, Rows: 1}
	}
	alipay := func(sha string, from, until int) *settlement.Statement {
		return bill(sha, settlement.Alipay, "1", day(from), day(until))
	}
	with := func(s *settlement.Statement, change func(*settlement.Statement)) *settlement.Statement {
		change(s)
		return s
	}
	for _, c := range []struct {
		name string
		list []*settlement.Statement
		want []int32
	}{
		{"a day inside a month", []*settlement.Statement{alipay("a", 3, 4), alipay("b", 0, 30)}, []int32{0, 1}},
		{"neighbouring days do not", []*settlement.Statement{alipay("a", 0, 1), alipay("b", 1, 2)}, nil},
		{"another wallet does not", []*settlement.Statement{alipay("a", 0, 1), bill("b", settlement.WeChat, "1", day(0), day(1))}, nil},
		{"another account does not", []*settlement.Statement{alipay("a", 0, 2), bill("b", settlement.Alipay, "2", day(0), day(1))}, nil},
		{"an unknown period may", []*settlement.Statement{alipay("a", 0, 2), bill("b", settlement.Alipay, "1", settlement.NoDay, settlement.NoDay)}, []int32{0, 1}},
		{"another kind of the family does", []*settlement.Statement{alipay("a", 0, 1),
			with(alipay("b", 0, 1), func(s *settlement.Statement) { s.Kind = settlement.TradeBillRefund })}, []int32{0, 1}},
		{"a summary does not", []*settlement.Statement{alipay("a", 0, 1),
			with(alipay("b", 0, 1), func(s *settlement.Statement) { s.Kind = settlement.TradeSummary })}, nil},
		{"an empty one does not", []*settlement.Statement{alipay("a", 0, 3),
			with(alipay("b", 0, 1), func(s *settlement.Statement) { s.Rows = 0 })}, nil},
		{"two of three", []*settlement.Statement{alipay("a", 0, 3), alipay("b", 5, 6), alipay("c", 2, 4)}, []int32{0, 2}},
		{"what was refused does not", []*settlement.Statement{alipay("a", 0, 3), nil, alipay("c", 5, 6)}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := &ingest.Intake{Statements: c.list}
			in.Settle()
			got := in.Overlapping()
			for i := range c.list {
				if got[int32(i)] != slices.Contains(c.want, int32(i)) {
					t.Errorf("statement %d: %v", i, got[int32(i)])
				}
			}
		})
	}
}

// A merchant has several accounts at WeChat Pay, each with a fund-flow bill a day.
func TestFundFlowBillsOfSeveralAccountsOfAMerchantAllCount(t *testing.T) {
	bill := func(flow, amount string) string {
		return "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,业务凭证号\n" +
			"`2024-09-12 10:00:00,`1,`" + flow + ",`充值/提现,`充值,`收入,`" + amount + ",`" + amount + ",`system,`,`\n" +
			"资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额\n`1,`1,`" + amount + ",`0,`0.00\n"
	}
	empty := "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,业务凭证号\n" +
		"资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额\n`0,`0,`0,`0,`0\n"
	t.Run("rows", func(t *testing.T) {
		got := deliver(t, "1600123456_fundflow_BASIC_2024-09-12.csv", bill("11", "1.00"), "1600123456_fundflow_OPERATION_2024-09-12.csv", bill("12", "2.00"))
		if len(got.Refusals) > 0 || got.accepted() != 2 {
			t.Errorf("%d accepted, refused %v", got.accepted(), got.Refusals)
		}
	})
	t.Run("empty", func(t *testing.T) {
		got := deliver(t, "1600123456_fundflow_BASIC_2024-09-12.csv", empty, "1600123456_fundflow_OPERATION_2024-09-12.csv", empty)
		if len(got.Refusals) > 0 || got.accepted() != 2 {
			t.Errorf("%d accepted, refused %v", got.accepted(), got.Refusals)
		}
	})
	t.Run("of one account only one", func(t *testing.T) {
		got := deliver(t, "1600123456_fundflow_BASIC_2024-09-12.csv", bill("11", "1.00"), "b/1600123456_fundflow_BASIC_2024-09-12.csv", bill("12", "2.00"))
		if len(got.Refusals) != 2 {
			t.Errorf("%d accepted, refused %v", got.accepted(), got.Refusals)
		}
	})
}

// A bill and its correction each have a 汇总: neither is held against the other's rows.
func TestABillAndItsCorrectionTieWithTheirOwnSummaries(t *testing.T) {
	first, second := generated(t, nil), generated(t, func(o *generate.Options) { o.Seed++ })
	got := deliver(t, "a.zip", zipped(t, "明细.csv", first.bill, "(汇总).csv", first.summary), "b.zip", zipped(t, "明细.csv", second.bill, "(汇总).csv", second.summary))
	if len(got.Refusals) != 4 {
		t.Errorf("refused %v", got.Refusals)
	}
	for _, refusal := range got.Refusals {
		if why := refusal.Error(); !strings.Contains(why, "another statement for") || !strings.Contains(why, "--supersede") {
			t.Errorf("not refused as two deliveries of one bill: %s", why)
		}
	}
}

// A 汇总 that no bill can be held against states nothing that a run could prove.
func TestASummaryWithoutItsBillHasNoTotals(t *testing.T) {
	got := deliver(t, "a.csv", generated(t, nil).summary)
	if totals := got.Statements[0].Totals; len(totals) > 0 {
		t.Errorf("totals without rows: %+v", totals)
	}
}
