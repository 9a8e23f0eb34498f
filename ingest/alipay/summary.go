package alipay

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// summaryTotals are the columns of the 汇总 that are compared with bills.
var summaryTotals = []settlement.ControlTotal{
	{Name: "交易订单总笔数", Measure: settlement.Measure{Column: "rows", Kinds: settlement.KindSet(settlement.Payment)}},
	{Name: "退款订单总笔数", Measure: settlement.Measure{Column: "rows", Kinds: settlement.KindSet(settlement.Refund)}},
	{Name: "订单金额", Measure: settlement.Measure{Column: "gross_amount"}},
	{Name: "商家实收", Measure: settlement.Measure{Column: "settled_amount"}},
	{Name: "服务费", Measure: settlement.Measure{Column: "fee_amount"}},
}

// grandTotal is the first cell of the row that adds up the stores.
const grandTotal = "合计"

// ReadSummary reads the summary of a trade bill. Its Totals hold what the row 合计
// states, in the order of summaryTotals; Computed is 0 before TieSummary compares
// them with the bill. Alone it is used for nothing. Account and period are empty
// where the file does not have them. Faults return a *settlement.Refusal.
func ReadSummary(ctx context.Context, in delimited.Input) (*settlement.Statement, error) {
	return readSummaryOf(ctx, in, settlement.TradeSummary, summaryFile, summaryTotals)
}

// readSummaryOf reads a summary of a kind: rows, and the row 合计 whose columns totals
// names.
func readSummaryOf(ctx context.Context, in delimited.Input, kind settlement.StatementKind, file billKind, totals []settlement.ControlTotal) (*settlement.Statement, error) {
	st := &settlement.Statement{
		File: in.File, Member: in.Member, Kind: kind, Wallet: settlement.Alipay, Currency: "CNY",
		Account: in.Account, From: settlement.NoDay, Until: settlement.NoDay, Watermark: settlement.NoInstant,
	}
	lines, err := newLineReader(in)
	if err == nil {
		err = readSummary(ctx, lines, st, file, totals)
	}
	return st, verdict(lines, st, err)
}

func readSummary(ctx context.Context, lines *lineReader, st *settlement.Statement, file billKind, totals []settlement.ControlTotal) error {
	pre, err := lines.readPreamble(file)
	st.Notes = append(st.Notes, pre.notes...)
	if pre.stated != "" {
		st.Account = pre.account
	}
	st.From, st.Until = pre.from, pre.until
	if err != nil {
		return err
	}
	if err := pre.agrees(lines); err != nil {
		return err
	}
	names := strings.Split(pre.header, ",")
	places, err := summaryPlaces(lines, pre.headerLine, names, totals)
	if err != nil {
		return err
	}
	st.Layout = fmt.Sprintf("summary, %d columns", len(names))
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		text, line, err := lines.next()
		trimmed := unpadded(text)
		switch {
		case err == io.EOF:
			return lines.in.Errorf(line, "the file is truncated: fetch it again", "the summary ends without its row %s", grandTotal)
		case err != nil:
			return err
		case strings.HasPrefix(trimmed, "#"):
			return lines.in.Errorf(line, adviceForm, "the rows end without a row %s", grandTotal)
		}
		cells := strings.Split(text, ",")
		if strings.Trim(cells[0], " \t") != grandTotal {
			if len(cells) < len(names) {
				return lines.in.Errorf(line, adviceForm, "%d fields where the header has %d", len(cells), len(names))
			}
			st.Rows++
			continue
		}
		if len(cells) != len(names) {
			return lines.in.Errorf(line, adviceForm, "%d fields where the header has %d", len(cells), len(names))
		}
		if err := takeGrandTotal(lines.in, st, line, cells, names, places, totals); err != nil {
			return err
		}
		return readSummaryEnd(lines)
	}
}

// summaryPlaces finds the columns of totals.
func summaryPlaces(lines *lineReader, line int64, names []string, totals []settlement.ControlTotal) ([]int, error) {
	normal := make([]string, len(names))
	for i, name := range names {
		normal[i] = normalName(name)
	}
	var places []int
	for _, total := range totals {
		at := slices.Index(normal, total.Name)
		if at < 0 || slices.Contains(normal[at+1:], total.Name) {
			fault := lines.in.Errorf(line, adviceFetch, "the required column is missing or there twice")
			fault.ColumnName = total.Name
			return nil, fault
		}
		places = append(places, at)
	}
	return places, nil
}

