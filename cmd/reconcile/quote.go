package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"reconcile/fees"
	"reconcile/settlement"
)

const quoteHelp = `Says what one hypothetical payment, refund series, instalment plan or withdrawal
should cost: the rule chosen and why, the rules passed over, and each step of
the arithmetic. The rules are the presets, those of the configuration's
contracts, and those stated with --rule, which take the place of the contracts.
Nothing is written.`

const quoteCodes = `  0    answered, also where no rule tells the fee
  2    wrong use, a faulty configuration or rule, an amount that cannot be
  130  interrupted`

// quoteFlags are those of all questions.
type quoteFlags struct {
	wallet, account, accountType, shop, category, funding, product, at string
	rules                                                              []string
}

func (a *app) quoteCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "quote",
		Short: "Say what one payment, refund series or withdrawal should cost, with every step",
		Long:  quoteHelp + exitCodes(quoteCodes),
		Example: `  reconcile quote payment --wallet wechat --amount 100.00 --refund 30.00
  reconcile quote withdrawal --wallet wechat --account-type micro --amount 500
  reconcile quote deposit --wallet alipay --amount 10000.00`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.quotePaymentCommand(), a.quoteWithdrawalCommand(), a.quoteDepositCommand())
	return cmd
}

func (f *quoteFlags) add(a *app, cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.wallet, "wallet", "", "alipay, wechat or another wallet (required)")
	flags.StringVar(&f.account, "account", "", "account number; a configured one gives the account type, category and quotas")
	flags.StringVar(&f.accountType, "account-type", "", "merchant, enterprise, personal or micro")
	flags.StringVar(&f.category, "category", "", "trade or enrolment that a rule may state, such as fee_reduction")
	flags.StringVar(&f.at, "at", "", "time of the payment or withdrawal, of Asia/Shanghai or with a zone (default: now)")
	flags.StringArrayVar(&f.rules, "rule", nil, "a rule to ask about, as in a contract file: 'kind: percent, rate: 0.38%'")
	a.withConfig(cmd)
	a.withOutput(cmd, "print JSON", "")
}

// question is what the flags of all questions come to.
type question struct {
	terms   *fees.Terms
	account fees.Account
	subject fees.Subject
	at      settlement.Instant
}

func (f *quoteFlags) question(a *app, event fees.Event, component settlement.Component) (*question, error) {
	c, err := readConfig(a.configFlag)
	if err != nil {
		return nil, err
	}
	q := &question{}
	if q.terms, err = c.feeTerms(); err != nil {
		return nil, usage(err)
	}
	wallet, ok := settlement.ParseWallet(f.wallet)
	if !ok {
		return nil, usage(fmt.Errorf("--wallet %q is not known (known: %s)", f.wallet, strings.Join(settlement.WalletWords[1:], ", ")))
	}
	q.account = q.terms.Account(wallet, f.account)
	if f.accountType != "" {
		if err := knownWord("--account-type", f.accountType, fees.AccountTypes); err != nil {
			return nil, err
		}
		q.account.AccountType = fees.AccountType(f.accountType)
	}
	if f.category != "" {
		q.account.Category = f.category
	}
	q.subject = q.account.Subject()
	q.subject.Event, q.subject.Component = event, component
	q.subject.Shop, q.subject.Funding, q.subject.Product = f.shop, f.funding, f.product
	q.at = settlement.InstantOf(time.Now().Truncate(time.Second))
	if f.at != "" {
		if q.at, err = parseTime("--at", f.at); err != nil {
			return nil, err
		}
	}
	return q, f.stateRules(a, q)
}

// stateRules puts the rules of --rule in the place of the contracts.
func (f *quoteFlags) stateRules(a *app, q *question) error {
	if len(f.rules) == 0 {
		return nil
	}
	var rules []fees.Rule
	for i, text := range f.rules {
		id := "stated"
		if i > 0 {
			id = fmt.Sprintf("stated %d", i+1)
		}
		rule, warnings, err := fees.ReadStated(fmt.Sprintf("--rule %d", i+1), text, fees.Stated(id, q.subject))
		if err != nil {
			return usage(err)
		}
		for _, w := range warnings {
			a.log.Warn(w.Error())
		}
		rules = append(rules, rule)
	}
	schedule, err := fees.WithPresets(rules)
	if err != nil {
		return usage(err)
	}
	terms := *q.terms
	terms.Schedule = schedule
	q.terms = &terms
	return nil
}

func knownWord(flag, word string, known []string) error {
	for _, k := range known {
		if k == word {
			return nil
		}
	}
	return usage(fmt.Errorf("%s %q is not known (known: %s)", flag, word, strings.Join(known, ", ")))
}

func parseTime(flag, text string) (settlement.Instant, error) {
	at, err := fees.ParseTime(text)
	if err != nil {
		return at, usage(fmt.Errorf("%s %q is %w", flag, text, err))
	}
	return at, nil
}

// parseYuan reads an amount that is not negative.
func parseYuan(flag, text string) (settlement.Amount, error) {
	a, err := settlement.ParseAmount([]byte(text))
	if err != nil {
		return 0, usage(fmt.Errorf("%s %q: %w", flag, text, err))
	}
	if a < 0 {
		return 0, usage(fmt.Errorf("%s %s is negative: amounts are stated without a sign", flag, a))
	}
	return a, nil
}
