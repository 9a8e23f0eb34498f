package funds

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"reconcile/settlement"
)

// Payout is a withdrawal on its way to a bank, and what became of it. Amounts are
// magnitudes.
type Payout struct {
	Wallet                settlement.Wallet
	Account, FlowNo       string
	TxnID                 string
	At                    settlement.Instant
	Amount, Fee           settlement.Amount
	ID                    settlement.ID
	SettledOn             settlement.Day
	File                  int32
	Line                  int64
	Carried               bool // of an earlier day
	CameBack              bool // the wallet's fund flow shows its return
	Due                   settlement.Day
	Status                settlement.WithdrawalStatus
	Arrival               settlement.Arrival
	ArrivedOn             settlement.Day    // NoDay where nothing came
	Arrived               settlement.Amount // NoAmount where nothing came
	BankAccount, BankRefs string
	BankLine              settlement.ID
	Broken                settlement.BreakKind
	Note                  string

	Movement   settlement.Movement
	LegOf      string
	LegWallet  settlement.Wallet
	LegAccount string
	LegFee     settlement.Amount
}

// net is what arrives where the fee is deducted from the amount.
func (p *Payout) net() settlement.Amount { return p.Amount - p.Fee }

// left are what may still arrive: of a payout of which a part came, the rest.
func (p *Payout) left() (whole, net settlement.Amount) {
	if p.Arrived == settlement.NoAmount {
		return p.Amount, p.net()
	}
	return p.Amount - p.Arrived, p.net() - p.Arrived
}

// waits says that credits are looked for.
func (p *Payout) waits() bool { return p.Status == settlement.InTransit && !p.CameBack }

// day is the day of the withdrawal.
func (p *Payout) day() settlement.Day {
	if p.At == settlement.NoInstant {
		return p.SettledOn
	}
	return settlement.DayOf(p.At)
}

// Transfer is a line of a bank's statement, or a deposit into a wallet (充值). Amount is
// a magnitude.
type Transfer struct {
	Side          settlement.TransferSide
	Wallet        settlement.Wallet
	Account       string
	FlowNo, TxnID string
	Text          string // the bank's
	At            settlement.Instant
	On            settlement.Day
	Amount, Fee   settlement.Amount
	ID            settlement.ID
	File          int32
	Line          int64
	Carried       bool // of an earlier day
	Broken        bool // it was, or is, a break

	names settlement.Wallet // the wallet that Text names
	used  bool              // something explains it
	maybe bool              // it is one of several candidates
}

// silent says that the bank's text tells nothing of who paid.
func (t *Transfer) silent() bool {
	return t.names == settlement.NoWallet && strings.Trim(t.Text, " ;"+t.FlowNo) == ""
}

// BankAccount is a bank account as the configuration describes it.
type BankAccount struct {
	Account  string
	Entity   string          // 主体, "" where it is not stated
	Receives []WalletAccount // nothing for any of its entity
}

// WalletAccount names an account of a wallet.
type WalletAccount struct {
	Wallet  settlement.Wallet
	Account string
}

// PayoutRules is what may be concluded of withdrawals and bank statements.
type PayoutRules struct {
	Calendar *Calendar
	Banks    []BankAccount
	// Entity is the legal entity of a wallet's account, "" where it is not stated.
	Entity func(WalletAccount) string
	// Flows is which fund flows were delivered; those of wallet bank are the bank
	// statements.
	Flows *settlement.Coverage
	Day   settlement.Day // of the run
	Names []string       // files, by the number that rows give
}

// DueDays is T+2: within so many working days of banks a payout arrives.
const DueDays = 2

const (
	// lateDays is how long after it was due a credit may still be a payout's.
	lateDays = WaitsAtMost
	// groupDays is how long after it was due a payout is looked for among several.
	groupDays = 7
	// legDays is how many days a movement between wallets may take, from leg to leg.
	legDays = 7
	// keptDays is how long payouts that arrived are kept: a bank may still send them back.
	keptDays = 21
)

// PayoutsSettled is what became of payouts and transfers.
type PayoutsSettled struct {
	Payouts   []Payout   // in the order of their table
	Transfers []Transfer // that nothing explains, in the order of their table
	Breaks    *settlement.Breaks
	// Closed says of lines why what was broken of them is not any more.
	Closed  map[settlement.ID]string
	Notes   []string
	GivenUp int64 // payouts that waited longer than WaitsAtMost for statements that never came
}

// SettlePayouts ties payouts to the bank lines that received them, and deposits to where
// they came from. It is a pure function of its arguments, whatever their order.
//
// What names a payout's number is its credit. Then equal amounts are tied, of credits
// that name the wallet as payer before others; then several payouts of one credit, and
// several credits of one payout, where one set alone sums to it. Where several would do,
// none is taken and the payout says so.
func (r *PayoutRules) SettlePayouts(payouts []Payout, transfers []Transfer) PayoutsSettled {
	s := payoutSettling{PayoutRules: r, closed: map[settlement.ID]string{}}
	s.payouts, s.transfers = slices.Clone(payouts), slices.Clone(transfers)
	s.prepare()
	s.byNumber()
	s.oneByOne(true)
	s.oneByOne(false)
	s.byGroups()
	s.sentBack()
	s.nearest()
	s.legs()
	return s.verdict()
}

type payoutSettling struct {
	*PayoutRules
	payouts   []Payout
	transfers []Transfer
	closed    map[settlement.ID]string
	notes     []string
}

func comparePayouts(a, b Payout) int {
	return cmp.Or(cmp.Compare(a.Wallet, b.Wallet), cmp.Compare(a.Account, b.Account), cmp.Compare(a.At, b.At), cmp.Compare(a.FlowNo, b.FlowNo), a.ID.Compare(b.ID))
}

