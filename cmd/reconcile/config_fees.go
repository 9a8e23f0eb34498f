package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/goccy/go-yaml/ast"

	"reconcile/fees"
	"reconcile/settlement"
	"reconcile/yamlfile"
)

// feeTerms is the part of the configuration that fees depend on.
type feeTerms struct {
	in       fees.TermsInput
	files    []contractFile
	warnings []yamlfile.Fault
	// terms are what follows from it; the presets where nothing is configured.
	terms *fees.Terms
}

// contractFile is a contract that the configuration names.
type contractFile struct {
	path    string
	content []byte
}

// feeTerms are the configured terms, the presets where nothing is configured.
func (c *config) feeTerms() (*fees.Terms, error) {
	if c.fees.terms != nil {
		return c.fees.terms, nil
	}
	return fees.PresetTerms()
}

// accountsField reads the list of accounts.
func accountsField(r *yamlfile.Reader, t *feeTerms) yamlfile.Field {
	return r.List(func(at string, n ast.Node) {
		a := fees.Account{At: position(r, at)}
		r.Mapping(at, n, map[string]yamlfile.Field{
			"wallet":   walletField(r, &a.Wallet),
			"account":  fees.TextField(r, &a.Account),
			"type":     r.OneOf(fees.AccountTypes, func(w string) { a.AccountType = fees.AccountType(w) }),
			"entity":   fees.TextField(r, &a.Entity),
			"identity": fees.TextField(r, &a.Identity),
			"category": fees.TextField(r, &a.Category),
			"withdrawal": func(at string, n ast.Node) {
				r.Mapping(at, n, map[string]yamlfile.Field{
					"single_limit": yuanField(r, &a.Limits.Single),
					"daily_limit":  yuanField(r, &a.Limits.Daily),
					"reserve":      yuanField(r, &a.Limits.Reserve),
					"daily_count":  countField(r, &a.Limits.DailyCount),
				})
			},
		})
		r.Required(at, n, "wallet", "account")
		t.in.Accounts = append(t.in.Accounts, a)
	})
}

// feesField reads contract rules: files, and rules that stand here.
func feesField(r *yamlfile.Reader, t *feeTerms) yamlfile.Field {
	return func(at string, n ast.Node) {
		allowed := false
		r.Mapping(at, n, map[string]yamlfile.Field{
			"files": r.List(r.Text(func(text string) (string, error) {
				if text == "" {
					return "give a path", errors.New("it is empty")
				}
				if !filepath.IsAbs(text) {
					text = filepath.Join(filepath.Dir(r.Path), text)
				}
				content, err := os.ReadFile(text)
				if err != nil {
					return "name a contract file; paths are seen from the configuration", err
				}
				text = filepath.Clean(text)
				c, err := fees.ReadContract(text, content)
				t.files = append(t.files, contractFile{text, content})
				t.in.Rules = append(t.in.Rules, c.Rules...)
				t.warnings = append(t.warnings, c.Warnings...)
				if err != nil {
					r.Append(err)
				}
				return "", nil
			})),
			"gaps":  r.OneOf(fees.GapWords, func(w string) { allowed = w == fees.GapWords[0] }),
			"rules": func(at string, n ast.Node) { fees.RulesField(r, &t.in.Rules)(at, n) },
		})
		for i := range t.in.Rules {
			if rule := &t.in.Rules[i]; rule.At.File == r.Path {
				rule.GapsAllowed = allowed
			}
		}
	}
}

// homesField reads the list of home wallets.
func homesField(r *yamlfile.Reader, t *feeTerms) yamlfile.Field {
	return r.List(func(at string, n ast.Node) {
		h := fees.HomeWallet{From: settlement.NoInstant, Until: settlement.NoInstant, At: position(r, at)}
		r.Mapping(at, n, map[string]yamlfile.Field{
			"platform": fees.TextField(r, &h.Platform),
			"shop":     fees.TextField(r, &h.Shop),
			"wallet":   walletField(r, &h.Wallet),
			"from":     fees.InstantField(r, &h.From),
			"until":    fees.InstantField(r, &h.Until),
		})
		r.Required(at, n, "wallet")
		t.in.Homes = append(t.in.Homes, h)
	})
}

// quotasField reads the opening quotas.
func quotasField(r *yamlfile.Reader, t *feeTerms) yamlfile.Field {
	return func(at string, n ast.Node) {
		r.Mapping(at, n, map[string]yamlfile.Field{
			"since": fees.InstantField(r, &t.in.Since),
			"opening": r.List(func(at string, n ast.Node) {
				q := fees.OpeningQuota{At: position(r, at)}
				q.Start, q.Expiry = settlement.NoInstant, settlement.NoInstant
				q.Granted = settlement.NoAmount
				identity, account := "", ""
				r.Mapping(at, n, map[string]yamlfile.Field{
					"wallet":   walletField(r, &q.Wallet),
					"identity": fees.TextField(r, &identity),
					"account":  fees.TextField(r, &account),
					"rule_id":  fees.TextField(r, &q.RuleID),
					"period":   r.OneOf(fees.Periods, func(w string) { q.Period = fees.Period(w) }),
					"start":    fees.InstantField(r, &q.Start),
					"expires":  fees.InstantField(r, &q.Expiry),
					"granted":  yuanField(r, &q.Granted),
					"used":     yuanField(r, &q.Used),
				})
				r.Required(at, n, "wallet", "rule_id", "period", "used")
				if !r.Describing() && (identity == "") == (account == "") {
					r.Fault(r.Places[at], "", "%s: give the identity or the account whose quota it is", at)
				}
				q.Owner = identity + account
				q.GrantedByRule = q.Granted == settlement.NoAmount
				if q.GrantedByRule && q.Period == fees.LotPeriod {
					r.Fault(r.Places[at], "", "%s: a lot needs what was granted", at)
				}
				t.in.Quotas = append(t.in.Quotas, q)
			}),
		})
	}
}

// finish works out the terms; faults of the reading come first.
func (t *feeTerms) finish(r *yamlfile.Reader) {
	if r.Faults() > 0 {
		return
	}
	terms, err := fees.NewTerms(t.in)
	if err != nil {
		r.Append(err)
		return
	}
	t.terms = terms
}

// position is where a list's entry stands.
func position(r *yamlfile.Reader, at string) settlement.Position {
	return settlement.Position{File: r.Path, Line: int64(r.Places[at].Line), Column: int64(r.Places[at].Column)}
}

func walletField(r *yamlfile.Reader, to *settlement.Wallet) yamlfile.Field {
	return r.OneOf(settlement.WalletWords[1:], func(w string) { *to, _ = settlement.ParseWallet(w) })
}

// countField is a number of withdrawals.
func countField(r *yamlfile.Reader, to *int) yamlfile.Field {
	return r.Whole(1, 1000, func(text string) (do string, err error) {
		if *to, err = strconv.Atoi(text); err != nil || *to < 1 || *to > 1000 {
			return "a whole number from 1", fmt.Errorf("%q is no number of withdrawals", text)
		}
		return "", nil
	})
}

// yuanField is an amount that is not negative.
func yuanField(r *yamlfile.Reader, to *settlement.Amount) yamlfile.Field {
	return r.Matching(`^[0-9]+(\.[0-9]{1,2})?$`, func(text string) (string, error) {
		a, err := settlement.ParseAmount([]byte(text))
		if err != nil {
			return "yuan, such as 12345.60", fmt.Errorf("%q is no amount: %w", text, err)
		}
		if a < 0 {
			return "an amount that is not negative", fmt.Errorf("%s is negative", a)
		}
		*to = a
		return "", nil
	})
}
