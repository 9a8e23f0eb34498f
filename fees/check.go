package fees

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"reconcile/settlement"
)

// field is a part of a rule that a kind has or has not.
type field uint16

const (
	hasRate field = 1 << iota
	hasFixed
	hasBounds // min_fen, max_fen
	hasTiers
	hasShare // discount_ppm
	hasInstalments
	hasQuotas
	hasRounding
)

// kindFields are the fields that a kind needs and those that it may have beside them.
var kindFields = map[RuleKind]struct{ needs, may field }{
	Zero:         {},
	Percent:      {needs: hasRate | hasRounding},
	Fixed:        {needs: hasFixed},
	PercentFixed: {needs: hasRate | hasRounding | hasFixed, may: hasBounds},
	Clamp:        {needs: hasRate | hasRounding | hasBounds, may: hasFixed},
	Tiered:       {needs: hasTiers | hasRounding, may: hasBounds | hasFixed},
	Discount:     {needs: hasRate | hasShare | hasRounding, may: hasBounds},
	Instalment:   {needs: hasInstalments | hasRounding},
	QuotaPercent: {needs: hasRate | hasQuotas | hasRounding, may: hasBounds | hasFixed},
	Waiver:       {may: hasRate | hasRounding | hasFixed | hasBounds | hasQuotas},
	AsBilled:     {},
}

// fieldKeys are the keys of a rule's fields in YAML.
var fieldKeys = []struct {
	field field
	keys  string
}{
	{hasRate, "rate_ppm"}, {hasFixed, "fixed_fen"}, {hasBounds, "min_fen or max_fen"}, {hasTiers, "tiers and mode"},
	{hasShare, "discount_ppm"}, {hasInstalments, "instalments"}, {hasQuotas, "quotas"}, {hasRounding, "rounding"},
}

// settle fills in what follows from the rest of r.
func (r *Rule) settle() {
	r.Component = max(r.Component, settlement.ChannelFee)
	if r.Base == "" {
		r.Base = BaseSettled
		if r.Event == OnWithdrawal || r.Event == OnDeposit {
			r.Base = BaseAmount
		}
	}
	if r.MinFee == 0 && r.MaxFee == 0 { // of a Rule literal: nobody caps a fee at 0
		r.MinFee, r.MaxFee = settlement.NoAmount, settlement.NoAmount
	}
	if r.Kind == Discount && isRate(r.ListRate) && isRate(r.Share) {
		r.Rate = settlement.Rate(int64(r.ListRate) * int64(r.Share) / million)
	}
	r.everyone = r.AccountType == "" && r.Merchant == "" && r.Shop == "" && r.Category == "" && r.Funding == "" && r.Product == ""
	r.plain = (r.Kind == Percent || r.Kind == Discount) && r.Rounding == HalfUp && r.MinFee == settlement.NoAmount && r.MaxFee == settlement.NoAmount
}

// fields are those that r states.
func (r *Rule) fields() (f field) {
	for _, one := range []struct {
		is    bool
		field field
	}{
		{r.Rate != settlement.NoRate && (r.Rate != 0 || kindFields[r.Kind].needs&hasRate != 0), hasRate},
		{r.FixedFee != 0, hasFixed},
		{r.MinFee != settlement.NoAmount || r.MaxFee != settlement.NoAmount, hasBounds},
		{len(r.Tiers) > 0 || r.Mode != "", hasTiers},
		{r.Share != 0, hasShare},
		{len(r.Instalments) > 0, hasInstalments},
		{len(r.Quotas) > 0, hasQuotas},
		{r.Rounding != "", hasRounding},
	} {
		if one.is {
			f |= one.field
		}
	}
	return f
}

// faultf is one thing wrong with r, with its place.
func (r *Rule) faultf(format string, args ...any) error {
	text := fmt.Sprintf("fee rule %q: ", r.ID) + fmt.Sprintf(format, args...)
	if r.At.File != "" {
		text = r.At.String() + ": " + text
	}
	return errors.New(text)
}

