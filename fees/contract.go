package fees

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"reconcile/settlement"
	"reconcile/yamlfile"
)

// A rate above these is allowed, and warned of: 60 % is written where 0.60 % is
// meant more often than it is agreed.
const (
	saneRate           settlement.Rate = 50_000  // 5 %
	saneInstalmentRate settlement.Rate = 150_000 // 15 %
)

// GapWords are the values of a contract's `gaps`: whether its schedule of one thing
// may leave times without a rule. Left out they are refused.
var GapWords = []string{"allowed", "refused"}

// Contract is what a contract file states.
type Contract struct {
	Rules    []Rule
	Warnings []yamlfile.Fault
}

// ReadContract reads a contract file: its rules under the key `rules`, and `gaps:
// allowed` where the contract does not promise a rate for every time. The error has
// every fault of the file with its place; what is wrong among rules NewSchedule
// finds.
func ReadContract(path string, text []byte) (Contract, error) {
	r := yamlfile.NewReader(path)
	var c Contract
	root := r.Root(text)
	before := r.Faults()
	ContractFields(r, root, &c.Rules)
	if len(c.Rules) == 0 && r.Faults() == before {
		r.Fault(yamlfile.PlaceOf(root), "list them under the key rules", "no rules")
	}
	c.Warnings = r.Warnings()
	return c, r.Err()
}

// ContractFields reads the root of a contract file with r, or describes it.
func ContractFields(r *yamlfile.Reader, root ast.Node, to *[]Rule) {
	allowed := false
	r.Mapping("", root, map[string]yamlfile.Field{
		"gaps":  r.OneOf(GapWords, func(word string) { allowed = word == GapWords[0] }),
		"rules": RulesField(r, to),
	})
	for i := range *to {
		(*to)[i].GapsAllowed = allowed
	}
}

// RulesField is the field of a list of rules. A rule with a fault is left out.
func RulesField(r *yamlfile.Reader, to *[]Rule) yamlfile.Field {
	return r.List(func(at string, n ast.Node) {
		before := r.Faults()
		rule := blankRule()
		where := r.Places[at]
		rule.At = settlement.Position{File: r.Path, Line: int64(where.Line)}
		ruleFields(r, at, n, &rule)
		r.Required(at, n, "rule_id", "version", "event", "kind", "source", "mark")
		if r.Faults() > before || r.Describing() {
			return
		}
		if checkRule(r, where, &rule) {
			warnOfRates(r, at, &rule)
			*to = append(*to, rule)
		}
	})
}

// checkRule reports all that is wrong with a rule at its place, and says whether
// nothing is.
func checkRule(r *yamlfile.Reader, where yamlfile.Place, rule *Rule) bool {
	rule.settle()
	err := rule.check()
	if err == nil {
		return true
	}
	for line := range strings.Lines(err.Error()) {
		r.Fault(where, "", "%s", strings.TrimPrefix(strings.TrimSuffix(line, "\n"), rule.At.String()+": "))
	}
	return false
}

// ReadStated reads a rule as a person states it for a question, "kind: percent, rate:
// 0.38%"; what it leaves out is base's, and half up. The error has every fault.
func ReadStated(name, text string, base Rule) (Rule, []yamlfile.Fault, error) {
	if !strings.HasPrefix(strings.TrimSpace(text), "{") {
		text = "{" + text + "}"
	}
	r := yamlfile.NewReader(name)
	root := r.Root([]byte(text))
	before := r.Faults()
	base.At = settlement.Position{File: name}
	ruleFields(r, "", root, &base)
	if kindFields[base.Kind].needs&hasRounding != 0 && base.Rounding == "" {
		base.Rounding = HalfUp
	}
	if r.Faults() == before && checkRule(r, yamlfile.Place{}, &base) {
		warnOfRates(r, "", &base)
	}
	return base, r.Warnings(), r.Err()
}

// Stated is what a stated rule has where it does not say otherwise: it is for the
// wallet and event of the question, of withdrawals also for its account type.
func Stated(id string, q Subject) Rule {
	r := blankRule()
	r.ID, r.Version, r.Wallet, r.Event, r.Component = id, "1", q.Wallet, q.Event, q.Component
	if q.Event == OnWithdrawal {
		r.AccountType = q.AccountType
	}
	r.Source, r.Mark, r.OnTop = "stated with the question", Convention, q.Event == OnWithdrawal
	return r
}

// blankRule is a rule that states nothing.
func blankRule() Rule {
	return Rule{From: settlement.NoInstant, Until: settlement.NoInstant, Rate: settlement.NoRate, ListRate: settlement.NoRate,
		MinFee: settlement.NoAmount, MaxFee: settlement.NoAmount}
}

