package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"reconcile/fees"
	"reconcile/settlement"
)

// paymentFlags are those of the question what a payment costs.
type paymentFlags struct {
	quoteFlags
	amount, coupon, charged, component, home string
	refunds                                  []string
	periods                                  int
	count                                    uint64
	escrow                                   bool
}

func (a *app) quotePaymentCommand() *cobra.Command {
	var f paymentFlags
	cmd := &cobra.Command{
		Use:   "payment",
		Short: "Say what a payment costs, and what its refunds return",
		Long: `Says what a payment costs and what each of its refunds returns, in their order.
With --home it compares with what the home wallet would have cost; a --rule of
the home wallet states its wallet: 'wallet: alipay, kind: percent, rate: 0.55%'.` + exitCodes(quoteCodes),
		Example: `  reconcile quote payment --wallet wechat --amount 100 --refund 30 --refund 70
  reconcile quote payment --wallet alipay --amount 1000 \
    --component instalment --periods 3
  reconcile quote payment --wallet wechat --amount 1000.00 --home alipay
  reconcile quote payment --wallet alipay --amount 1.31 \
    --rule 'kind: percent, rate: 0.38%'`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.quotePayment(&f) },
	}
	f.add(a, cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.amount, "amount", "", "what the order asks, in yuan (required)")
	flags.StringVar(&f.coupon, "coupon", "0", "part of it that a coupon without top-up (免充值券) pays, which is not settled")
	flags.StringVar(&f.charged, "charged", "", "fee that was charged (default: what the rule says)")
	flags.StringArrayVar(&f.refunds, "refund", nil, "amount asked back, with its time where that matters: 30.00 or 30.00@2024-10-05")
	flags.StringVar(&f.shop, "shop", "", "shop")
	flags.StringVar(&f.funding, "funding", "", "what was paid with, such as debit or credit")
	flags.StringVar(&f.product, "product", "", "product, such as jsapi; of a platform's fee the platform")
	flags.StringVar(&f.component, "component", "channel", "which fee: channel, instalment or platform")
	flags.IntVar(&f.periods, "periods", 0, "number of instalments")
	flags.Uint64Var(&f.count, "count", 1, "number of payments alike")
	flags.StringVar(&f.home, "home", "", "home wallet to compare with")
	flags.BoolVar(&f.escrow, "escrow", false, "an order of an escrow platform, such as Taobao")
	return cmd
}

func (a *app) quotePayment(f *paymentFlags) error {
	if err := knownWord("--component", f.component, settlement.ComponentWords[1:]); err != nil {
		return err
	}
	base, err := f.question(a, fees.OnPayment, settlement.Component(slices.Index(settlement.ComponentWords, f.component)))
	if err != nil {
		return err
	}
	q := fees.PaymentQuestion{Subject: base.subject, PaidAt: base.at, Periods: f.periods, Count: f.count, Escrow: f.escrow, Charged: settlement.NoAmount}
	if q.Amount, err = parseYuan("--amount", f.amount); err != nil {
		return err
	}
	if q.Coupon, err = parseYuan("--coupon", f.coupon); err != nil {
		return err
	}
	if f.charged != "" {
		if q.Charged, err = parseYuan("--charged", f.charged); err != nil {
			return err
		}
	}
	if f.periods < 0 || f.count < 1 {
		return usage(errors.New("--periods and --count are whole numbers from 1"))
	}
	for _, text := range f.refunds {
		amount, at, timed := strings.Cut(text, "@")
		refund := fees.Refunded{At: base.at}
		if refund.Amount, err = parseYuan("--refund", amount); err != nil {
			return err
		}
		if timed {
			if refund.At, err = parseTime("--refund", at); err != nil {
				return err
			}
			if refund.At < base.at {
				return usage(fmt.Errorf("--refund %s is before the payment at %s", text, base.at))
			}
		}
		q.Refunds = append(q.Refunds, refund)
	}
	if f.home != "" {
		wallet, ok := settlement.ParseWallet(f.home)
		if !ok {
			return usage(fmt.Errorf("--home %q is not known (known: %s)", f.home, strings.Join(settlement.WalletWords[1:], ", ")))
		}
		q.Home = wallet
	}
	quote, err := base.terms.Schedule.QuotePayment(q)
	if err != nil {
		return usage(err)
	}
	if a.json {
		return printJSON(a.out, paymentJSON(&q, quote))
	}
	a.printPayment(&q, quote)
	return nil
}

