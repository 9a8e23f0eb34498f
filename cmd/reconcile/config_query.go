package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/goccy/go-yaml/ast"

	"reconcile/ingest/orders"
	"reconcile/settlement"
	"reconcile/yamlfile"
)

// queryField reads the query of an extract that comes from a database.
func queryField(r *yamlfile.Reader, to **orders.Query) yamlfile.Field {
	return func(at string, n ast.Node) {
		if _, ok := n.(*ast.NullNode); (ok || n == nil) && !r.Describing() {
			return // the key stands there with nothing below it
		}
		q := &orders.Query{}
		*to = q
		before := r.Faults()
		r.Mapping(at, n, map[string]yamlfile.Field{
			"driver":  r.Text(func(text string) (string, error) { q.Driver = text; return "", nil }),
			"dsn_env": r.Text(func(text string) (string, error) { q.DSNEnv = text; return "", nil }),
			"dsn_file": r.Text(func(text string) (string, error) {
				if text == "" {
					return "give a path, or leave the key out", errors.New("it is empty")
				}
				if !filepath.IsAbs(text) {
					text = filepath.Join(filepath.Dir(r.Path), text)
				}
				q.DSNFile = filepath.Clean(text)
				return "", nil
			}),
			// Known so that the advice is better than for any other key. The value is
			// not looked at, and not printed.
			"dsn": func(at string, _ ast.Node) {
				r.Fault(r.Places[at], "name an environment variable with dsn_env, or a file with dsn_file; and change the password, since it stood in a configuration",
					"%s: a password does not belong into the configuration", at)
			},
			"query": r.Text(func(text string) (string, error) { q.Text = text; return "", nil }),
			"units": r.Words(&q.Units),
			"timeout": r.Text(func(text string) (string, error) {
				d, err := time.ParseDuration(text)
				if err != nil || d <= 0 {
					return "a time such as 90s or 10m", fmt.Errorf("%q is no time to wait", text)
				}
				q.Timeout = d
				return "", nil
			}),
			"allow_empty": boolField(r, &q.AllowEmpty),
		})
		if r.Faults() > before {
			return // what is missing may be what was written wrong
		}
		for _, f := range q.Validate() {
			where, ok := r.Places[at+"."+f.Key]
			if !ok {
				where = r.Places[at]
			}
			r.Fault(where, f.Do, "%s.%s: %s", at, f.Key, f.What)
		}
	}
}

// queriesReady says whether every query could be asked, as far as that is known
// without connecting.
func (c *config) queriesReady() error {
	var all []error
	for _, q := range []struct {
		kind settlement.StatementKind
		*orders.Query
	}{{settlement.OrderExtract, c.mappings.OrdersQuery}, {settlement.RefundExtract, c.mappings.RefundsQuery}} {
		if q.Query == nil {
			continue
		}
		if err := q.Ready(); err != nil {
			all = append(all, fmt.Errorf("%s: %s.sql: %w", c.path, q.kind, err))
		}
	}
	return errors.Join(all...)
}
