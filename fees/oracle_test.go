package fees

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"reconcile/settlement"
)

// The oracle computes fees by rationals, from the words of docs/fees.md: it shares no
// arithmetic with the engine.

func ratOf(a settlement.Amount) *big.Rat { return new(big.Rat).SetInt64(int64(a)) }

func share(a settlement.Amount, r settlement.Rate) *big.Rat {
	return new(big.Rat).Mul(ratOf(a), big.NewRat(int64(r), 1_000_000))
}

// oracleRound makes whole fen of a share that is not negative.
func oracleRound(x *big.Rat, how Rounding) settlement.Amount {
	whole, rest := new(big.Int).QuoRem(x.Num(), x.Denom(), new(big.Int))
	half := new(big.Rat).SetFrac(rest, x.Denom()).Cmp(big.NewRat(1, 2))
	up := map[Rounding]bool{
		HalfUp: half >= 0, Ceiling: rest.Sign() > 0, Floor: false,
		HalfEven: half > 0 || half == 0 && whole.Bit(0) == 1,
	}[how]
	if up {
		whole.Add(whole, big.NewInt(1))
	}
	return settlement.Amount(whole.Int64())
}

// oracleFee is the fee on what exceeds the quotas.
func oracleFee(r *Rule, base, free settlement.Amount, periods int) settlement.Amount {
	over := base - min(free, base)
	if over == 0 || r.Kind == Zero {
		return 0
	}
	x := new(big.Rat)
	switch r.Kind {
	case Tiered:
		lower := settlement.Amount(0)
		for i, t := range r.Tiers {
			top := over
			if i < len(r.Tiers)-1 && t.UpTo < over {
				top = t.UpTo
			}
			inTier := over > lower && (i == len(r.Tiers)-1 || over <= t.UpTo)
			if r.Mode == Graduated && top > lower {
				x.Add(x, share(top-lower, t.Rate))
			} else if r.Mode == Volume && inTier {
				x = share(over, t.Rate)
			}
			lower = top
			if i < len(r.Tiers)-1 {
				lower = t.UpTo
			}
		}
	case Discount:
		x.Mul(share(over, r.ListRate), big.NewRat(int64(r.Share), 1_000_000))
	case Instalment:
		for _, p := range r.Instalments {
			if p.Periods == periods {
				x = share(over, p.Rate)
			}
		}
	case Fixed:
	default:
		if r.Rate > 0 {
			x = share(over, r.Rate)
		}
	}
	fee := settlement.Amount(0)
	if x.Sign() > 0 {
		fee = oracleRound(x, r.Rounding)
	}
	fee += r.FixedFee
	if r.MinFee != settlement.NoAmount && fee < r.MinFee {
		fee = r.MinFee
	}
	if r.MaxFee != settlement.NoAmount && fee > r.MaxFee {
		fee = r.MaxFee
	}
	if r.Kind == Waiver {
		return 0
	}
	return fee
}

// randomRule is a rule of any kind that a schedule accepts.
func randomRule(t *testing.T, random *rand.Rand) *Rule {
	kinds := []RuleKind{Zero, Percent, Fixed, PercentFixed, Clamp, Tiered, Discount, Instalment, QuotaPercent, Waiver}
	r := Stated("random", Subject{Wallet: settlement.WeChat, AccountType: Personal, Event: OnPayment})
	r.Kind = kinds[random.IntN(len(kinds))]
	if r.Kind == QuotaPercent {
		r.Event, r.AccountType = OnWithdrawal, Personal
		r.Quotas = []Grant{{Period: Lifetime, Scope: ByIdentity, Amount: 100_000}}
	}
	rate := func() settlement.Rate {
		if random.IntN(3) == 0 {
			return []settlement.Rate{0, 1000, 3800, 5400, 6000, 10_000, 1_000_000}[random.IntN(7)]
		}
		return settlement.Rate(random.IntN(1_000_001))
	}
	needs := kindFields[r.Kind].needs
	if needs&hasRate != 0 || r.Kind == Waiver {
		r.Rate = rate()
	}
	if needs&hasRounding != 0 || r.Kind == Waiver {
		r.Rounding = Rounding(Roundings[random.IntN(len(Roundings))])
	}
	if needs&hasFixed != 0 {
		r.FixedFee = 1 + settlement.Amount(random.Int64N(1000))
	}
	if needs&hasBounds != 0 || kindFields[r.Kind].may&hasBounds != 0 && random.IntN(2) == 0 {
		r.MinFee = settlement.Amount(random.Int64N(300))
		if random.IntN(2) == 0 {
			r.MaxFee = r.MinFee + 1 + settlement.Amount(random.Int64N(3000))
		}
	}
	switch r.Kind {
	case Discount:
		r.ListRate, r.Share = rate()/1000*1000, settlement.Rate(1+random.IntN(1000))*1000
	case Tiered:
		r.Mode = []Mode{Graduated, Volume}[random.IntN(2)]
		upTo := settlement.Amount(0)
		for range random.IntN(4) {
			upTo += 1 + settlement.Amount(random.Int64N(100_000))
			r.Tiers = append(r.Tiers, Tier{upTo, rate()})
		}
		r.Tiers = append(r.Tiers, Tier{settlement.NoAmount, rate()})
	case Instalment:
		r.Component = settlement.InstalmentFee
		r.Instalments = []PeriodRate{{3, rate()}, {6, rate()}, {12, rate()}}
	}
	r.settle()
	if err := r.check(); err != nil {
		t.Fatalf("%+v: %v", r, err)
	}
	return &r
}