// takeGrandTotal keeps what the row 合计 states.
func takeGrandTotal(in delimited.Input, st *settlement.Statement, line int64, cells, names []string, places []int, totals []settlement.ControlTotal) error {
	st.Totals = slices.Clone(totals)
	for i, at := range places {
		cell := []byte(strings.TrimRight(cells[at], "\t"))
		total := &st.Totals[i]
		var err error
		if total.Measure.Column == "rows" {
			total.Stated, err = settlement.ParseCount(cell)
		} else {
			var amount settlement.Amount
			amount, err = settlement.ParseAmount(cell)
			total.Stated = int64(amount)
		}
		if err != nil {
			fault := in.Errorf(line, adviceSpreadsheet, "%q: %v", settlement.Masked(string(cell)), err)
			fault.Column = int64(utf8.RuneCountInString(strings.Join(cells[:at], ","))) + 2
			fault.ColumnName = strings.Trim(names[at], " \t")
			return fault
		}
	}
	return nil
}

// readSummaryEnd reads to the end of the file, behind the row 合计.
func readSummaryEnd(lines *lineReader) error {
	for {
		text, line, err := lines.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		text = unpadded(text)
		if text == "" || strings.HasPrefix(text, "#-") && has(text, "列表结束") || strings.HasPrefix(text, "#导出时间") {
			continue
		}
		return lines.in.Errorf(line, adviceForm, "a line that does not belong behind the row %s", grandTotal)
	}
}

// TieSummary compares a summary with the bills of its account and period (one, or
// all parts), which Read and TieParts have accepted. Counts tie exactly. Whether
// the sums are before or after refunds is not established, nor is the sign of
// 服务费: a sum ties where either reading does. What ties is filled into
// summary.Totals as Computed. Where a total ties in no reading, the bills and the
// summary are refused: one of them is wrong.
func TieSummary(summary *settlement.Statement, bills []*settlement.Statement) []*settlement.Refusal {
	if len(bills) == 0 {
		return nil
	}
	sum := &tally{}
	for _, bill := range bills {
		for kind, s := range bill.KindSums {
			sum.join(settlement.Kind(kind), s)
		}
	}
	all := &tally{overflow: sum.overflow}
	all.join(settlement.Payment, sum.sums[settlement.Payment])
	all.join(settlement.Payment, sum.sums[settlement.Refund])
	totals := slices.Clone(summary.Totals)
	var untiedTotals []string
	for i := range totals {
		before, after := readings(totals[i], sum.sums, all.sums[settlement.Payment])
		if totals[i] = before; !before.Ties() && after.Ties() {
			totals[i] = after
		}
		if !totals[i].Ties() {
			untiedTotals = append(untiedTotals, fmt.Sprintf("%s: the summary %s states %s, the bill adds up to %s before and %s after refunds",
				before.Name, summary.Source(), before.StatedText(), before.ComputedText(), after.ComputedText()))
		}
	}
	if len(totals) == len(summaryTotals) && len(untiedTotals) == 0 && !all.overflow {
		summary.Totals = totals
		return nil
	}
	return refuseSummary(summary, bills, totals, untiedTotals)
}

// refuseSummary refuses a summary and its bills: one of them is wrong.
func refuseSummary(summary *settlement.Statement, bills []*settlement.Statement, totals []settlement.ControlTotal, untiedTotals []string) []*settlement.Refusal {
	if len(untiedTotals) == 0 {
		untiedTotals = []string{"its sums cannot be compared with its summary " + summary.Source()}
	}
	var refused []*settlement.Refusal
	for _, st := range append(slices.Clone(bills), summary) {
		refusal := &settlement.Refusal{Source: st.Source(), Statement: st, Totals: totals}
		for _, what := range untiedTotals {
			refusal.Add(&settlement.InputError{
				Position: settlement.Position{File: st.File, Member: st.Member},
				What:     what, Do: "fetch the bill and its summary again",
			})
		}
		refused = append(refused, refusal)
	}
	return refused
}

// readings are a total of the summary beside the bill's, before and after refunds.
func readings(t settlement.ControlTotal, sums [6]settlement.KindSum, all settlement.KindSum) (before, after settlement.ControlTotal) {
	with := func(kinds uint8, computed int64) settlement.ControlTotal {
		t.Measure.Kinds, t.Computed = kinds, computed
		return t
	}
	payments, both := settlement.KindSet(settlement.Payment), settlement.KindSet(settlement.Payment, settlement.Refund)
	paid, refunded := sums[settlement.Payment], sums[settlement.Refund]
	switch t.Measure.Column {
	case "gross_amount":
		return with(payments, int64(paid.Gross)), with(both, int64(all.Gross))
	case "settled_amount":
		return with(payments, int64(paid.Settled)), with(both, int64(all.Settled))
	case "fee_amount":
		return eitherSign(with(payments, int64(paid.Fee))), eitherSign(with(both, int64(all.Fee)))
	}
	if t.Measure.Has(settlement.Refund) {
		t.Computed = refunded.Rows
		return t, t
	}
	t.Computed = paid.Rows
	return t, t
}
