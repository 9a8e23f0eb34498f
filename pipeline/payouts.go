package pipeline

import (
	"fmt"
	"strings"

	"reconcile/fees"
	"reconcile/funds"
	"reconcile/match"
	"reconcile/output"
	"reconcile/settlement"
)

// takeTransfers keeps the fund lines of a bucket that may be the other side of a payout:
// those of banks, and deposits into wallets with their fees.
func (r *run) takeTransfers(f *settlement.FundLines) {
	var rows []int32
	for i := range f.Len() {
		if f.State[i] == settlement.Booked && (f.Wallet[i] == settlement.Bank || f.Category[i] == settlement.FundTopUp || isDepositFee(f, i)) {
			rows = append(rows, int32(i))
		}
	}
	if len(rows) > 0 {
		settlement.AppendRows(&r.transfers, f, rows)
	}
}

// isDepositFee says that fund line i is the fee of a deposit (充值手续费).
func isDepositFee(f *settlement.FundLines, i int) bool {
	return f.Category[i] == settlement.FundFee && len(f.OrderNo.At(i)) == 0 &&
		(strings.Contains(string(f.RawType.At(i)), "充值") || strings.Contains(string(f.RawNote.At(i)), "充值"))
}

// transfersOf are fund lines as funds knows them: movements of banks, and deposits.
func transfersOf(f *settlement.FundLines) (all []funds.Transfer) {
	type number struct {
		at   flowAccount
		text string
	}
	fee := map[number]settlement.Amount{}
	for i := range f.Len() {
		if !isDepositFee(f, i) {
			continue
		}
		for _, text := range [...]string{f.FlowNo.StringAt(i), f.ProviderTxnID.StringAt(i)} {
			if text != "" {
				fee[number{flowAccount{f.Wallet[i], f.Account.StringAt(i)}, text}] -= f.Amount[i]
			}
		}
	}
	for i := range f.Len() {
		t := funds.Transfer{
			Wallet: f.Wallet[i], Account: f.Account.StringAt(i), FlowNo: f.FlowNo.StringAt(i), TxnID: f.ProviderTxnID.StringAt(i),
			At: f.OccurredAt[i], On: f.SettledOn[i], Amount: f.Amount[i].Abs(), Fee: settlement.NoAmount,
			ID: f.ID[i], File: f.File[i], Line: f.Line[i],
		}
		switch {
		case f.Wallet[i] == settlement.Bank && f.Amount[i] > 0:
			t.Side = settlement.BankCredit
		case f.Wallet[i] == settlement.Bank:
			t.Side = settlement.BankDebit
		case f.Category[i] == settlement.FundTopUp && f.Amount[i] > 0:
			t.Side = settlement.Deposit
			at := flowAccount{t.Wallet, t.Account}
			for _, text := range [...]string{t.FlowNo, t.TxnID} {
				if amount, ok := fee[number{at, text}]; ok && text != "" {
					t.Fee = amount
				}
			}
		default:
			continue
		}
		if t.Side != settlement.Deposit {
			t.Text = strings.TrimSpace(f.RawType.StringAt(i) + " " + f.RawNote.StringAt(i))
		}
		all = append(all, t)
	}
	return all
}

// takePayouts takes over the payouts of days before and what may still explain them.
func (r *run) takePayouts(dir string, files *sources) error {
	if err := readBatches(dir, "payouts", func(in *output.BatchReader, rows int) error {
		return in.Append(&r.payoutsBefore, allRows(rows), files.number)
	}); err != nil {
		return err
	}
	return readBatches(dir, "carried_transfers", func(in *output.BatchReader, rows int) error {
		return in.Append(&r.transfersBefore, allRows(rows), files.number)
	})
}