// TestTheOracleAgrees prices 200,000 random cases of every kind and rounding, from a
// fen to the largest amount of the tables, and finds 0 fen off. The explanation of
// each case gives the same number.
func TestTheOracleAgrees(t *testing.T) {
	random := rand.New(rand.NewPCG(2024, 11))
	for n := range 200_000 {
		r := randomRule(t, random)
		limit := int64(1)
		for range random.IntN(18) {
			limit *= 10
		}
		base := settlement.Amount(min(random.Int64N(10*limit), int64(settlement.MaxAmount)))
		free, periods := settlement.Amount(0), []int{3, 6, 12}[random.IntN(3)]
		var got settlement.Amount
		var told Explained
		switch r.Kind {
		case QuotaPercent:
			free = settlement.Amount(random.Int64N(int64(base) + 2))
			got, told = r.ExcessFee(base, free), r.ExplainExcess(base, free)
		case Instalment:
			got, _ = r.InstalmentFee(base, periods)
			told = r.ExplainInstalment(base, periods)
			var sum settlement.Amount
			for _, part := range SplitInstalments(got, periods) {
				sum += part
			}
			if sum != got {
				t.Fatalf("the periods of %s sum to %s", got, sum)
			}
		default:
			got, told = r.Fee(base), r.ExplainFee(base)
		}
		want := oracleFee(r, base, free, periods)
		if got != want || told.Fee != want || base > 0 && len(told.Steps) == 0 {
			t.Fatalf("case %d: %+v of %s beyond %s: %s, explained %s, the oracle has %s", n, r, base, free, got, told.Fee, want)
		}
	}
}

// oracleReturn is what a refund returns, by the words of docs/fees.md.
func oracleReturn(r *Rule, settled, charged, refunded, returned, amount settlement.Amount, periods int, inTime bool) settlement.Amount {
	held := charged - returned
	perRefund := func() settlement.Amount {
		rate := r.Rate
		switch r.Kind {
		case Zero, Waiver:
			return 0
		case Tiered:
			for _, t := range r.Tiers {
				if rate = t.Rate; t.UpTo == settlement.NoAmount || settled <= t.UpTo {
					break
				}
			}
		case Instalment:
			for _, p := range r.Instalments {
				if p.Periods == periods {
					rate = p.Rate
				}
			}
		}
		return min(oracleRound(share(amount, rate), r.Rounding), held)
	}
	switch r.Refund {
	case RefundPerRefundClamped:
		return perRefund()
	case RefundWithinWindow:
		if inTime {
			return perRefund()
		}
	case RefundCumulative:
		return max(held-oracleFee(r, settled-refunded-amount, 0, periods), 0)
	case RefundFullOnly:
		if amount == settled {
			return held
		}
	}
	return 0
}

// TestRefundsAgreeWithTheOracle refunds 50,000 random payments to the end, in up to
// five parts, by every policy: 0 fen off, never more than was charged, and by the
// cumulative policy exactly what was charged.
func TestRefundsAgreeWithTheOracle(t *testing.T) {
	random := rand.New(rand.NewPCG(2024, 12))
	for range 50_000 {
		r := randomRule(t, random)
		r.Event, r.AccountType = OnPayment, ""
		if r.Kind == QuotaPercent {
			r.Kind, r.Quotas, r.Base = PercentFixed, nil, BaseSettled
			r.FixedFee = 5
		}
		r.Refund = RefundPolicy(RefundPolicies[random.IntN(len(RefundPolicies))])
		if r.Refund == RefundWithinWindow {
			r.RefundDays = 30
		}
		r.settle()
		if r.check() != nil { // the policy does not go with the kind
			continue
		}
		settled, periods := 1+settlement.Amount(random.Int64N(100_000)), 6
		p := Refunding{PaidAt: 0, Settled: settled, Periods: periods}
		p.Charged = oracleFee(r, settled, 0, periods)
		parts := 1 + random.IntN(5)
		for i := range parts {
			amount := settled - p.Refunded
			if i < parts-1 {
				amount = settlement.Amount(random.Int64N(int64(amount) + 1))
			}
			when := settlement.Instant(random.IntN(60)) * 24 * 60 * settlement.Minute
			got, told := r.Return(p, amount, when), r.ExplainReturn(p, amount, when)
			want := oracleReturn(r, settled, p.Charged, p.Refunded, p.Returned, amount, periods, when < 30*24*60*settlement.Minute)
			if got != want || told.Fee != got || len(told.Steps) == 0 {
				t.Fatalf("%+v refunding %s of %+v: %s, explained %s, the oracle has %s", r, amount, p, got, told.Fee, want)
			}
			p.Refunded += amount
			p.Returned += got
		}
		if p.Returned > p.Charged || r.Refund == RefundCumulative && p.Returned != p.Charged {
			t.Fatalf("%+v: %s of %s came back", r, p.Returned, p.Charged)
		}
	}
}