// ruleFields reads one rule: the registry of its keys.
func ruleFields(r *yamlfile.Reader, at string, n ast.Node, rule *Rule) {
	listed := settlement.NoRate
	r.Mapping(at, n, map[string]yamlfile.Field{
		"rule_id":         TextField(r, &rule.ID),
		"version":         TextField(r, &rule.Version),
		"wallet":          r.OneOf(settlement.WalletWords[1:], func(w string) { rule.Wallet, _ = settlement.ParseWallet(w) }),
		"account_type":    r.OneOf(AccountTypes, func(w string) { rule.AccountType = AccountType(w) }),
		"merchant":        TextField(r, &rule.Merchant),
		"shop":            TextField(r, &rule.Shop),
		"category":        TextField(r, &rule.Category),
		"funding":         TextField(r, &rule.Funding),
		"product":         TextField(r, &rule.Product),
		"event":           r.OneOf(EventWords[1:], func(w string) { rule.Event = Event(slices.Index(EventWords, w)) }),
		"component":       r.OneOf(settlement.ComponentWords[1:], func(w string) { rule.Component = settlement.Component(slices.Index(settlement.ComponentWords, w)) }),
		"from":            InstantField(r, &rule.From),
		"until":           InstantField(r, &rule.Until),
		"base":            r.OneOf(Bases, func(w string) { rule.Base = Base(w) }),
		"kind":            r.OneOf(RuleKinds, func(w string) { rule.Kind = RuleKind(w) }),
		"rate_ppm":        rateField(r, &rule.Rate),
		"rate":            percentField(r, &listed),
		"discount_ppm":    rateField(r, &rule.Share),
		"fixed_fen":       fenField(r, &rule.FixedFee),
		"min_fen":         fenField(r, &rule.MinFee),
		"max_fen":         fenField(r, &rule.MaxFee),
		"tiers":           r.List(func(at string, n ast.Node) { rule.Tiers = append(rule.Tiers, readTier(r, at, n)) }),
		"mode":            r.OneOf([]string{string(Graduated), string(Volume)}, func(w string) { rule.Mode = Mode(w) }),
		"instalments":     r.List(func(at string, n ast.Node) { rule.Instalments = append(rule.Instalments, readPeriods(r, at, n)) }),
		"quotas":          r.List(func(at string, n ast.Node) { rule.Quotas = append(rule.Quotas, readGrant(r, at, n)) }),
		"rounding":        r.OneOf(Roundings, func(w string) { rule.Rounding = Rounding(w) }),
		"taken":           r.OneOf([]string{"on_top", "deducted"}, func(w string) { rule.OnTop = w == "on_top" }),
		"refund_policy":   r.OneOf(RefundPolicies, func(w string) { rule.Refund = RefundPolicy(w) }),
		"refund_days":     numberField(r, &rule.RefundDays),
		"excludes_escrow": r.Flag(func(is bool) { rule.ExcludesEscrow = is }),
		"source":          TextField(r, &rule.Source),
		"mark":            r.OneOf(Marks, func(w string) { rule.Mark = Mark(w) }),
	})
	if listed != settlement.NoRate {
		if rule.Rate != settlement.NoRate {
			r.Fault(r.Places[at+".rate"], "keep one", "%s: rate and rate_ppm say the same", at)
		}
		rule.Rate = listed
	}
	if rule.MaxFee == 0 {
		r.Fault(r.Places[at+".max_fen"], "state kind zero where there is no fee", "%s: a max_fen of 0", at)
	}
	if rule.Kind == Discount {
		rule.ListRate = rule.Rate
	}
}

func readTier(r *yamlfile.Reader, at string, n ast.Node) Tier {
	tier := Tier{UpTo: settlement.NoAmount, Rate: settlement.NoRate}
	listed := settlement.NoRate
	r.Mapping(at, n, map[string]yamlfile.Field{
		"up_to_fen": fenField(r, &tier.UpTo), "rate_ppm": rateField(r, &tier.Rate), "rate": percentField(r, &listed)})
	tier.Rate = max(tier.Rate, listed)
	return tier
}

func readPeriods(r *yamlfile.Reader, at string, n ast.Node) PeriodRate {
	row := PeriodRate{Rate: settlement.NoRate}
	listed := settlement.NoRate
	r.Mapping(at, n, map[string]yamlfile.Field{
		"periods": numberField(r, &row.Periods), "rate_ppm": rateField(r, &row.Rate), "rate": percentField(r, &listed)})
	row.Rate = max(row.Rate, listed)
	return row
}

func readGrant(r *yamlfile.Reader, at string, n ast.Node) Grant {
	g := Grant{Amount: settlement.NoAmount, AccruesFrom: settlement.NoInstant, AccruesUntil: settlement.NoInstant}
	r.Mapping(at, n, map[string]yamlfile.Field{
		"period":        r.OneOf(Periods, func(w string) { g.Period = Period(w) }),
		"scope":         r.OneOf(Scopes, func(w string) { g.Scope = Scope(w) }),
		"amount_fen":    fenField(r, &g.Amount),
		"share_ppm":     rateField(r, &g.Share),
		"valid_years":   numberField(r, &g.ValidYears),
		"accrues_from":  InstantField(r, &g.AccruesFrom),
		"accrues_until": InstantField(r, &g.AccruesUntil),
	})
	r.Required(at, n, "period", "scope")
	return g
}

