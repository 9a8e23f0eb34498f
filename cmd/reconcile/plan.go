package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/spf13/cobra"

	"reconcile/fees"
	"reconcile/settlement"
	"reconcile/yamlfile"
)

const planHelp = `Finds the cheapest way to get money out of accounts by a day: what is free as
early as it is free, quotas by their expiry and lifetime quotas last, one paid
withdrawal rather than several, and as late as possible. It says what the plan
saves against emptying every account every day. It moves no money.

The task is a small YAML file (amounts in yuan, limits may be left out):

  need: 500.00          # or all, or free: what costs nothing
  from: 2024-09-12      # default: today
  by: 2024-09-20        # the last day to withdraw on
  accounts:
    - wallet: wechat
      account: "1230000109"   # what is configured of it need not be repeated
      type: personal
      identity: owner         # whose quota it is; default: the account
      balance: 1000.00
      quota: 300.00           # left of the lifetime, day or month
      lots: [{amount: 800.00, expires: 2024-09-13}]
      income: [{on: 2024-09-13, amount: 200.00}]
      reserve: 50.00
      single_limit: 50000.00
      daily_limit: 200000.00
      daily_count: 3`

// planTask is what a plan's file states.
type planTask struct {
	in       fees.PlanInput
	accounts []plannedAccount
	by       settlement.Instant
	from     settlement.Instant
}

// plannedAccount is an account of a task, with quotas as they are written.
type plannedAccount struct {
	fees.PlanAccount
	quota settlement.Amount // NoAmount where it is not stated
	lots  []fees.Quota
	where yamlfile.Place
}

