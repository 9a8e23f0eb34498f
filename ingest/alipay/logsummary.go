package alipay

import (
	"context"
	"fmt"
	"slices"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// logSummaryTotals are the columns of the account log's 汇总 that are compared with the
// log. Its 总金额 is not: whether it is the balance of both sides is not established.
var logSummaryTotals = []settlement.ControlTotal{
	{Name: "收入笔数", Measure: settlement.Measure{Column: "rows", Kinds: settlement.KindSet(settlement.Income)}},
	{Name: "收入金额", Measure: settlement.Measure{Column: "amount", Kinds: settlement.KindSet(settlement.Income)}},
	{Name: "支出笔数", Measure: settlement.Measure{Column: "rows", Kinds: settlement.KindSet(settlement.Expense)}},
	{Name: "支出金额", Measure: settlement.Measure{Column: "amount", Kinds: settlement.KindSet(settlement.Expense)}},
}

// ReadLogSummary reads the summary of an account log (账务明细(汇总)) as ReadSummary reads
// that of a trade bill; TieLogSummary compares its Totals with the log.
func ReadLogSummary(ctx context.Context, in delimited.Input) (*settlement.Statement, error) {
	return readSummaryOf(ctx, in, settlement.AccountSummary, logSumFile, logSummaryTotals)
}

// TieLogSummary compares a summary with the logs of its account and period (one, or all
// parts), which ReadLog and TieParts have accepted. All tie exactly; 支出金额 is printed
// with either sign. What ties is filled into summary.Totals as Computed; else the logs
// and the summary are refused.
func TieLogSummary(summary *settlement.Statement, logs []*settlement.Statement) []*settlement.Refusal {
	if len(logs) == 0 {
		return nil
	}
	sum := &tally{}
	for _, log := range logs {
		for kind, s := range log.KindSums {
			sum.join(settlement.Kind(kind), s)
		}
	}
	totals := slices.Clone(summary.Totals)
	var untiedTotals []string
	for i := range totals {
		t := &totals[i]
		t.Measure.Negate = t.Stated > 0 && t.Measure == logSummaryTotals[len(logSummaryTotals)-1].Measure
		if *t = measured(*t, sum.sums); !t.Ties() {
			untiedTotals = append(untiedTotals, fmt.Sprintf("%s: the summary %s states %s, the log adds up to %s",
				t.Name, summary.Source(), t.StatedText(), t.ComputedText()))
		}
	}
	if len(totals) == len(logSummaryTotals) && len(untiedTotals) == 0 && !sum.overflow {
		summary.Totals = totals
		return nil
	}
	return refuseSummary(summary, logs, totals, untiedTotals)
}