// payoutsOf are the payouts of a table.
func payoutsOf(b *settlement.Payouts) (all []funds.Payout) {
	for i := range b.Len() {
		all = append(all, funds.Payout{
			Wallet: b.Wallet[i], Account: b.Account.StringAt(i), FlowNo: b.PayoutNo.StringAt(i), TxnID: b.TxnID.StringAt(i), At: b.WithdrawnAt[i],
			Amount: b.Amount[i], Fee: b.Fee[i], ID: b.LineID[i], SettledOn: b.SettledOn[i], File: b.File[i], Line: b.Line[i], Carried: true,
			CameBack: b.Status[i] == settlement.Returned, Due: b.DueOn[i], Status: b.Status[i], Arrival: b.Arrival[i], ArrivedOn: b.ArrivedOn[i], Arrived: b.Arrived[i],
			BankAccount: b.BankAccount.StringAt(i), BankRefs: b.BankRef.StringAt(i), BankLine: b.BankLine[i], Broken: b.Broken[i], Note: b.Note.StringAt(i),
			Movement: b.Movement[i], LegOf: b.LegOf.StringAt(i), LegWallet: b.LegWallet[i], LegAccount: b.LegAccount.StringAt(i), LegFee: b.LegFee[i],
		})
	}
	return all
}

func payoutTable(all []funds.Payout) *settlement.Payouts {
	b := &settlement.Payouts{}
	for i := range all {
		p := &all[i]
		b.Wallet = append(b.Wallet, p.Wallet)
		b.Account.AppendString(p.Account)
		b.PayoutNo.AppendString(p.FlowNo)
		b.TxnID.AppendString(p.TxnID)
		b.WithdrawnAt = append(b.WithdrawnAt, p.At)
		b.Amount = append(b.Amount, p.Amount)
		b.Fee = append(b.Fee, p.Fee)
		b.DueOn = append(b.DueOn, p.Due)
		b.Status = append(b.Status, p.Status)
		b.Arrival = append(b.Arrival, p.Arrival)
		b.ArrivedOn = append(b.ArrivedOn, p.ArrivedOn)
		b.Arrived = append(b.Arrived, p.Arrived)
		b.BankAccount.AppendString(p.BankAccount)
		b.BankRef.AppendString(p.BankRefs)
		b.BankLine = append(b.BankLine, p.BankLine)
		b.Broken = append(b.Broken, p.Broken)
		b.Note.AppendString(p.Note)
		b.Movement = append(b.Movement, p.Movement)
		b.LegOf.AppendString(p.LegOf)
		b.LegWallet = append(b.LegWallet, p.LegWallet)
		b.LegAccount.AppendString(p.LegAccount)
		b.LegFee = append(b.LegFee, p.LegFee)
		b.SettledOn = append(b.SettledOn, p.SettledOn)
		b.LineID = append(b.LineID, p.ID)
		b.File = append(b.File, p.File)
		b.Line = append(b.Line, p.Line)
	}
	return b
}

// transfersBeforeOf are the transfers of a table.
func transfersBeforeOf(b *settlement.Transfers) (all []funds.Transfer) {
	for i := range b.Len() {
		all = append(all, funds.Transfer{
			Side: b.Side[i], Wallet: b.Wallet[i], Account: b.Account.StringAt(i), FlowNo: b.FlowNo.StringAt(i), TxnID: b.TxnID.StringAt(i), Text: b.Note.StringAt(i),
			At: b.At[i], On: b.SettledOn[i], Amount: b.Amount[i], Fee: b.Fee[i], ID: b.LineID[i], File: b.File[i], Line: b.Line[i], Carried: true, Broken: b.Broken[i] != 0,
		})
	}
	return all
}

func transferTable(all []funds.Transfer) *settlement.Transfers {
	b := &settlement.Transfers{}
	for i := range all {
		t := &all[i]
		b.Side = append(b.Side, t.Side)
		b.Wallet = append(b.Wallet, t.Wallet)
		b.Account.AppendString(t.Account)
		b.FlowNo.AppendString(t.FlowNo)
		b.TxnID.AppendString(t.TxnID)
		b.At = append(b.At, t.At)
		b.SettledOn = append(b.SettledOn, t.On)
		b.Amount = append(b.Amount, t.Amount)
		b.Fee = append(b.Fee, t.Fee)
		b.Note.AppendString(t.Text)
		broken := uint8(0)
		if t.Broken {
			broken = 1
		}
		b.Broken = append(b.Broken, broken)
		b.LineID = append(b.LineID, t.ID)
		b.File = append(b.File, t.File)
		b.Line = append(b.Line, t.Line)
	}
	return b
}

// payoutRules are the rules of payouts: which bank accounts receive them, and when.
func (r *run) payoutRules() *funds.PayoutRules {
	calendar := r.job.Calendar
	if calendar == nil {
		calendar = funds.ChineseCalendar()
	}
	return &funds.PayoutRules{
		Calendar: calendar, Banks: r.job.Banks, Flows: r.rules.Funds.FundFlows, Day: r.rules.Match.Day, Names: r.files,
		Entity: func(of funds.WalletAccount) string { return entityOf(r.rules.Terms, of) },
	}
}

