package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"reconcile/fees"
	"reconcile/settlement"
	"reconcile/yamlfile"
)

const configCodes = `  0    the configuration is sound
  2    it is not, or is not there`

func (a *app) configCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Check the configuration, or print its JSON Schema",
		Long:  "Checks the configuration and its contracts, or prints their JSON Schema." + exitCodes(configCodes),
		Example: `  reconcile config check
  reconcile config schema --of contract`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	check := &cobra.Command{
		Use:   "check",
		Short: "Say what is configured and which fee rules are in force, or all that is wrong",
		Long: `Reads the configuration and the contract files that it names. It says which rule
prices payments and withdrawals of each account at a time, and warns of what is
allowed and probably not meant. What is wrong is reported all at once, with file
and line.` + exitCodes(configCodes),
		Example: `  reconcile config check --config reconcile.yaml
  reconcile config check --at 2024-09-12`,
		Args: cobra.NoArgs,
	}
	var at string
	check.RunE = func(*cobra.Command, []string) error { return a.checkConfig(at) }
	a.withConfig(check)
	check.Flags().StringVar(&at, "at", "", "time whose rules are shown (default: now)")
	a.withOutput(check, "print JSON", "print warnings only")

	var of string
	schema := &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the configuration or of a contract file",
		Long: `Prints the JSON Schema (draft 2020-12) of the configuration, of a contract file
or of a plan's task, for editors and other programs. It is made from the list
of keys that the reader knows; the reader checks more, such as rules that
overlap.` + exitCodes(`  0    printed
  2    usage`),
		Example: `  reconcile config schema > reconcile.schema.json
  reconcile config schema --of contract > contract.schema.json`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			s, ok := schemas()[of]
			if !ok {
				return usage(fmt.Errorf("--of %q is not known (known: configuration, contract, plan)", of))
			}
			return printJSON(a.out, s())
		},
	}
	schema.Flags().StringVar(&of, "of", "configuration", "configuration, contract or plan")
	cmd.AddCommand(check, schema)
	return cmd
}

// schemas are the files whose schema can be printed.
func schemas() map[string]func() yamlfile.Schema {
	return map[string]func() yamlfile.Schema{
		"configuration": func() yamlfile.Schema {
			return explained(yamlfile.Describe("Configuration of reconcile", func(r *yamlfile.Reader) { configFields(r, nil, &config{}) }))
		},
		"contract": func() yamlfile.Schema {
			return yamlfile.Describe("Contract file of reconcile", func(r *yamlfile.Reader) { fees.ContractFields(r, nil, &[]fees.Rule{}) })
		},
		"plan": func() yamlfile.Schema {
			return yamlfile.Describe("Task of reconcile plan", func(r *yamlfile.Reader) { planFields(r, nil, &planTask{}, &fees.Terms{}) })
		},
	}
}

// inForce is the rule of one account's event at a time.
type inForce struct {
	account   fees.Account
	event     fees.Event
	component settlement.Component
	decision  fees.Decision
}

func (a *app) checkConfig(atText string) error {
	c, err := readConfig(a.configFlag)
	if err != nil {
		return err
	}
	if c.path == "" {
		return usage(fmt.Errorf("there is no %s here (write one with reconcile init, or name it with --config)", configName))
	}
	terms, err := c.feeTerms()
	if err != nil {
		return usage(err)
	}
	at := settlement.InstantOf(time.Now().Truncate(time.Second))
	if atText != "" {
		if at, err = parseTime("--at", atText); err != nil {
			return err
		}
	}
	var warnings []string
	for _, w := range c.fees.warnings {
		warnings = append(warnings, w.Error())
	}
	for _, g := range terms.Gaps(at) {
		warnings = append(warnings, g.At.String()+": "+g.Text)
	}
	rules := rulesInForce(terms, at)
	if a.json {
		return printJSON(a.out, checkJSON(c, at, rules, warnings))
	}
	if !a.quiet {
		a.printInForce(c, terms, at, rules)
	}
	for _, w := range warnings {
		fmt.Fprintf(a.out, "%s: %s\n", a.say("warning"), w)
	}
	return nil
}

// rulesInForce are the rules of the configured accounts, and of the two wallets where
// an account of theirs is not configured.
func rulesInForce(terms *fees.Terms, at settlement.Instant) (list []inForce) {
	accounts := slices.Clone(terms.Accounts)
	for _, w := range []settlement.Wallet{settlement.Alipay, settlement.WeChat} {
		if !slices.ContainsFunc(accounts, func(a fees.Account) bool { return a.Wallet == w }) {
			accounts = append(accounts, terms.Account(w, ""))
		}
	}
	for _, account := range accounts {
		for _, event := range []fees.Event{fees.OnPayment, fees.OnRefund, fees.OnWithdrawal, fees.OnDeposit} {
			for component := settlement.ChannelFee; component <= settlement.PlatformFee; component++ {
				q := account.Subject()
				q.Event, q.Component = event, component
				d := terms.Schedule.Decide(q, at)
				if d.Rule != nil || component == settlement.ChannelFee && (event == fees.OnPayment || event == fees.OnWithdrawal && account.Account != "") {
					list = append(list, inForce{account, event, component, d})
				}
			}
		}
	}
	return list
}

func (a *app) printInForce(c *config, terms *fees.Terms, at settlement.Instant, rules []inForce) {
	fmt.Fprintf(a.out, "%s: %s\n", c.path, a.say("sound"))
	contracts := 0
	for _, r := range terms.Schedule.Rules() {
		if !r.Assumed {
			contracts++
		}
	}
	fmt.Fprintf(a.out, a.say("%d accounts, %d contract rules in %d files, %d opening quotas")+"\n\n", len(terms.Accounts), contracts, len(c.fees.files), len(terms.Opening.Quotas))
	fmt.Fprintf(a.out, a.say("Fee rules in force at %s")+"\n", at)
	g := newGrid(a.say("wallet"), a.say("account"), a.say("event"), a.say("component"), a.say("rule"), a.say("rate"), "")
	for column := range 7 {
		g.leftAlign(column)
	}
	g.notes = true
	for _, r := range rules {
		rule, rate, note := a.say("none"), "", r.decision.Why
		if d := r.decision.Rule; d != nil {
			rule, note = d.ID+" "+d.Version, ""
			if d.Rate != settlement.NoRate {
				rate = d.Rate.String()
			}
			if d.Assumed {
				note = a.say("assumed")
			}
		}
		g.row(r.account.Wallet.String(), r.account.Account, r.event.String(), r.component.String(), rule, rate, note)
	}
	fmt.Fprint(a.out, a.table(g, ""))
}

func checkJSON(c *config, at settlement.Instant, rules []inForce, warnings []string) map[string]any {
	list := []map[string]any{}
	for _, r := range rules {
		list = append(list, map[string]any{"wallet": r.account.Wallet.String(), "account": r.account.Account, "event": r.event.String(),
			"component": r.component.String(), "decision": jsonDecision(r.decision)})
	}
	if warnings == nil {
		warnings = []string{}
	}
	return map[string]any{"configuration": c.path, "hash": c.hash, "at": jsonTime(at), "rules": list, "warnings": warnings}
}