// check returns all that is wrong with r.
func (r *Rule) check() error {
	var faults []error
	fault := func(wrong bool, format string, args ...any) {
		if wrong {
			faults = append(faults, r.faultf(format, args...))
		}
	}
	fault(r.ID == "", "rule_id is missing")
	fault(r.ID == OwnRate, "rule_id is reserved for the rate that a row prints")
	fault(r.Version == "", "version is missing")
	fault(r.Wallet > settlement.Bank, "wallet is unknown")
	fault(r.Wallet == settlement.NoWallet && r.Component != settlement.PlatformFee, "wallet is missing (only a platform's fee is the same for all)")
	fault(r.Event == NoEvent || r.Event > OnDeposit, "event must be payment, refund, withdrawal or deposit")
	fault(r.Component > settlement.PlatformFee, "component is unknown")
	fault(r.From != settlement.NoInstant && r.Until != settlement.NoInstant && r.From >= r.Until,
		"until %s is not after from %s", r.Until, r.From)
	fault(r.AccountType != "" && !slices.Contains(AccountTypes, string(r.AccountType)),
		"account_type %q is not known (known: %s)", r.AccountType, strings.Join(AccountTypes, ", "))
	fault(r.Event == OnWithdrawal && r.AccountType == "", "account_type is missing: what a withdrawal costs depends on the kind of account")
	fault(!slices.Contains(Bases, string(r.Base)), "base %q is not known (known: %s)", r.Base, strings.Join(Bases, ", "))
	fault((r.Base == BaseAmount) != (r.Event == OnWithdrawal || r.Event == OnDeposit), "base %s does not go with event %s", r.Base, r.Event)
	r.checkKind(fault)
	r.checkRefund(fault)
	fault(r.Source == "", "source is missing")
	fault(!slices.Contains(Marks, string(r.Mark)), "mark %q is not one of %s", r.Mark, strings.Join(Marks, ", "))
	return errors.Join(faults...)
}

// checkKind checks the numbers of r's kind.
func (r *Rule) checkKind(fault func(wrong bool, format string, args ...any)) {
	kind, known := kindFields[r.Kind]
	if !known {
		fault(true, "kind %q is not known (known: %s)", r.Kind, strings.Join(RuleKinds, ", "))
		return
	}
	has := r.fields()
	for _, f := range fieldKeys {
		fault(f.field == hasRate && has&hasRate == 0 && kind.needs&hasRate != 0, "rate_ppm must be given, from 0 to 1000000 (0.60%% is 6000)")
		fault(f.field != hasRate && f.field != hasRounding && kind.needs&f.field != 0 && has&f.field == 0, "a rule of kind %s needs %s", r.Kind, f.keys)
		fault((kind.needs|kind.may)&f.field == 0 && has&f.field != 0, "a rule of kind %s has no %s", r.Kind, f.keys)
	}
	rounds := kind.needs&hasRounding != 0 || has&hasRate != 0 && kind.may&hasRounding != 0
	fault(rounds && !slices.Contains(Roundings, string(r.Rounding)), "rounding %q is not known (known: %s)", r.Rounding, strings.Join(Roundings, ", "))
	fault(!isRate(r.Rate) && r.Rate != settlement.NoRate, "rate_ppm must be given, from 0 to 1000000 (0.60%% is 6000)")
	fault(r.FixedFee < 0 || r.FixedFee > settlement.MaxAmount, "fixed_fen is not between 0 and %d", settlement.MaxAmount)
	for _, bound := range []settlement.Amount{r.MinFee, r.MaxFee} {
		fault(bound != settlement.NoAmount && (bound < 0 || bound > settlement.MaxAmount), "min_fen and max_fen are not between 0 and %d", settlement.MaxAmount)
	}
	fault(r.MinFee != settlement.NoAmount && r.MaxFee != settlement.NoAmount && r.MinFee > r.MaxFee, "min_fen %d is more than max_fen %d", r.MinFee, r.MaxFee)
	if r.Kind == Discount && isRate(r.ListRate) && isRate(r.Share) {
		fault(int64(r.ListRate)*int64(r.Share)%million != 0, "rate_ppm × discount_ppm is no whole number of millionths: state the resulting rate with kind %s", Percent)
	}
	r.checkTiers(fault)
	r.checkInstalments(fault)
	r.checkQuotas(fault)
}

func isRate(r settlement.Rate) bool { return r >= 0 && r <= million }