// entityOf is the legal entity (主体) of a wallet's account, "" where it is not stated.
func entityOf(t *fees.Terms, of funds.WalletAccount) string {
	for i := range t.Accounts {
		if a := &t.Accounts[i]; a.Wallet == of.Wallet && a.Account == of.Account {
			return a.Entity
		}
	}
	return ""
}

// settlePayouts holds the withdrawals of the run and of days before against the bank.
func (r *run) settlePayouts(w *withdrawals) funds.PayoutsSettled {
	all := payoutsOf(&r.payoutsBefore)
	known := map[payout]int{}
	for i := range all {
		known[payout{flowAccount{all[i].Wallet, all[i].Account}, all[i].FlowNo}] = i
	}
	for i := range w.list {
		one := &w.list[i]
		at := flowAccount{one.Wallet, one.Account}
		switch before, again := known[payout{at, one.FlowNo}]; {
		case one.Returns:
			if of, ok := known[payout{at, one.Of}]; ok && one.Of != "" {
				all[of].CameBack = true
			}
		case one.FeeAlone || again && all[before].ID == one.ID:
		default:
			all = append(all, funds.Payout{
				Wallet: one.Wallet, Account: one.Account, FlowNo: one.FlowNo, TxnID: one.TxnID, At: one.At, Amount: one.Amount, Fee: max(one.Fee, 0),
				ID: one.ID, SettledOn: one.SettledOn, File: one.File, Line: one.Line, CameBack: one.CameBack,
				Due: settlement.NoDay, ArrivedOn: settlement.NoDay, Arrived: settlement.NoAmount, LegFee: settlement.NoAmount,
			})
		}
	}
	settled := r.payoutRules().SettlePayouts(all, append(transfersBeforeOf(&r.transfersBefore), transfersOf(&r.transfers)...))
	r.payoutNotes = settled.Notes
	if n := settled.GivenUp; n > 0 {
		r.payoutNotes = append(r.payoutNotes, fmt.Sprintf("%d payouts waited for %d days for bank statements that never came: they are looked for no more", n, funds.WaitsAtMost))
	}
	w.arrived = map[settlement.ID]*funds.Payout{}
	for i := range settled.Payouts {
		w.arrived[settled.Payouts[i].ID] = &settled.Payouts[i]
	}
	return settled
}

// payoutHistory joins the findings of payouts with those of the day before.
func (r *run) payoutHistory(s *funds.PayoutsSettled) *settlement.Breaks {
	if r.state == nil {
		r.job.Decisions.Apply(s.Breaks)
		return s.Breaks
	}
	out := &BucketOutput{
		Outcome: &match.Outcome{Breaks: s.Breaks, Events: &settlement.Events{}},
		Earlier: Earlier{Lines: &settlement.Lines{}}, Settled: funds.Settled{Closed: s.Closed},
	}
	before, rows := &settlement.Breaks{}, []int32(nil)
	if r.earlier != nil {
		before, rows = r.earlier.rows, r.earlier.payouts
	}
	h := breakHistory{day: r.job.Day, files: r.files, earlier: r.earlier}
	h.carryBreaks(out, before, rows)
	r.job.Decisions.Apply(out.Breaks)
	openBefore, brokenBefore := map[settlement.ID]bool{}, map[settlement.ID]bool{}
	for _, row := range rows {
		openBefore[before.ID[row]] = true
	}
	for i, id := range r.payoutsBefore.LineID {
		brokenBefore[id] = r.payoutsBefore.Broken[i] != settlement.NoBreak
	}
	for i, id := range r.transfersBefore.LineID {
		brokenBefore[id] = r.transfersBefore.Broken[i] != 0
	}
	// What was accepted or written off on an earlier day is done with, although it is
	// still looked for.
	b := out.Breaks
	return keepRows(b, func(i int) bool {
		decided := b.Status[i] == settlement.BreakAccepted || b.Status[i] == settlement.BreakWrittenOff
		return !decided || openBefore[b.ID[i]] || !brokenBefore[b.LineID[i]]
	})
}