func (a *app) planCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "plan FILE",
		Short: "Find the cheapest way to withdraw an amount by a day",
		Long: planHelp + exitCodes(`  0    planned
  2    wrong use, a faulty file, or the accounts do not hold enough
  130  interrupted`),
		Example: `  reconcile plan friday.yaml
  reconcile plan friday.yaml --json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("plan: name one file (see reconcile plan --help)")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return a.plan(args[0]) },
	}
	a.withConfig(cmd)
	a.withOutput(cmd, "print JSON", "")
	return cmd
}

func (a *app) plan(path string) error {
	c, err := readConfig(a.configFlag)
	if err != nil {
		return err
	}
	terms, err := c.feeTerms()
	if err != nil {
		return usage(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return usage(err)
	}
	in, err := readPlan(path, text, terms)
	if err != nil {
		return usage(err)
	}
	plan, err := terms.Schedule.PlanWithdrawals(in)
	if err != nil {
		return usage(fmt.Errorf("%s: %w", path, err))
	}
	if a.json {
		return printJSON(a.out, planJSON(plan))
	}
	a.printPlan(&in, plan)
	return nil
}

// readPlan reads a task. The error has every fault with its place.
func readPlan(path string, text []byte, terms *fees.Terms) (fees.PlanInput, error) {
	r := yamlfile.NewReader(path)
	task := planTask{from: settlement.NoInstant, by: settlement.NoInstant}
	task.in.Quotas = terms.Opening
	root := r.Root(text)
	planFields(r, root, &task, terms)
	if r.Faults() > 0 {
		return task.in, r.Err()
	}
	if task.from == settlement.NoInstant {
		task.from = settlement.InstantOf(time.Now())
	}
	task.in.From = settlement.DayOf(task.from)
	task.in.Last = task.in.From
	if task.by != settlement.NoInstant {
		task.in.Last = settlement.DayOf(task.by)
	}
	if task.in.Last < task.in.From {
		r.Fault(r.Places["by"], "", "by: %s is before %s, the first day", task.in.Last, task.in.From)
	}
	for i := range task.accounts {
		p := &task.accounts[i]
		task.in.Accounts = append(task.in.Accounts, p.PlanAccount)
		task.openQuotas(r, p, terms)
	}
	return task.in, r.Err()
}

func planFields(r *yamlfile.Reader, root ast.Node, task *planTask, terms *fees.Terms) {
	r.Mapping("", root, map[string]yamlfile.Field{
		"need": r.Matching(`^(all|free|[0-9]+(\.[0-9]{1,2})?)$`, func(text string) (string, error) {
			switch text {
			case "all":
				task.in.Need = fees.NeedAll
			case "free":
				task.in.Need = fees.NeedFree
			default:
				amount, err := settlement.ParseAmount([]byte(text))
				if err != nil || amount < 0 {
					return "yuan that are not negative, such as 500.00; or all; or free", fmt.Errorf("%q is no amount to move", text)
				}
				task.in.Amount = amount
			}
			return "", nil
		}),
		"from": fees.InstantField(r, &task.from),
		"by":   fees.InstantField(r, &task.by),
		"accounts": r.List(func(at string, n ast.Node) {
			if !r.Describing() {
				task.accounts = append(task.accounts, readPlanAccount(r, at, n, terms))
			} else {
				readPlanAccount(r, at, n, terms)
			}
		}),
	})
	r.Required("", root, "need", "accounts")
}

func readPlanAccount(r *yamlfile.Reader, at string, n ast.Node, terms *fees.Terms) plannedAccount {
	p := plannedAccount{quota: settlement.NoAmount, where: r.Places[at]}
	var wallet settlement.Wallet
	var number, identity string
	var kind fees.AccountType
	var limits fees.Limits
	var category string
	r.Mapping(at, n, map[string]yamlfile.Field{
		"wallet":       walletField(r, &wallet),
		"account":      fees.TextField(r, &number),
		"type":         r.OneOf(fees.AccountTypes, func(w string) { kind = fees.AccountType(w) }),
		"identity":     fees.TextField(r, &identity),
		"category":     fees.TextField(r, &category),
		"balance":      yuanField(r, &p.Balance),
		"quota":        yuanField(r, &p.quota),
		"reserve":      yuanField(r, &limits.Reserve),
		"single_limit": yuanField(r, &limits.Single),
		"daily_limit":  yuanField(r, &limits.Daily),
		"daily_count":  countField(r, &limits.DailyCount),
		"lots": r.List(func(at string, n ast.Node) {
			lot := fees.Quota{Period: fees.LotPeriod, Start: settlement.NoInstant, Expiry: settlement.NoInstant}
			r.Mapping(at, n, map[string]yamlfile.Field{"amount": yuanField(r, &lot.Granted), "expires": fees.InstantField(r, &lot.Expiry)})
			r.Required(at, n, "amount", "expires")
			p.lots = append(p.lots, lot)
		}),
		"income": r.List(func(at string, n ast.Node) {
			on := settlement.NoInstant
			var income fees.Income
			r.Mapping(at, n, map[string]yamlfile.Field{"on": fees.InstantField(r, &on), "amount": yuanField(r, &income.Amount)})
			r.Required(at, n, "on", "amount")
			income.On = settlement.DayOf(on)
			p.Income = append(p.Income, income)
		}),
	})
	r.Required(at, n, "wallet", "account", "balance")
	p.Account = terms.Account(wallet, number)
	p.Identity = cmp.Or(identity, p.Identity, number)
	p.AccountType, p.Category = cmp.Or(kind, p.AccountType), cmp.Or(category, p.Category)
	for _, l := range []struct{ stated, configured *settlement.Amount }{{&limits.Single, &p.Limits.Single}, {&limits.Daily, &p.Limits.Daily}, {&limits.Reserve, &p.Limits.Reserve}} {
		*l.configured = cmp.Or(*l.stated, *l.configured)
	}
	p.Limits.DailyCount = cmp.Or(limits.DailyCount, p.Limits.DailyCount)
	return p
}

// openQuotas puts what an account states of quotas in the place of what is configured.
func (t *planTask) openQuotas(r *yamlfile.Reader, p *plannedAccount, terms *fees.Terms) {
	if p.quota == settlement.NoAmount && len(p.lots) == 0 {
		return
	}
	subject := p.Account.Subject()
	subject.Event = fees.OnWithdrawal
	start := t.in.From.Start()
	d := terms.Schedule.Decide(subject, start)
	if d.Rule == nil {
		r.Fault(p.where, "", "account %s of %s: what a withdrawal costs is not known: %s", p.Account.Account, p.Wallet, d.Why)
		return
	}
	if len(d.Rule.Quotas) == 0 {
		r.Fault(p.where, "leave quota and lots out", "account %s of %s: rule %s has no quota", p.Account.Account, p.Wallet, d.Rule.ID)
		return
	}
	var rows []fees.Quota
	if p.quota != settlement.NoAmount {
		rows = fees.StatedQuotas(d.Rule, &p.Owner, start, p.quota)
	}
	for i, lot := range p.lots {
		stated := fees.StatedLot(d.Rule, &p.Owner, start-settlement.Instant(len(p.lots)-i), lot.Granted)
		if len(stated) == 0 {
			r.Fault(p.where, "state a category that has lots, such as collection_code", "account %s of %s: rule %s has no lots", p.Account.Account, p.Wallet, d.Rule.ID)
			return
		}
		stated[0].Expiry = lot.Expiry
		rows = append(rows, stated...)
	}
	t.in.Quotas.Quotas = slices.DeleteFunc(slices.Clone(t.in.Quotas.Quotas), func(q fees.Quota) bool {
		return slices.ContainsFunc(rows, func(row fees.Quota) bool {
			return row.Owner == q.Owner && row.RuleID == q.RuleID && row.Period == q.Period
		})
	})
	t.in.Quotas.Quotas = append(t.in.Quotas.Quotas, rows...)
}

func (a *app) printPlan(in *fees.PlanInput, plan *fees.Plan) {
	g := newGrid(a.say("day"), a.say("wallet"), a.say("account"), a.say("withdraw"), a.say("fee"), a.say("quota used"), a.say("rule"))
	for _, column := range []int{1, 2, 6} {
		g.leftAlign(column)
	}
	for _, step := range plan.Steps {
		var uses []string
		for _, use := range step.Paid.Uses {
			uses = append(uses, fmt.Sprintf("%s %s", use.Amount, use.Period))
		}
		g.row(step.On.String(), step.Paid.Owner.Wallet.String(), step.Paid.Owner.Account, step.Paid.Amount.String(), step.Paid.Expected.String(),
			strings.Join(uses, ", "), step.Paid.Rule.ID+" "+step.Paid.Rule.Version)
	}
	if len(plan.Steps) > 0 {
		fmt.Fprint(a.out, a.table(g, ""))
	}
	fmt.Fprintf(a.out, "%s %s, %s %s\n", a.say("moved by"), in.Last, plan.Moved, fmt.Sprintf(a.say("for %s"), plan.Fee))
	if saving := plan.Saving(); saving != settlement.NoAmount {
		fmt.Fprintf(a.out, a.say("emptying every account every day: %s in %d withdrawals; saving %s")+"\n", plan.NaiveFee, plan.NaiveSteps, saving)
	} else {
		fmt.Fprintf(a.out, a.say("emptying every account every day: %s in %d withdrawals, and moves only %s")+"\n", plan.NaiveFee, plan.NaiveSteps, plan.NaiveMoved)
	}
	for _, w := range plan.Waiting {
		fmt.Fprintf(a.out, "%s %s: %s", w.Account.Wallet, w.Account.Account.Account, fmt.Sprintf(a.say("%s waits; to withdraw it costs %s"), w.Amount, w.Fee))
		if w.Fee > 0 && w.WorthFrom != settlement.NoAmount && w.Amount < w.WorthFrom {
			fmt.Fprintf(a.out, ", "+a.say("the rate from %s on"), w.WorthFrom)
		}
		fmt.Fprintln(a.out)
	}
}

func planJSON(plan *fees.Plan) map[string]any {
	steps := []map[string]any{}
	for _, step := range plan.Steps {
		uses := []map[string]any{}
		for _, use := range step.Paid.Uses {
			uses = append(uses, map[string]any{"period": string(use.Period), "amount": use.Amount.String()})
		}
		steps = append(steps, map[string]any{"on": step.On.String(), "wallet": step.Paid.Owner.Wallet.String(), "account": step.Paid.Owner.Account,
			"amount": step.Paid.Amount.String(), "fee": step.Paid.Expected.String(), "quotas": uses,
			"rule_id": step.Paid.Rule.ID, "version": step.Paid.Rule.Version, "assumed": step.Paid.Rule.Assumed})
	}
	waiting := []map[string]any{}
	for _, w := range plan.Waiting {
		waiting = append(waiting, map[string]any{"wallet": w.Account.Wallet.String(), "account": w.Account.Account.Account,
			"amount": w.Amount.String(), "fee": w.Fee.String(), "worth_from": jsonAmount(w.WorthFrom)})
	}
	return map[string]any{"steps": steps, "moved": plan.Moved.String(), "fee": plan.Fee.String(), "naive_fee": plan.NaiveFee.String(),
		"naive_withdrawals": plan.NaiveSteps, "naive_moved": plan.NaiveMoved.String(), "saving": jsonAmount(plan.Saving()), "waiting": waiting}
}
