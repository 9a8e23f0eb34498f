package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"reconcile/fees"
	"reconcile/settlement"
)

// withdrawalFlags are those of the question what withdrawals cost.
type withdrawalFlags struct {
	quoteFlags
	amounts, lots  []string
	quota, balance string
	bounced        bool
}

func (a *app) quoteWithdrawalCommand() *cobra.Command {
	var f withdrawalFlags
	cmd := &cobra.Command{
		Use:   "withdrawal",
		Short: "Say what withdrawals cost, and which quotas they use",
		Long: `Says what withdrawals (提现) cost: several are made at one time, in their order,
and share the quotas, as the accounts of one identity do. The free quota that is
left must be stated, or be in the configuration: it is never guessed.` + exitCodes(quoteCodes),
		Example: `  reconcile quote withdrawal --wallet alipay --account 2088021109625633 \
    --amount 9000.00
  reconcile quote withdrawal --wallet wechat --account-type personal \
    --quota 1000.00 --amount 2000.00
  reconcile quote withdrawal --wallet wechat --account-type personal \
    --quota 0 --balance 1000.00 --amount all`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.quoteWithdrawal(&f) },
	}
	f.add(a, cmd)
	flags := cmd.Flags()
	flags.StringArrayVar(&f.amounts, "amount", nil, "amount to withdraw, in yuan; several are withdrawn in their order; all takes the balance (required)")
	flags.StringVar(&f.balance, "balance", "", "balance of the account, for --amount all")
	flags.StringVar(&f.quota, "quota", "", "what is left of the free quota of a lifetime, day or month")
	flags.StringArrayVar(&f.lots, "lot", nil, "lot of free quota and the day on which it was received: 5000.00@2021-06-01; 0 for none")
	flags.BoolVar(&f.bounced, "bounced", false, "the bank returns each of them")
	return cmd
}

func (a *app) quoteWithdrawal(f *withdrawalFlags) error {
	base, err := f.question(a, fees.OnWithdrawal, settlement.NoComponent)
	if err != nil {
		return err
	}
	q := fees.WithdrawalQuestion{Owner: base.account.Owner, At: base.at, Bounced: f.bounced, Quotas: base.terms.Opening}
	if len(f.amounts) == 0 {
		return usage(errors.New("--amount is missing"))
	}
	for _, text := range f.amounts {
		if text == "all" {
			if len(f.amounts) > 1 || f.balance == "" {
				return usage(errors.New("--amount all stands alone and needs --balance"))
			}
			if q.Balance, err = parseYuan("--balance", f.balance); err != nil {
				return err
			}
			q.All = true
			break
		}
		amount, err := parseYuan("--amount", text)
		if err != nil {
			return err
		}
		q.Amounts = append(q.Amounts, amount)
	}
	if err := f.stateQuotas(base, &q); err != nil {
		return err
	}
	quotes, decision, err := base.terms.Schedule.QuoteWithdrawals(q)
	if err != nil {
		return usage(err)
	}
	if a.json {
		return printJSON(a.out, withdrawalJSON(quotes, decision))
	}
	a.printWithdrawals(quotes, decision)
	return nil
}

// stateQuotas puts the stated quotas in the place of the configured ones.
func (f *withdrawalFlags) stateQuotas(base *question, q *fees.WithdrawalQuestion) error {
	if f.quota == "" && len(f.lots) == 0 {
		return nil
	}
	if q.Owner.Identity == "" {
		q.Owner.Identity = "stated"
	}
	if q.Owner.Account == "" {
		q.Owner.Account = "stated"
	}
	d := base.terms.Schedule.Decide(base.subject, base.at)
	if d.Rule == nil {
		return nil // which the answer says
	}
	q.Quotas = fees.QuotaState{Since: settlement.NoInstant}
	if f.quota != "" {
		left, err := parseYuan("--quota", f.quota)
		if err != nil {
			return err
		}
		q.Quotas.Quotas = append(q.Quotas.Quotas, fees.StatedQuotas(d.Rule, &q.Owner, base.at, left)...)
	}
	for _, text := range f.lots {
		amount, day, dated := strings.Cut(text, "@")
		granted, err := parseYuan("--lot", amount)
		if err != nil {
			return err
		}
		start := base.at
		if dated {
			if start, err = parseTime("--lot", day); err != nil {
				return err
			}
		} else if granted != 0 {
			return usage(fmt.Errorf("--lot %s: state the day on which it was received, as in 5000.00@2021-06-01", text))
		}
		q.Quotas.Quotas = append(q.Quotas.Quotas, fees.StatedLot(d.Rule, &q.Owner, start, granted)...)
	}
	return nil
}

func (a *app) printWithdrawals(quotes []fees.WithdrawalQuote, d fees.Decision) {
	total, known := settlement.Amount(0), true
	for i := range quotes {
		w := &quotes[i]
		what := a.say("withdrawal")
		if w.Kind == fees.Bounce {
			what = a.say("returned by the bank")
		}
		fmt.Fprintf(a.out, "%s %s, %s: %s %s", what, w.Amount, w.At, a.say("fee"), a.amountOrUnknown(w.Expected))
		if w.Expected == settlement.NoAmount {
			fmt.Fprintf(a.out, " (%s)\n", w.Class)
			known = false
		} else {
			total += w.Expected
			fmt.Fprintln(a.out)
		}
		a.printSteps(w.Steps)
		for _, use := range w.Uses {
			since := ""
			if use.Start != settlement.NoInstant {
				since = " " + use.Start.String()
			}
			fmt.Fprintf(a.out, "  %s %s%s: %s\n", a.say("quota used"), use.Period, since, use.Amount)
		}
		if w.Rule != nil && w.Rule.OnTop && w.Expected != settlement.NoAmount && w.Kind != fees.Bounce {
			fmt.Fprintf(a.out, "  %s %s\n", a.say("leaves the account, with the fee on top:"), w.Amount+w.Expected)
		}
	}
	if len(quotes) > 1 && known {
		fmt.Fprintf(a.out, "%s: %s\n", a.say("total fee"), total)
	}
	a.printDecision(d)
}

func (a *app) quoteDepositCommand() *cobra.Command {
	var f quoteFlags
	var amount string
	cmd := &cobra.Command{
		Use:     "deposit",
		Short:   "Say what it costs to put money into a wallet",
		Long:    `Says what a deposit (充值) costs: nothing where no rule speaks of deposits.` + exitCodes(quoteCodes),
		Example: `  reconcile quote deposit --wallet alipay --amount 10000.00`,
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			q, err := f.question(a, fees.OnDeposit, settlement.NoComponent)
			if err != nil {
				return err
			}
			yuan, err := parseYuan("--amount", amount)
			if err != nil {
				return err
			}
			d := q.terms.Schedule.Decide(q.subject, q.at)
			e := fees.Explained{Steps: []string{"no rule speaks of deposits: they cost nothing"}}
			if d.Rule != nil {
				e = d.Rule.ExplainFee(yuan)
			}
			if a.json {
				return printJSON(a.out, depositJSON(yuan, e, d))
			}
			fmt.Fprintf(a.out, "%s %s, %s: %s %s\n", a.say("deposit"), yuan, q.at, a.say("fee"), a.amountOrUnknown(e.Fee))
			a.printSteps(e.Steps)
			a.printDecision(d)
			return nil
		},
	}
	f.add(a, cmd)
	cmd.Flags().StringVar(&amount, "amount", "", "amount, in yuan (required)")
	return cmd
}
