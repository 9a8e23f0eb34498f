package main

import (
	"strings"
	"testing"
	"time"
)

func TestAQueryIsReadFromTheConfiguration(t *testing.T) {
	c, err := parseConfig("/etc/reconcile.yaml", []byte(`
orders:
  sql:
    driver: postgres
    dsn_env: ORDERS_DSN
    query: |
      SELECT order_no
      FROM orders
    units: {amount: fen}
    timeout: 90s
    allow_empty: true
refunds:
  sql: {driver: mysql, dsn_file: secrets/dsn, query: SELECT 1}
`))
	if err != nil {
		t.Fatal(err)
	}
	o, r := c.mappings.OrdersQuery, c.mappings.RefundsQuery
	if o.Driver != "postgres" || o.DSNEnv != "ORDERS_DSN" || o.Text != "SELECT order_no\nFROM orders\n" || o.Units["amount"] != "fen" ||
		o.Timeout != 90*time.Second || !o.AllowEmpty {
		t.Errorf("orders %+v", o)
	}
	if r.Driver != "mysql" || r.DSNFile != "/etc/secrets/dsn" || r.DSNEnv != "" || r.AllowEmpty {
		t.Errorf("refunds %+v", r)
	}
	if c, err := parseConfig("c.yaml", []byte("orders:\n  sql:\n")); err != nil || c.mappings.OrdersQuery != nil {
		t.Errorf("a key without a value: %v", err)
	}
}

func TestQueryFaultsHavePlaces(t *testing.T) {
	for text, want := range map[string]string{
		"dsn: postgres://u:hunter2@h/d":            "c.yaml:3:5: orders.sql.dsn: a password does not belong into the configuration (name an environment variable with dsn_env",
		"dsn: {password: hunter2}":                 "c.yaml:3:5: orders.sql.dsn: a password does not belong",
		"driver: mysql":                            "c.yaml:2:3: orders.sql.dsn_env: nothing says where the database is",
		"dns_env: A":                               "c.yaml:3:5: orders.sql.dns_env: no key of this name (dsn_env is meant?)",
		"timeout: soon":                            `c.yaml:3:14: orders.sql.timeout: "soon" is no time to wait (a time such as 90s or 10m)`,
		"timeout: 0s":                              `c.yaml:3:14: orders.sql.timeout: "0s" is no time to wait`,
		"allow_empty: yes":                         `c.yaml:3:18: orders.sql.allow_empty: "yes" is neither (true or false)`,
		"dsn_env: postgres://u:hunter2@h/d":        "c.yaml:",
		"{driver: db2, dsn_env: A, query: VALUES}": "c.yaml:2:9: orders.sql.driver",
	} {
		indented := "orders:\n  sql:\n    " + text
		if strings.HasPrefix(text, "{") {
			indented = "orders:\n  sql: " + text
			want = "c.yaml:2:"
		}
		_, err := parseConfig("c.yaml", []byte(indented+"\n"))
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q:\n got %v\nwant %s", text, err, want)
		}
	}
}