// warnOfRates points at rates that are probably mistyped.
func warnOfRates(r *yamlfile.Reader, at string, rule *Rule) {
	warn := func(rate, sane settlement.Rate, key string) {
		if rate <= sane {
			return
		}
		where := r.Places[at]
		for _, k := range []string{key, strings.Replace(key, "rate_ppm", "rate", 1)} {
			where = cmp.Or(r.Places[at+"."+k], r.Places[k], where)
		}
		r.Warn(where, "", "fee rule %q: a rate of %s: is %s meant?", rule.ID, rate, rate/100)
	}
	warn(max(rule.Rate, rule.ListRate), saneRate, "rate_ppm")
	for i, t := range rule.Tiers {
		warn(t.Rate, saneRate, fmt.Sprintf("tiers[%d].rate_ppm", i+1))
	}
	for i, p := range rule.Instalments {
		warn(p.Rate, saneInstalmentRate, fmt.Sprintf("instalments[%d].rate_ppm", i+1))
	}
}

// TextField is a text that is there and has no blanks around it.
func TextField(r *yamlfile.Reader, to *string) yamlfile.Field {
	return r.Matching(`^\S(.*\S)?\s*$`, func(text string) (string, error) {
		text = strings.TrimRight(text, "\n")
		if text == "" || strings.TrimSpace(text) != text {
			return "write it, or leave the key out", errors.New("it is empty or has blanks around it")
		}
		*to = text
		return "", nil
	})
}

// rateField is a rate in millionths.
func rateField(r *yamlfile.Reader, to *settlement.Rate) yamlfile.Field {
	return r.Whole(0, million, func(text string) (string, error) {
		ppm, err := strconv.ParseUint(text, 10, 31)
		if err != nil || ppm > million {
			return "a whole number from 0 to 1000000; 0.60 % is 6000", fmt.Errorf("%s is no rate in millionths", text)
		}
		*to = settlement.Rate(ppm)
		return "", nil
	})
}

// percentField is a rate as people write it: 0.60%.
func percentField(r *yamlfile.Reader, to *settlement.Rate) yamlfile.Field {
	return r.Matching(`^[0-9]+(\.[0-9]{1,4})?\s*%$`, func(text string) (string, error) {
		digits, ok := strings.CutSuffix(text, "%")
		rate, err := settlement.ParseRate([]byte(strings.TrimRight(digits, " ") + "%"))
		if !ok || err != nil {
			return "a percentage such as 0.60%", fmt.Errorf("%q is no rate", text)
		}
		*to = rate
		return "", nil
	})
}

// fenField is an amount in fen that is not negative.
func fenField(r *yamlfile.Reader, to *settlement.Amount) yamlfile.Field {
	return r.Whole(0, int64(settlement.MaxAmount), func(text string) (string, error) {
		fen, err := strconv.ParseUint(text, 10, 63)
		if err != nil || fen > uint64(settlement.MaxAmount) {
			return "whole fen, not negative; 1 yuan is 100", fmt.Errorf("%s is no amount in fen", text)
		}
		*to = settlement.Amount(fen)
		return "", nil
	})
}

func numberField(r *yamlfile.Reader, to *int) yamlfile.Field {
	return r.Whole(1, 3650, func(text string) (string, error) {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 3650 {
			return "a whole number from 1", fmt.Errorf("%q is no such number", text)
		}
		*to = n
		return "", nil
	})
}

// InstantField is a day, which stands for its first instant, or a time: of
// Asia/Shanghai, or with a zone of its own.
func InstantField(r *yamlfile.Reader, to *settlement.Instant) yamlfile.Field {
	return r.Matching(`^20[0-9]{2}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})?)?$`, func(text string) (string, error) {
		at, err := ParseTime(text)
		if err != nil {
			return "such as 2024-10-01, 2024-10-01 12:00:00 or 2024-10-01T12:00:00+08:00", fmt.Errorf("%q is %w", text, err)
		}
		*to = at
		return "", nil
	})
}

// ParseTime reads a day as its first instant in Asia/Shanghai, a time without a zone
// as one of Asia/Shanghai, and a time with its zone as what it says.
func ParseTime(text string) (settlement.Instant, error) {
	switch {
	case len(text) == len("2006-01-02"):
		day, err := settlement.ParseDay([]byte(text))
		if err != nil {
			return settlement.NoInstant, err
		}
		return day.Start(), nil
	case len(text) == len("2006-01-02 15:04:05"):
		return settlement.ParseInstant([]byte(strings.Replace(text, "T", " ", 1)))
	}
	if _, err := settlement.ParseDay([]byte(text[:min(len(text), 10)])); err != nil {
		return settlement.NoInstant, err
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return settlement.NoInstant, errors.New("not a day, nor a time such as 2024-09-12 08:30:00 or 2024-09-12T08:30:00+08:00")
	}
	return settlement.InstantOf(t), nil
}
