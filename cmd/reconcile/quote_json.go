package main

import (
	"reconcile/fees"
	"reconcile/settlement"
)

// Amounts are yuan as text in JSON, null where they are not known: no reader makes a
// float of them.

func jsonAmount(a settlement.Amount) any {
	if a == settlement.NoAmount {
		return nil
	}
	return a.String()
}

func jsonAmounts(amounts []settlement.Amount) []any {
	out := []any{}
	for _, a := range amounts {
		out = append(out, jsonAmount(a))
	}
	return out
}

func jsonTime(t settlement.Instant) any {
	if t == settlement.NoInstant {
		return nil
	}
	return t.Time().Format("2006-01-02T15:04:05Z07:00")
}

type passedJSON struct {
	RuleID  string `json:"rule_id"`
	Version string `json:"version"`
	Why     string `json:"why"`
}

type decisionJSON struct {
	RuleID     string       `json:"rule_id"`
	Version    string       `json:"version"`
	Assumed    bool         `json:"assumed"`
	Source     string       `json:"source"`
	Mark       string       `json:"mark"`
	Why        string       `json:"why"`
	PassedOver []passedJSON `json:"passed_over"`
}

func jsonDecision(d fees.Decision) decisionJSON {
	out := decisionJSON{Why: d.Why, PassedOver: []passedJSON{}}
	if r := d.Rule; r != nil {
		out.RuleID, out.Version, out.Assumed, out.Source, out.Mark = r.ID, r.Version, r.Assumed, r.Source, string(r.Mark)
	}
	for _, p := range d.PassedOver {
		out.PassedOver = append(out.PassedOver, passedJSON{p.Rule.ID, p.Rule.Version, p.Why})
	}
	return out
}

func paymentJSON(q *fees.PaymentQuestion, quote *fees.PaymentQuote) map[string]any {
	out := map[string]any{
		"amount": q.Amount.String(), "paid_at": jsonTime(q.PaidAt), "base": quote.Base.String(), "fee": jsonAmount(quote.Fee),
		"steps": quote.Steps, "decision": jsonDecision(quote.Decision),
	}
	if len(quote.Split) > 0 {
		out["periods"] = jsonAmounts(quote.Split)
	}
	if q.Count > 1 && quote.Fee != settlement.NoAmount {
		out["total_fee"], out["total_base"] = quote.Total.String(), quote.TotalBase.String()
	}
	if len(quote.Refunds) > 0 {
		var refunds []map[string]any
		for i := range quote.Refunds {
			r := &quote.Refunds[i]
			refunds = append(refunds, map[string]any{"amount": r.Amount.String(), "settled": r.Settled.String(), "at": jsonTime(r.At),
				"returned": jsonAmount(r.Fee), "steps": r.Steps})
		}
		out["refunds"], out["returned"] = refunds, jsonAmount(quote.Returned)
	}
	if h := quote.Home; h != nil {
		out["home"] = map[string]any{"wallet": h.Wallet.String(), "fee": jsonAmount(h.Fee), "incremental": jsonAmount(h.Incremental),
			"why": h.Why, "decision": jsonDecision(h.Decision)}
	}
	return out
}

func withdrawalJSON(quotes []fees.WithdrawalQuote, d fees.Decision) map[string]any {
	list := []map[string]any{}
	total := settlement.Amount(0)
	for i := range quotes {
		w := &quotes[i]
		uses := []map[string]any{}
		for _, use := range w.Uses {
			uses = append(uses, map[string]any{"period": string(use.Period), "start": jsonTime(use.Start), "amount": use.Amount.String()})
		}
		list = append(list, map[string]any{"amount": w.Amount.String(), "at": jsonTime(w.At), "returned_by_bank": w.Kind == fees.Bounce,
			"fee": jsonAmount(w.Expected), "class": w.Class.String(), "quota_used": jsonAmount(w.QuotaUsed), "quotas": uses, "steps": w.Steps})
		if w.Expected == settlement.NoAmount || total == settlement.NoAmount {
			total = settlement.NoAmount
		} else {
			total += w.Expected
		}
	}
	return map[string]any{"withdrawals": list, "total_fee": jsonAmount(total), "decision": jsonDecision(d)}
}

func depositJSON(amount settlement.Amount, e fees.Explained, d fees.Decision) map[string]any {
	return map[string]any{"amount": amount.String(), "fee": jsonAmount(e.Fee), "steps": e.Steps, "decision": jsonDecision(d)}
}