func (a *app) printPayment(q *fees.PaymentQuestion, quote *fees.PaymentQuote) {
	fmt.Fprintf(a.out, "%s %s %s, %s: %s %s\n", a.say("payment"), q.Amount, q.Subject.Wallet, q.PaidAt, a.say("fee"), a.amountOrUnknown(quote.Fee))
	if quote.Base != q.Amount {
		fmt.Fprintf(a.out, "  %s − %s %s = %s\n", q.Amount, q.Coupon, a.say("coupon without top-up"), quote.Base)
	}
	a.printSteps(quote.Steps)
	if len(quote.Split) > 0 {
		fmt.Fprintf(a.out, "  %s %s\n", a.say("by period:"), joinAmounts(quote.Split, " + "))
	}
	if q.Count > 1 && quote.Fee != settlement.NoAmount {
		fmt.Fprintf(a.out, "  × %d = %s %s %s\n", q.Count, quote.Total, a.say("on"), quote.TotalBase)
	}
	for i := range quote.Refunds {
		r := &quote.Refunds[i]
		fmt.Fprintf(a.out, "%s %s, %s: %s %s\n", a.say("refund"), r.Amount, r.At, a.amountOrUnknown(r.Fee), a.say("comes back"))
		if r.Settled != r.Amount {
			fmt.Fprintf(a.out, "  %s\n", fmt.Sprintf(a.say("%s of it is money that was settled"), r.Settled))
		}
		a.printSteps(r.Steps)
	}
	if len(quote.Refunds) > 0 && quote.Returned != settlement.NoAmount && quote.Fee != settlement.NoAmount {
		fmt.Fprintf(a.out, "%s: %s − %s = %s\n", a.say("fee kept"), quote.Fee, quote.Returned, quote.Fee-quote.Returned)
	}
	if h := quote.Home; h != nil {
		fmt.Fprintf(a.out, "%s %s: %s %s, %s %s\n", a.say("home wallet"), h.Wallet, a.say("fee"), a.amountOrUnknown(h.Fee), a.say("incremental"), a.amountOrUnknown(h.Incremental))
		if h.Why != "" {
			fmt.Fprintf(a.out, "  %s\n", h.Why)
		} else if h.Rule != nil {
			fmt.Fprintf(a.out, "  %s\n", h.Rule)
		}
	}
	a.printDecision(quote.Decision)
}

// amountOrUnknown prints an amount, and says where there is none.
func (a *app) amountOrUnknown(amount settlement.Amount) string {
	if amount == settlement.NoAmount {
		return a.say("not known")
	}
	return amount.String()
}

func joinAmounts(amounts []settlement.Amount, by string) string {
	var texts []string
	for _, amount := range amounts {
		texts = append(texts, amount.String())
	}
	return strings.Join(texts, by)
}

func (a *app) printSteps(steps []string) {
	for _, step := range steps {
		fmt.Fprintf(a.out, "  %s\n", step)
	}
}

// printDecision prints the rule that was chosen and those that were not.
func (a *app) printDecision(d fees.Decision) {
	if d.Rule == nil {
		fmt.Fprintf(a.out, "\n%s: %s\n", a.say("no rule"), d.Why)
	} else {
		fmt.Fprintf(a.out, "\n%s: %s\n  %s\n  %s: %s (%s)\n", a.say("rule"), d.Rule, d.Why, a.say("source"), d.Rule.Source, d.Rule.Mark)
	}
	if len(d.PassedOver) > 0 {
		fmt.Fprintf(a.out, "%s:\n", a.say("passed over"))
		for _, p := range d.PassedOver {
			fmt.Fprintf(a.out, "  %s version %s: %s\n", p.Rule.ID, p.Rule.Version, p.Why)
		}
	}
}