func compareTransfers(a, b Transfer) int {
	return cmp.Or(cmp.Compare(a.Side, b.Side), cmp.Compare(a.Wallet, b.Wallet), cmp.Compare(a.Account, b.Account), cmp.Compare(a.On, b.On), a.ID.Compare(b.ID))
}

// prepare brings everything into one order and works out what is due when.
func (s *payoutSettling) prepare() {
	slices.SortFunc(s.payouts, comparePayouts)
	slices.SortFunc(s.transfers, compareTransfers)
	s.transfers = slices.CompactFunc(s.transfers, func(a, b Transfer) bool { return a.ID == b.ID })
	for i := range s.transfers {
		t := &s.transfers[i]
		if t.Side != settlement.Deposit {
			t.names = settlement.NamedOperator(t.Text)
		}
	}
	unknown := map[int]bool{}
	for i := range s.payouts {
		p := &s.payouts[i]
		if p.Status == settlement.NoWithdrawalStatus {
			p.Status = settlement.InTransit
		}
		if on := p.day(); on != settlement.NoDay {
			p.Due = s.Calendar.After(on, DueDays)
			for _, day := range [...]settlement.Day{on, p.Due} {
				if p.Status == settlement.InTransit && !s.Calendar.Knows(day) {
					unknown[yearOf(day)] = true
				}
			}
		}
		p.Note = ""
		if p.Arrival == settlement.ArrivedUnclear {
			p.Arrival = settlement.NoArrival
		}
		if p.Movement == settlement.MovedMaybe {
			p.Movement, p.LegOf, p.LegWallet, p.LegAccount, p.LegFee = settlement.NoMovement, "", settlement.NoWallet, "", settlement.NoAmount
		}
	}
	for _, year := range slices.Sorted(maps.Keys(unknown)) {
		s.notes = append(s.notes, fmt.Sprintf("the calendar knows no holidays of %d: only weekends are taken off the days until payouts are due (payouts.calendar adds them)", year))
	}
}

// receives says that a bank account may receive payouts of a wallet's account.
func (r *PayoutRules) receives(of WalletAccount, bank string) bool {
	named := false
	for i := range r.Banks {
		b := &r.Banks[i]
		if slices.Contains(b.Receives, of) {
			if b.Account == bank {
				return true
			}
			named = true
		}
	}
	if named {
		return false
	}
	for i := range r.Banks {
		if b := &r.Banks[i]; b.Account == bank {
			entity := r.Entity(of)
			return len(b.Receives) == 0 && (b.Entity == "" || entity == "" || b.Entity == entity)
		}
	}
	return true
}

func (p *Payout) of() WalletAccount { return WalletAccount{p.Wallet, p.Account} }

// canBe says that credit t may be one of payout p by everything but its amount.
func (s *payoutSettling) canBe(p *Payout, t *Transfer, late settlement.Day) bool {
	on := p.day()
	return p.waits() && p.Arrival == settlement.NoArrival && t.Side == settlement.BankCredit && !t.used && on != settlement.NoDay &&
		t.On >= on && t.On <= p.Due+late && s.receives(p.of(), t.Account) && s.mayPay(p.Wallet, t)
}

// mayPay says that a bank line's text does not name another wallet. An aggregated account
// is Alipay's.
func (s *payoutSettling) mayPay(w settlement.Wallet, t *Transfer) bool {
	return t.names == settlement.NoWallet || namesPayer(w, t)
}

func namesPayer(w settlement.Wallet, t *Transfer) bool {
	return t.names != settlement.NoWallet && (t.names == w || w == settlement.TaobaoAggregated && t.names == settlement.Alipay)
}

// arrive notes that bank lines are a payout's; amount is its share of them.
func (s *payoutSettling) arrive(p *Payout, how settlement.Arrival, amount settlement.Amount, lines ...*Transfer) {
	var refs []string
	if p.BankRefs != "" {
		refs = strings.Split(p.BankRefs, ",")
	}
	if p.Arrived != settlement.NoAmount {
		amount += p.Arrived
	}
	for n, t := range lines {
		t.used = true
		if n == 0 && p.BankLine == (settlement.ID{}) {
			p.BankLine, p.BankAccount = t.ID, t.Account
		}
		refs = append(refs, t.FlowNo)
		p.ArrivedOn = max(p.ArrivedOn, t.On)
		if t.Broken {
			s.closed[t.ID] = fmt.Sprintf("its withdrawal came on %s: %s %s, %s", s.Day, p.Wallet, p.FlowNo, s.place(p.File, p.Line))
		}
	}
	p.BankRefs = strings.Join(refs, ",")
	p.Status, p.Arrival, p.Arrived = settlement.Received, how, amount
	if p.Broken != settlement.NoBreak {
		var places []string
		for _, t := range lines {
			places = append(places, fmt.Sprintf("%s, %s", s.place(t.File, t.Line), t.Amount))
		}
		s.closed[p.ID] = fmt.Sprintf("its credit came on %s: %s", p.ArrivedOn, strings.Join(places, "; "))
		p.Broken = settlement.NoBreak
	}
	if how == settlement.ArrivedOther {
		p.Broken = settlement.PayoutMismatch
	}
}

func (r *PayoutRules) place(file int32, line int64) string {
	return (&Rules{Names: r.Names}).place(file, line)
}

// asOne is how a payout arrived as one amount.
func (p *Payout) asOne(amount settlement.Amount) settlement.Arrival {
	switch {
	case p.Arrived != settlement.NoAmount:
		return settlement.ArrivedInParts
	case amount == p.Amount:
		return settlement.ArrivedWhole
	}
	return settlement.ArrivedNet
}