func (r *Rule) checkTiers(fault func(wrong bool, format string, args ...any)) {
	if r.Kind != Tiered {
		return
	}
	fault(r.Mode != Graduated && r.Mode != Volume, "mode %q is not known (known: %s, %s)", r.Mode, Graduated, Volume)
	last := settlement.Amount(0)
	for i, t := range r.Tiers {
		fault(!isRate(t.Rate), "tier %d has no rate_ppm from 0 to 1000000", i+1)
		if i == len(r.Tiers)-1 {
			fault(t.UpTo != settlement.NoAmount, "the last tier has an up_to_fen: no rate is given above it")
			continue
		}
		fault(t.UpTo == settlement.NoAmount || t.UpTo <= last, "tier %d needs an up_to_fen above that of the tier before", i+1)
		last = t.UpTo
	}
}

func (r *Rule) checkInstalments(fault func(wrong bool, format string, args ...any)) {
	seen := map[int]bool{}
	for _, p := range r.Instalments {
		fault(p.Periods < 1 || p.Periods > 120, "instalments: %d is no number of periods from 1 to 120", p.Periods)
		fault(!isRate(p.Rate), "instalments: %d periods have no rate_ppm from 0 to 1000000", p.Periods)
		fault(seen[p.Periods], "instalments: %d periods are given twice", p.Periods)
		seen[p.Periods] = true
	}
}

func (r *Rule) checkQuotas(fault func(wrong bool, format string, args ...any)) {
	fault(len(r.Quotas) > 0 && r.Event != OnWithdrawal, "quotas are of withdrawals only")
	seen := map[Period]bool{}
	for _, g := range r.Quotas {
		fault(!slices.Contains(Periods, string(g.Period)), "quota period %q is not known (known: %s)", g.Period, strings.Join(Periods, ", "))
		fault(!slices.Contains(Scopes, string(g.Scope)), "quota scope %q is not known (known: %s)", g.Scope, strings.Join(Scopes, ", "))
		fault(seen[g.Period], "two quotas of the period %s", g.Period)
		seen[g.Period] = true
		if g.Period == LotPeriod {
			fault(g.Amount != settlement.NoAmount, "a quota of lots has no amount_fen: receipts and the configuration give it")
			fault(!isRate(g.Share), "share_ppm is not between 0 and 1000000")
			fault(g.Share > 0 && (g.ValidYears < 1 || g.ValidYears > 100), "valid_years is not between 1 and 100")
			continue
		}
		fault(g.Amount < 0 || g.Amount > settlement.MaxAmount, "a quota's amount_fen is not between 0 and %d", settlement.MaxAmount)
		fault(g.Share != 0 || g.ValidYears != 0, "share_ppm and valid_years are of lots only")
	}
}

// checkRefund checks what r says of refunds.
func (r *Rule) checkRefund(fault func(wrong bool, format string, args ...any)) {
	fault(r.Refund != RefundUnknown && !slices.Contains(RefundPolicies, string(r.Refund)),
		"refund_policy %q is not known (known: %s; leave it out where it is not known)", r.Refund, strings.Join(RefundPolicies, ", "))
	fault(r.Refund != RefundUnknown && r.Event != OnPayment && r.Event != OnRefund, "refund_policy does not go with event %s", r.Event)
	fault((r.Refund == RefundWithinWindow) != (r.RefundDays != 0), "refund_days goes with refund_policy %s, and only with it", RefundWithinWindow)
	fault(r.RefundDays < 0 || r.RefundDays > 3650, "refund_days is not between 1 and 3650")
	switch r.Refund {
	case RefundPerRefundClamped, RefundWithinWindow:
		fault(r.Kind == AsBilled || r.Kind == Fixed || r.Kind == Tiered && r.Mode == Graduated,
			"refund_policy %s needs a rule of one rate, such as of kind %s", r.Refund, Percent)
	case RefundCumulative, RefundFullOnly:
		fault(r.Kind == AsBilled, "refund_policy %s does not go with kind %s", r.Refund, AsBilled)
	}
	fault(r.Event == OnRefund && r.Kind != AsBilled && r.Kind != Zero && r.Refund == RefundUnknown,
		"a rule of refunds that is not %s needs a refund_policy", AsBilled)
}
