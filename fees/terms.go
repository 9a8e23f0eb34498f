package fees

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"reconcile/settlement"
)

// Account is an account as the configuration describes it.
type Account struct {
	Owner
	Entity string // 主体: no total crosses an entity unasked
	Limits Limits
	At     settlement.Position
}

// Limits are what an account's owner and its wallet allow of withdrawals; 0 is no
// limit.
type Limits struct {
	Single     settlement.Amount // 单笔限额
	Daily      settlement.Amount // 单日限额
	DailyCount int               // 单日笔数
	Reserve    settlement.Amount // what stays in the account
}

// Terms are what a merchant's fees depend on: the contracts with the presets for
// what they leave open, the accounts, the home wallets and the opening quotas.
type Terms struct {
	Schedule *Schedule
	Accounts []Account
	Homes    HomeWallets
	Opening  QuotaState
}

// OpeningQuota is a quota as the configuration states it.
type OpeningQuota struct {
	Quota
	// GrantedByRule: what was granted is what the rule gives for the period.
	GrantedByRule bool
	At            settlement.Position
}

// TermsInput is what a configuration states of fees.
type TermsInput struct {
	Rules    []Rule // of contracts
	Accounts []Account
	Homes    []HomeWallet
	Since    settlement.Instant // see QuotaState
	Quotas   []OpeningQuota
}

// NewTerms checks what is stated, also against each other, and returns it. The error
// has every fault.
func NewTerms(in TermsInput) (*Terms, error) {
	schedule, err := WithPresets(in.Rules)
	faults := []error{err}
	faults = append(faults, checkAccounts(in.Accounts)...)
	homes, err := NewHomeWallets(in.Homes)
	faults = append(faults, err)
	t := &Terms{Schedule: schedule, Accounts: in.Accounts, Homes: homes, Opening: QuotaState{Since: in.Since}}
	if schedule != nil {
		for i := range in.Quotas {
			faults = append(faults, t.openQuota(&in.Quotas[i]))
		}
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return t, nil
}

// PresetTerms are the terms where nothing is configured.
func PresetTerms() (*Terms, error) {
	return NewTerms(TermsInput{Since: settlement.NoInstant})
}

func placed(at settlement.Position, format string, args ...any) error {
	text := fmt.Sprintf(format, args...)
	if at.File != "" {
		text = at.String() + ": " + text
	}
	return errors.New(text)
}

func checkAccounts(accounts []Account) (faults []error) {
	for i := range accounts {
		a := &accounts[i]
		for j := range accounts[:i] {
			if b := &accounts[j]; a.Wallet == b.Wallet && a.Account == b.Account {
				faults = append(faults, placed(a.At, "account %s of %s is there twice (also at %s)", a.Account, a.Wallet, b.At))
			}
		}
		for _, l := range []settlement.Amount{a.Limits.Single, a.Limits.Daily, a.Limits.Reserve, settlement.Amount(a.Limits.DailyCount)} {
			if l < 0 {
				faults = append(faults, placed(a.At, "account %s of %s: a limit is negative", a.Account, a.Wallet))
				break
			}
		}
	}
	return faults
}

// openQuota adds an opening quota.
func (t *Terms) openQuota(o *OpeningQuota) error {
	q := o.Quota
	var grant *Grant
	known := false
	for i := range t.Schedule.rules {
		if r := &t.Schedule.rules[i]; r.ID == q.RuleID && r.Wallet == q.Wallet {
			known = true
			for j := range r.Quotas {
				if r.Quotas[j].Period == q.Period {
					grant = &r.Quotas[j]
				}
			}
		}
	}
	switch {
	case !known:
		return placed(o.At, "quota of %s: %s has no rule %q", q.Owner, q.Wallet, q.RuleID)
	case grant == nil:
		return placed(o.At, "quota of %s: rule %s has no quota of the period %s", q.Owner, q.RuleID, q.Period)
	case !t.hasOwner(q.Wallet, q.Owner, grant.Scope):
		return placed(o.At, "quota of %s: no configured account of %s has this %s", q.Owner, q.Wallet, grant.Scope)
	}
	if o.GrantedByRule {
		q.Granted = grant.Amount
	}
	switch q.Period {
	case Daily, Monthly:
		if q.Start != settlement.NoInstant {
			start, expiry := q.Period.around(q.Start)
			if q.Start != start {
				return placed(o.At, "quota of %s: a %s begins at %s, not at %s", q.Owner, q.Period, start, q.Start)
			}
			q.Expiry = expiry
		}
	case LotPeriod:
		if q.Start != settlement.NoInstant && q.Expiry == settlement.NoInstant && grant.ValidYears > 0 {
			q.Expiry = settlement.InstantOf(q.Start.Time().AddDate(grant.ValidYears, 0, 0))
		}
	}
	if err := q.Check(); err != nil {
		return placed(o.At, "%v", err)
	}
	for i := range t.Opening.Quotas {
		if same := &t.Opening.Quotas[i]; compareRows(*same, q) == 0 && same.Start == q.Start {
			return placed(o.At, "quota of %s: rule %s, %s from %q is there twice", q.Owner, q.RuleID, q.Period, q.Start)
		}
	}
	t.Opening.Quotas = append(t.Opening.Quotas, q)
	return nil
}

func (t *Terms) hasOwner(wallet settlement.Wallet, owner string, scope Scope) bool {
	return slices.ContainsFunc(t.Accounts, func(a Account) bool { return a.Wallet == wallet && a.owner(scope) == owner })
}

// Account returns what is configured of an account; of one that is not, what can be
// known: its wallet and number.
func (t *Terms) Account(wallet settlement.Wallet, number string) Account {
	for i := range t.Accounts {
		if a := &t.Accounts[i]; a.Wallet == wallet && a.Account == number {
			return *a
		}
	}
	return Account{Owner: Owner{Wallet: wallet, Account: number}}
}

// Subject is what the terms know of an account's events; Event and what a single
// event shows are for the caller to fill in.
func (a *Account) Subject() Subject {
	return Subject{Wallet: a.Wallet, AccountType: a.AccountType, Merchant: a.Account, Category: a.Category}
}

// Gap is a rule that ends with nothing to follow, or a wallet's account without a
// rule for an event: allowed, and worth a warning.
type Gap struct {
	At   settlement.Position
	Text string
}

// Gaps says for which accounts no rule of withdrawals holds at a time, and which
// contracts have ended by then.
func (t *Terms) Gaps(at settlement.Instant) (gaps []Gap) {
	for i := range t.Accounts {
		a := &t.Accounts[i]
		q := a.Subject()
		q.Event = OnWithdrawal
		if a.Wallet == settlement.Bank || a.Wallet == settlement.TaobaoAggregated {
			continue
		}
		if d := t.Schedule.Decide(q, at); d.Rule == nil {
			gaps = append(gaps, Gap{a.At, fmt.Sprintf("account %s of %s (%s): no rule of withdrawals holds at %s: what they should cost is not known",
				a.Account, a.Wallet, cmp.Or(string(a.AccountType), "no type"), at)})
		}
	}
	for i := range t.Schedule.rules {
		r := &t.Schedule.rules[i]
		if r.Assumed || r.Until == settlement.NoInstant || r.Until > at {
			continue
		}
		if !slices.ContainsFunc(t.Schedule.rules, func(o Rule) bool { return !o.Assumed && r.within(&o) && o.end() > at }) {
			gaps = append(gaps, Gap{r.At, fmt.Sprintf("fee rule %q ended at %s and no rule of a contract follows", r.ID, r.Until)})
		}
	}
	return gaps
}
