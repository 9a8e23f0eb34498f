package funds_test

import (
	"fmt"
	"slices"
	"strings"

	"reconcile/funds"
	"reconcile/settlement"
)

// shownRow is a row of a fund flow: its day, number, amount and the balance after it,
// "" for none.
type shownRow struct {
	day             int
	flow            string
	amount, balance string
}

// shownFile is a file of fund lines as the cases below write it.
type shownFile struct {
	name       string
	kind       settlement.StatementKind
	wallet     settlement.Wallet
	purse      string
	from, days int // its period, from 12 on
	part       int
	rows       []shownRow
	stated     []settlement.StatedBalance
	copies     bool // its rows are copies
	sheet      int  // rows of a sheet, after which lines are counted anew; 0 for one sheet
}

func wechatFlow(name string, from, days int, rows ...shownRow) shownFile {
	return shownFile{name: name, kind: settlement.FundBill, wallet: settlement.WeChat, purse: "basic", from: from, days: days, rows: rows}
}

func alipayLog(name string, from, days int, rows ...shownRow) shownFile {
	return shownFile{name: name, kind: settlement.AccountLog, wallet: settlement.Alipay, from: from, days: days, rows: rows}
}

// september is day d of September 2024.
func september(d int) settlement.Day { return 19978 + settlement.Day(d-12) }

func fen(text string) settlement.Amount {
	if text == "" {
		return settlement.NoAmount
	}
	a, err := settlement.ParseAmount([]byte(text))
	if err != nil {
		panic(text + ": " + err.Error())
	}
	return a
}

// batch is the rows of a file as a provider hands them over.
func (f *shownFile) batch(number int32) *settlement.FundLines {
	b := &settlement.FundLines{}
	for n, row := range f.rows {
		line := n + 2
		if f.sheet > 0 {
			line = n%f.sheet + 2
		}
		add(b, row.flow, fen(row.amount), number, int64(line))
		i := b.Len() - 1
		b.Wallet[i], b.Balance[i], b.SettledOn[i] = f.wallet, fen(row.balance), september(row.day)
		second := n
		if len(row.flow) == 1 {
			second = int(row.flow[0])
		}
		b.OccurredAt[i] = september(row.day).Start() + settlement.Instant(second)*settlement.Second
		if fen(row.amount) < 0 {
			b.Category[i] = settlement.FundFee
		}
		if f.copies {
			b.State[i] = settlement.CopiedLine
		}
	}
	return b
}

// balanceInput is what a run hands over of files whose rows were cut into pieces of at
// most so many rows, read in the order that shuffle makes.
func balanceInput(files []shownFile, cut func() int, shuffle func(n int) []int) funds.BalanceInput {
	in := funds.BalanceInput{Only: settlement.NoDay, Day: september(30), Moved: map[funds.AccountDay]*funds.Moved{}}
	seen := map[string]bool{}
	names := make([]string, len(files))
	for i := range files {
		names[i] = files[i].name
	}
	slices.Sort(names)
	for _, i := range shuffle(len(files)) {
		f := &files[i]
		rank, _ := slices.BinarySearch(names, f.name)
		s := &settlement.Statement{File: f.name, Kind: f.kind, Wallet: f.wallet, Account: "M", SubAccount: f.purse, Part: f.part,
			From: september(f.from), Until: september(f.from + f.days), Rows: int64(len(f.rows)), Balances: f.stated}
		all := f.batch(int32(i))
		var pieces []*funds.Piece
		for from := 0; from < all.Len(); {
			to := min(from+max(cut(), 1), all.Len())
			part := &settlement.FundLines{}
			var rows []int32
			for row := from; row < to; row++ {
				rows = append(rows, int32(row))
			}
			settlement.AppendRows(part, all, rows)
			if p := funds.PieceOf(part); p != nil {
				pieces = append(pieces, p)
			}
			from = to
		}
		file := funds.BalanceFile{Number: int32(i), Name: f.name, Rank: int32(rank), Statement: s}
		if len(pieces) > 0 {
			mixed := make([]*funds.Piece, 0, len(pieces))
			for _, n := range shuffle(len(pieces)) {
				mixed = append(mixed, pieces[n])
			}
			file.Chain = funds.ChainOf(mixed, s.From)
		}
		in.Files = append(in.Files, file)
		for row := range all.Len() {
			id := fmt.Sprint(f.wallet, all.FlowNo.StringAt(row))
			if all.State[row] != settlement.Booked || seen[id] {
				continue // another file shows it too
			}
			seen[id] = true
			key := funds.AccountDay{Wallet: f.wallet, Account: "M", SubAccount: f.purse, On: all.SettledOn[row]}
			if in.Moved[key] == nil {
				in.Moved[key] = &funds.Moved{}
			}
			in.Moved[key].Add(all.Category[row], all.Amount[row])
		}
	}
	return in
}

func inOrder(n int) (order []int) {
	for i := range n {
		order = append(order, i)
	}
	return order
}

// reporter is a test of testing or of rapid.
type reporter interface {
	Helper()
	Fatal(args ...any)
	Errorf(format string, args ...any)
}

// balanced works balances out and prints them: a line a row of the table, then the
// breaks, then the notes.
func balanced(t reporter, in funds.BalanceInput, files []shownFile) string {
	t.Helper()
	out, err := funds.Balances(in)
	if err != nil {
		t.Fatal(err)
	}
	or := func(a settlement.Amount) string {
		if a == settlement.NoAmount {
			return "?"
		}
		return a.String()
	}
	var lines []string
	b := out.Table
	for i := range b.Len() {
		line := fmt.Sprintf("%s %s: %s %s +%s -%s = %s, ends %s, off %s", b.Wallet[i], b.SettledOn[i].String()[8:], b.Opens[i], or(b.Opening[i]), b.Income[i], b.Expense[i],
			or(b.Computed[i]), or(b.Closing[i]), or(b.Unexplained[i]))
		if b.Missing[i] > 0 {
			line += fmt.Sprintf(", %d days missing", b.Missing[i])
		}
		if b.Breaks[i] > 0 {
			line += fmt.Sprintf(", %d at %s:%d", b.Breaks[i], files[b.File[i]].name, b.Line[i])
		}
		lines = append(lines, line)
		if split := b.By[settlement.FundPayment][i] + b.By[settlement.FundFee][i]; split != b.Income[i]-b.Expense[i] {
			t.Errorf("%s: the categories come to %s", line, split)
		}
	}
	for i := range out.Breaks.Len() {
		lines = append(lines, fmt.Sprintf("%s %s:%d expected %s actual %s: %s", out.Breaks.Kind[i], files[out.Breaks.File[i]].name, out.Breaks.Line[i],
			or(out.Breaks.Expected[i]), or(out.Breaks.Actual[i]), out.Breaks.Reason.At(i)))
	}
	for _, note := range out.Notes {
		lines = append(lines, "note: "+note)
	}
	return strings.Join(lines, "\n")
}
