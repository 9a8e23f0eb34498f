package main

import (
	"fmt"
	"os"

	"github.com/goccy/go-yaml/ast"

	"reconcile/funds"
	"reconcile/yamlfile"
)

// payoutTerms is the part of the configuration that says where payouts arrive, and when.
type payoutTerms struct {
	calendar *funds.Calendar // nil for the shipped one
	files    []contractFile
	banks    []funds.BankAccount
}

// payoutsField reads which bank accounts receive payouts, and the days that banks work.
func payoutsField(r *yamlfile.Reader, t *payoutTerms) yamlfile.Field {
	return func(at string, n ast.Node) {
		r.Mapping(at, n, map[string]yamlfile.Field{
			"calendar": r.Text(func(text string) (string, error) {
				path := ""
				if do, err := takePath(r, text, &path); err != nil {
					return do, err
				}
				content, err := os.ReadFile(path)
				if err != nil {
					return "name a file with the columns from, until, day, name", err
				}
				t.files = append(t.files, contractFile{path, content})
				calendar, err := funds.ChineseCalendar().With(path, content)
				if err != nil {
					r.Append(err)
					return "", nil
				}
				t.calendar = calendar
				return "", nil
			}),
			"bank_accounts": r.List(bankAccountField(r, &t.banks)),
		})
	}
}

// bankAccountField reads one bank account.
func bankAccountField(r *yamlfile.Reader, to *[]funds.BankAccount) yamlfile.Field {
	return func(at string, n ast.Node) {
		b := funds.BankAccount{}
		r.Mapping(at, n, map[string]yamlfile.Field{
			"account": r.Text(func(text string) (string, error) {
				for _, other := range *to {
					if other.Account == text {
						return "name every account once", fmt.Errorf("account %s is there twice", text)
					}
				}
				b.Account = text
				return "", nil
			}),
			"entity": r.Text(func(text string) (string, error) { b.Entity = text; return "", nil }),
			"receives": r.List(func(at string, n ast.Node) {
				of := funds.WalletAccount{}
				r.Mapping(at, n, map[string]yamlfile.Field{
					"wallet":  walletField(r, &of.Wallet),
					"account": r.Text(func(text string) (string, error) { of.Account = text; return "", nil }),
				})
				r.Required(at, n, "wallet", "account")
				b.Receives = append(b.Receives, of)
			}),
		})
		r.Required(at, n, "account")
		*to = append(*to, b)
	}
}
