package main

import (
	"reconcile/fees"
	"reconcile/opening"
	"reconcile/pipeline"
	"reconcile/schedule"
	"reconcile/settlement"
	"reconcile/yamlfile"
)

// takeOpening reads the opening file that is named, and hands its quotas to the fees.
func (c *config) takeOpening(r *yamlfile.Reader) {
	if c.openingFile == "" {
		return
	}
	o, err := opening.Read(c.openingFile)
	if err != nil {
		r.Append(err)
		return
	}
	var known []opening.Account
	for i := range c.fees.in.Accounts {
		known = append(known, opening.Account{Wallet: c.fees.in.Accounts[i].Wallet, Account: c.fees.in.Accounts[i].Account})
	}
	if refused := o.Unknown(known); refused != nil {
		r.Append(refused)
		return
	}
	for _, q := range o.Quotas {
		at := fees.OpeningQuota{At: q.At, GrantedByRule: q.Granted == settlement.NoAmount}
		at.Wallet, at.Owner, at.RuleID, at.Period = q.Wallet, q.Owner, q.RuleID, fees.Period(q.Period)
		at.Start, at.Expiry, at.Granted, at.Used = q.Start, settlement.NoInstant, q.Granted, q.Used
		if at.GrantedByRule && at.Period == fees.LotPeriod {
			r.Append(&settlement.InputError{Position: q.At, ColumnName: "granted", What: "it is empty", Do: "a lot needs what was granted"})
			return
		}
		c.fees.in.Quotas = append(c.fees.in.Quotas, at)
	}
	c.opening = o
}

// openingOf is the state before the first day of a dataset. Where the first days were
// pruned it is spent: what it opened was handed on long ago.
func (c *config) openingOf(dataset string) (*opening.State, error) {
	floor, err := keptFrom(dataset)
	if err != nil || floor != settlement.NoDay {
		return nil, err
	}
	return c.opening, nil
}

// planOf works out which days of a job's inbox are missing or stale.
func planOf(catalogue *pipeline.Catalogue, job *pipeline.Job) ([]schedule.Due, error) {
	before := ""
	if job.Opening != nil {
		before = job.Opening.SHA256
	}
	states, err := dayStatesOf(catalogue, job.Dataset)
	return schedule.PlanDays(states, before), err
}
