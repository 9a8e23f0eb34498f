package alipay

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// ReadLog reads an account log (账务明细) as Read reads a trade bill, but its records
// are of settlement.FundLines.
func ReadLog(ctx context.Context, in delimited.Input, emit func(arrow.Record) error) (*settlement.Statement, error) {
	st := fundStatement(in, logLayout)
	st.Part = partNumber(in.File, in.Member)
	lines, err := newLineReader(in)
	if err == nil {
		err = readLog(ctx, lines, st, emit)
	}
	return st, verdict(lines, st, err)
}

// fundStatement is the statement of a file of fund lines before it is read.
func fundStatement(in delimited.Input, layout *fundLayout) *settlement.Statement {
	return &settlement.Statement{
		File: in.File, Member: in.Member, Kind: layout.kind, Wallet: settlement.Alipay, Currency: "CNY",
		Account: in.Account, From: settlement.NoDay, Until: settlement.NoDay, Watermark: settlement.NoInstant,
	}
}

func readLog(ctx context.Context, lines *lineReader, st *settlement.Statement, emit func(arrow.Record) error) error {
	head, noType, err := lines.openFunds(st, logLayout, logFile)
	if err != nil {
		return err
	}
	problems := &delimited.Problems{}
	sum, err := lines.readFunds(ctx, st, head, logLayout, problems, emit)
	end := &logTrailer{}
	if err == nil {
		end, err = lines.readLogTrailer(problems.Add)
	}
	if err := streamFault(problems, err); err != nil {
		return err
	}
	if err := concludeFunds(lines.in, logLayout, st, sum, noType, problems, true); err != nil {
		return err
	}
	missing := end.missing()
	if len(missing) > 0 && !(len(missing) == 2 && st.Part > 0) {
		return lines.in.Errorf(0, "the file is truncated: fetch it again", "the file ends without its control totals (%s)", strings.Join(missing, ", "))
	}
	if len(missing) > 0 {
		return nil
	}
	st.Totals = end.totals(sum.sums.sums)
	if st.Part > 0 {
		return nil
	}
	return refuseUntied(lines.in, st, []int64{end.expense.line, end.expense.line, end.income.line, end.income.line})
}

// streamFault makes a stream that breaks one problem more, so that the bad rows before
// are listed too; any other error is returned.
func streamFault(problems *delimited.Problems, err error) error {
	var fault *settlement.InputError
	if errors.As(err, &fault) {
		problems.Add(fault)
		return nil
	}
	return err
}

// openFunds reads up to and with the header of a file of fund lines.
func (l *lineReader) openFunds(st *settlement.Statement, layout *fundLayout, kind billKind) (*header, *settlement.InputError, error) {
	pre, err := l.readPreamble(kind)
	pre.fill(st, l.in)
	if err != nil {
		return nil, nil, err
	}
	head, noType, faults := layout.parse(l.in, pre.headerLine, strings.Split(pre.header, ","))
	if head != nil {
		st.Layout, st.Drift = head.layout, layout.drift(head)
	}
	if len(faults) > 0 {
		return nil, nil, &settlement.Refusal{Source: st.Source(), Errors: faults}
	}
	head.noteUnknown(st)
	return head, noType, pre.agrees(l)
}

// fill takes over what the preamble says. A file of fund lines may lack its account,
// which its name or the configuration may have.
func (p *preamble) fill(st *settlement.Statement, in delimited.Input) {
	st.Notes = append(st.Notes, p.notes...)
	st.From, st.Until = p.from, p.until
	switch account := accountInName(in.File, in.Member); {
	case p.stated != "":
		st.Account = p.account
	case account != "":
		st.Account = account
		st.Notef("the file does not state its account: %s is that of its name", account)
	case st.Account == "":
		st.Notef("neither the file, nor its name, nor the configuration gives its account")
	}
}

// readFunds parses the rows in parallel.
func (l *lineReader) readFunds(ctx context.Context, st *settlement.Statement, head *header, layout *fundLayout, problems *delimited.Problems, emit func(arrow.Record) error) (*fundTally, error) {
	sum := &fundTally{}
	if err := ctx.Err(); err != nil {
		return sum, err
	}
	workers := make([]*fundWorker, max(l.in.Workers, 1))
	for i := range workers {
		workers[i] = &fundWorker{
			in: l.in, gb18030: l.gb18030, layout: layout, header: head, account: []byte(st.Account), from: st.From, until: st.Until, problems: problems,
		}
	}
	err := l.from.Blocks(ctx, []byte("#"), func(number int, b *delimited.Block) error {
		w := workers[number]
		w.parse(b)
		return w.hand(emit)
	})
	for _, w := range workers {
		sum.merge(&w.tally)
	}
	return sum, err
}

// hand gives the lines gathered to emit.
func (w *fundWorker) hand(emit func(arrow.Record) error) error {
	defer settlement.Reset(&w.lines)
	if w.lines.Len() == 0 {
		return nil
	}
	record := settlement.Record(&w.lines)
	defer record.Release()
	if err := emit(record); err != nil {
		return emitError{err}
	}
	return nil
}

