package pipeline

import (
	"cmp"
	"slices"

	"reconcile/output"
	"reconcile/settlement"
)

// ruleKey is the grain of the figures of fees: one version of a rule, as it prices one event of a wallet.
type ruleKey struct {
	wallet    settlement.Wallet
	component settlement.Component // NoComponent of withdrawals
	event     settlement.Kind      // NoKind of withdrawals
	assumed   bool
	rule      string
	version   string
}

// crossKey is the grain of the figures of cross-wallet cost.
type crossKey struct {
	of           settlement.CostOf
	home, paying settlement.Wallet
	platform     string
}

// feeTally adds up charges by rule. Neighbouring rows are priced by the same few rules: the
// last ones are remembered, by component and event, since a map is slow for every line.
type feeTally struct {
	rules  map[ruleKey]*output.FeeFigures
	recent [8]struct {
		key  ruleKey
		fees *output.FeeFigures
	}
}

func (t *feeTally) at(wallet settlement.Wallet, component settlement.Component, event settlement.Kind, assumed bool, rule, version []byte) *output.FeeFigures {
	recent := &t.recent[(uint8(wallet)<<1^uint8(event))&7]
	if k := &recent.key; recent.fees != nil && k.wallet == wallet && k.component == component && k.event == event && k.assumed == assumed &&
		k.rule == string(rule) && k.version == string(version) {
		return recent.fees
	}
	key := ruleKey{wallet, component, event, assumed, string(rule), string(version)}
	fees := t.rules[key]
	if fees == nil {
		fees = &output.FeeFigures{Wallet: wallet, Component: cmp.Or(component.String(), withdrawalWord), Event: cmp.Or(event.String(), withdrawalWord),
			RuleID: key.rule, Version: key.version, Assumed: assumed}
		t.rules[key] = fees
	}
	recent.key, recent.fees = key, fees
	return fees
}

// withdrawalWord is the component and event of what withdrawals cost.
const withdrawalWord = "withdrawal"

// addFee adds one priced row.
func (t *tally) addFee(f *output.FeeFigures, base, expected, charged, variance settlement.Amount) {
	f.Lines++
	t.add(&f.Base, base)
	t.add(&f.Expected, expected)
	t.add(&f.Charged, charged)
	if variance == settlement.NoAmount {
		return
	}
	t.add(&f.Variance, variance)
	if variance < 0 {
		f.Overcharged++
		t.add(&f.Over, -variance)
	}
}

// addCharges adds the charges of a bucket by the rules that price them.
func (t *tally) addCharges(c *settlement.Charges) {
	for i := range c.Len() {
		f := t.fees.at(c.Wallet[i], c.Component[i], c.Event[i], c.Assumed[i] != 0, c.RuleID.At(i), c.RuleVer.At(i))
		t.addFee(f, c.Base[i], c.Expected[i], c.Charged[i], c.Variance[i])
	}
}

// addRate adds how many of the lines and events that must be held against the other side
// agree. Rows of earlier days count on theirs.
func (t *tally) addRate(rate *output.MatchFigures, state settlement.MatchState, amount settlement.Amount) {
	switch state {
	case settlement.Matched, settlement.Broken, settlement.Open:
	default:
		return
	}
	rate.Rows++
	if amount != settlement.NoAmount {
		t.add(&rate.Amount, amount.Abs())
	}
	if state != settlement.Matched {
		return
	}
	rate.Matched++
	if amount != settlement.NoAmount {
		t.add(&rate.MatchedAmount, amount.Abs())
	}
}

// addCrossFigures adds what orders cost by the two wallets.
func (t *tally) addCrossFigures(c *settlement.CrossWallet, i int) {
	key := crossKey{of: c.Of[i]}
	if key.of == settlement.CostOrder || key.of == settlement.CostMovement {
		key.home, key.paying, key.platform = c.Home[i], c.Paying[i], t.text(c.Platform.At(i))
	}
	f := t.cross[key]
	if f == nil {
		f = &output.CrossFigures{CostOf: key.of.String(), Home: key.home, Paying: key.paying, Platform: key.platform}
		t.cross[key] = f
	}
	if c.Paid[i] != 0 {
		f.Orders++
		if c.Cost[i] == settlement.NoAmount {
			f.Unpriced++
		}
	}
	for _, sum := range [...]struct {
		to   *settlement.Amount
		from settlement.Amount
	}{
		{&f.Paid, c.Paid[i]}, {&f.Refunded, c.Refunded[i]}, {&f.ChannelFee, c.ChannelFee[i]}, {&f.HomeFee, c.HomeFee[i]},
		{&f.Incremental, c.Incremental[i]}, {&f.Repatriation, c.Repatriation[i]}, {&f.Deposit, c.Deposit[i]}, {&f.Cost, c.Cost[i]},
	} {
		t.add(sum.to, sum.from)
	}
}

// mergeFigures adds another tally's fees and costs.
func (t *tally) mergeFigures(other *tally) {
	for key, from := range other.fees.rules {
		f := t.fees.rules[key]
		if f == nil {
			f = new(output.FeeFigures)
			*f = *from
			t.fees.rules[key] = f
			continue
		}
		f.Lines += from.Lines
		f.Overcharged += from.Overcharged
		t.add(&f.Base, from.Base)
		t.add(&f.Expected, from.Expected)
		t.add(&f.Charged, from.Charged)
		t.add(&f.Variance, from.Variance)
		t.add(&f.Over, from.Over)
	}
}

// mergeRate adds one rate to another.
func (t *tally) mergeRate(to *output.MatchFigures, from output.MatchFigures) {
	to.Rows += from.Rows
	to.Matched += from.Matched
	t.add(&to.Amount, from.Amount)
	t.add(&to.MatchedAmount, from.MatchedAmount)
}

// feeFigures are the fees by rule: contracts, then rates that rows print, then presets, then
// what no rule prices.
func (t *tally) feeFigures() []output.FeeFigures {
	list := make([]output.FeeFigures, 0, len(t.fees.rules))
	for _, f := range t.fees.rules {
		list = append(list, *f)
	}
	slices.SortFunc(list, func(a, b output.FeeFigures) int {
		return cmp.Or(cmp.Compare(a.Rank(), b.Rank()), cmp.Compare(a.Wallet, b.Wallet), cmp.Compare(a.RuleID, b.RuleID), cmp.Compare(a.Version, b.Version),
			cmp.Compare(a.Component, b.Component), cmp.Compare(a.Event, b.Event))
	})
	return list
}

func (t *tally) crossFigures() []output.CrossFigures {
	keys := make([]crossKey, 0, len(t.cross))
	for key := range t.cross {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b crossKey) int {
		return cmp.Or(cmp.Compare(a.of, b.of), cmp.Compare(a.home, b.home), cmp.Compare(a.paying, b.paying), cmp.Compare(a.platform, b.platform))
	})
	list := make([]output.CrossFigures, 0, len(keys))
	for _, key := range keys {
		list = append(list, *t.cross[key])
	}
	return list
}