// concludeFunds fills in what the rows add up to, and refuses a file with bad ones.
// proved says that control totals follow.
func concludeFunds(in delimited.Input, layout *fundLayout, st *settlement.Statement, sum *fundTally, noType *settlement.InputError, problems *delimited.Problems, proved bool) error {
	st.KindSums = sum.sums.sums
	for _, s := range sum.sums.sums {
		st.Rows += s.Rows
	}
	st.Notes = append(st.Notes, sum.notes(st.Rows)...)
	for _, fault := range sum.faults(in, proved) {
		problems.Add(fault)
	}
	switch {
	case noType != nil && st.Rows > 0:
		problems.Add(noType)
	case noType != nil:
		layout.withoutType(st.Drift)
	}
	if refusal := problems.Refusal(st.Source()); refusal != nil {
		return refusal
	}
	if st.From != settlement.NoDay {
		return nil
	}
	if st.From, st.Until = sum.firstDay, sum.lastDay+1; st.Rows == 0 {
		day := in.Day
		if day == settlement.NoDay {
			day = dayInName(in.File, in.Member)
		}
		if st.From, st.Until = day, day+1; day == settlement.NoDay {
			st.Until = day
			st.Notef("neither the file, nor its name, nor the configuration gives its period")
			return nil
		}
	}
	st.Notef("the file does not state its period: it is taken for %s to %s", st.From, st.Until-1)
	return nil
}

// sumFooter is 支出合计 or 收入合计.
type sumFooter struct {
	line  int64 // 0 where the file does not have it
	count int64
	sum   settlement.Amount
}

// logTrailer is what stands behind the rows of an account log.
type logTrailer struct {
	income, expense sumFooter
	ended           bool
}

const (
	expenseFooter = "支出合计"
	incomeFooter  = "收入合计"
)

// readLogTrailer reads to the end of the file and gives every fault to report.
func (l *lineReader) readLogTrailer(report func(*settlement.InputError)) (*logTrailer, error) {
	t := &logTrailer{}
	return t, l.readFooters(t.take, report)
}

func (t *logTrailer) take(text string, line int64) error {
	switch {
	case text[0] != '#':
		return errors.New("text behind the end of the rows")
	case strings.HasPrefix(text, "#-") && has(text, "列表结束"):
		if t.ended {
			return errors.New("a second end of the list")
		}
		t.ended = true
		return nil
	case strings.HasPrefix(text, "#"+expenseFooter):
		return t.expense.take(text, line, expenseFooter)
	case strings.HasPrefix(text, "#"+incomeFooter):
		return t.income.take(text, line, incomeFooter)
	case strings.HasPrefix(text, "#导出时间"):
		return nil
	}
	return errors.New("a line that does not belong behind the rows of " + logFile.name)
}

// take reads `#支出合计：3笔，共-12.50元`.
func (f *sumFooter) take(text string, line int64, label string) error {
	if f.line != 0 {
		return fmt.Errorf("a second %s", label)
	}
	value, ok := afterColon(text, "#"+label)
	count, sum, both := strings.Cut(strings.ReplaceAll(value, "，", ","), ",")
	count, isCount := strings.CutSuffix(strings.TrimSpace(count), "笔")
	sum, isSum := strings.CutPrefix(strings.TrimSpace(sum), "共")
	sum, isYuan := strings.CutSuffix(sum, "元")
	if !ok || !both || !isCount || !isSum || !isYuan {
		return fmt.Errorf("not of the form #%s：0笔，共0.00元", label)
	}
	var err error
	if f.count, err = settlement.ParseCount([]byte(count)); err != nil {
		return fmt.Errorf("%s 笔: %w", label, err)
	}
	if f.sum, err = settlement.ParseAmount([]byte(sum)); err != nil {
		return fmt.Errorf("%s: %w", label, err)
	}
	f.line = line
	return nil
}

func (t *logTrailer) missing() (names []string) {
	if t.expense.line == 0 {
		names = append(names, expenseFooter)
	}
	if t.income.line == 0 {
		names = append(names, incomeFooter)
	}
	return names
}

// totals puts the footers beside what the rows add up to.
func (t *logTrailer) totals(sums [6]settlement.KindSum) []settlement.ControlTotal {
	out, in := settlement.KindSet(settlement.Expense), settlement.KindSet(settlement.Income)
	return []settlement.ControlTotal{
		measured(settlement.ControlTotal{Name: expenseFooter + "笔数", Stated: t.expense.count, Measure: settlement.Measure{Column: "rows", Kinds: out}}, sums),
		measured(settlement.ControlTotal{Name: expenseFooter, Stated: int64(t.expense.sum), Measure: settlement.Measure{Column: "amount", Kinds: out, Negate: t.expense.sum > 0}}, sums),
		measured(settlement.ControlTotal{Name: incomeFooter + "笔数", Stated: t.income.count, Measure: settlement.Measure{Column: "rows", Kinds: in}}, sums),
		measured(settlement.ControlTotal{Name: incomeFooter, Stated: int64(t.income.sum), Measure: settlement.Measure{Column: "amount", Kinds: in}}, sums),
	}
}

// measured fills in what the rows add up to.
func measured(t settlement.ControlTotal, sums [6]settlement.KindSum) settlement.ControlTotal {
	t.Computed = 0
	for kind, s := range sums {
		if !t.Measure.Has(settlement.Kind(kind)) {
			continue
		}
		switch t.Measure.Column {
		case "rows":
			t.Computed += s.Rows
		case "amount", "gross_amount":
			t.Computed += int64(s.Gross)
		case "settled_amount":
			t.Computed += int64(s.Settled)
		case "fee_amount":
			t.Computed += int64(s.Fee)
		case "coupon_amount":
			t.Computed += int64(s.Coupon)
		}
	}
	if t.Measure.Negate {
		t.Computed = -t.Computed
	}
	return t
}
