package main

import (
	"os"
	"path"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"reconcile/schedule/alerts"
	"reconcile/settlement"
)

func TestTheSampleConfigurationIsValid(t *testing.T) {
	c, err := parseConfig("/etc/reconcile/reconcile.yaml", sampleConfig)
	if err != nil {
		t.Fatal(err)
	}
	if c.window != 30*settlement.Minute || c.memory != 1<<30 || c.jobs != 0 {
		t.Errorf("window %d, memory %d, jobs %d", c.window, c.memory, c.jobs)
	}
	want := defaultNightly()
	want.cron, want.inbox, want.out = "0 6 * * *", "/etc/reconcile/inbox", "/etc/reconcile/days"
	if !reflect.DeepEqual(c.nightly, want) {
		t.Errorf("schedule %+v, want the defaults %+v", c.nightly, want)
	}
	if len(c.hash) != 64 {
		t.Errorf("hash %q", c.hash)
	}
}

// uncommentedSample is the sample with the # taken off every example.
func uncommentedSample() string {
	var lines []string
	for _, line := range strings.Split(string(sampleConfig), "\n") {
		trimmed := strings.TrimLeft(line, " ")
		rest, comment := strings.CutPrefix(trimmed, "# ")
		indent := line[:len(line)-len(trimmed)]
		if comment && isEntry(rest) {
			line = indent + rest
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// TestTheSampleConfigurationIsValidWithoutComments: what the sample shows must be
// right.
func TestTheSampleConfigurationIsValidWithoutComments(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "opening.csv"), []byte(openingExample()), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := parseConfig(filepath.Join(dir, "reconcile.yaml"), []byte(uncommentedSample()))
	if err != nil {
		t.Fatal(err)
	}
	if o := c.opening; o == nil || o.Day.String() != "2024-08-31" || o.Open.Len() != 2 || o.Payments.Len() != 1 || len(o.Balances) != 1 || len(o.Quotas) != 0 {
		t.Errorf("the example of an opening file: %+v", o)
	}
	n := c.nightly
	if len(n.alerts) != 2 || n.alerts[1].Threshold != 10_000 || n.alerts[0].Robot != alerts.WeCom || n.first.String() != "2024-09-01" || len(n.over) != 1 {
		t.Errorf("%+v", n)
	}
	o := c.mappings.Orders
	if o.Columns["order_no"] != "订单编号" || o.Statuses["交易关闭"] != "refunded_if_paid" || o.Wallets["微信支付"] != "wechat" ||
		c.mappings.Bank.Columns["credit"] != "贷方发生额" || c.mappings.Bank.Preamble != 3 || !c.mappings.Bank.Thousands ||
		o.Defaults["shop"] != "flagship" || c.account != "1230000109" || c.mappings.Refunds.Columns["refund_no"] != "退款编号" {
		t.Errorf("%+v", c)
	}
	terms := c.fees.terms
	if len(terms.Accounts) != 2 || terms.Accounts[1].Limits.DailyCount != 3 || terms.Accounts[0].Entity != "示例商贸有限公司" ||
		len(terms.Opening.Quotas) != 1 || terms.Opening.Quotas[0].Used != 1_200_000 || terms.Opening.Quotas[0].Granted != 2_000_000 ||
		terms.Homes.Of("jd", "", settlement.InstantOf(time.Now())) != settlement.WeChat {
		t.Errorf("%+v", terms)
	}
}

// isEntry says that a comment's text is an entry that was commented out: a key
// without blanks before its colon, perhaps of a list.
// openingExample is the opening file that the sample shows.
func openingExample() string {
	var rows strings.Builder
	for _, line := range strings.Split(string(sampleConfig), "\n") {
		if row, ok := strings.CutPrefix(line, "#   | "); ok {
			rows.WriteString(row + "\n")
		}
	}
	return rows.String()
}

func isEntry(text string) bool {
	text = strings.TrimPrefix(strings.TrimLeft(text, " "), "- ")
	key, value, ok := strings.Cut(strings.TrimLeft(text, " "), ":")
	if strings.HasPrefix(text, "wechat ") {
		return true // an account in a list
	}
	return ok && key != "" && !strings.Contains(key, " ") && (value == "" || value[0] == ' ') && key != "Plain"
}

func TestConfigurationKeepsWhatIsWritten(t *testing.T) {
	c, err := parseConfig("c.yaml", []byte("account: 0012300\norders:\n  total_rows: 12\n  total_amount: 1234.50\n  watermark: 2024-09-12 23:59:59\n"+
		"  columns: {order_no: 0815, amount: \"yes\"}\nrefunds:\n"))
	if err != nil {
		t.Fatal(err)
	}
	o := c.mappings.Orders
	if c.account != "0012300" || o.Columns["order_no"] != "0815" || o.Columns["amount"] != "yes" || *o.TotalRows != 12 ||
		*o.TotalAmount != 123450 || o.Watermark.String() != "2024-09-12 23:59:59" {
		t.Errorf("%+v", c)
	}
}

func TestAnEmptyConfigurationIsOne(t *testing.T) {
	for _, text := range []string{"", "# nothing\n", "---\n", "orders:\n"} {
		if _, err := parseConfig("c.yaml", []byte(text)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestConfigurationFaultsHavePlaces(t *testing.T) {
	for text, want := range map[string]string{
		"ordres: {}":                         "c.yaml:1:1: ordres: no key of this name (orders is meant?)",
		"xyz: 1":                             "c.yaml:1:1: xyz: no key of this name (known: account, accounts, alerts, bank, decided_workbook, decisions, fees, home_wallets, jobs, journal, memory, opening, orders, payouts, quotas, refunds, report, schedule, supersede, window, write_off_limit)",
		"orders:\n  colums: {}":              "c.yaml:2:3: orders.colums: no key of this name (columns is meant?)",
		"orders: 5":                          "c.yaml:1:9: orders is not a mapping (give keys with values below it)",
		"- a\n- b":                           "c.yaml:1:1: the file is not a mapping (give keys with values below it)",
		"window: [1]":                        "c.yaml:1:1: window is not a single value (write it on one line)",
		"window: 13h":                        `c.yaml:1:9: window: "13h" is no cut-off window (between 1m and 12h, such as 30m)`,
		"window:":                            `c.yaml:1:9: window: "" is no cut-off window (between 1m and 12h, such as 30m)`,
		"account: ''":                        "c.yaml:1:10: account: it is empty or has blanks around it (give the merchant number, or leave the key out)",
		"orders:\n  statuses:\n    a: paidd": `c.yaml:3:5: orders.statuses.a: "paidd" is no status`,
		"orders:\n  columns:\n    amuont: x": `c.yaml:3:5: orders.columns.amuont: no column of this name ("amount" is meant?)`,
		"orders:\n  total_amount: 1.005":     `c.yaml:2:17: orders.total_amount: "1.005" is no amount`,
		"orders:\n  watermark: noon":         `c.yaml:2:14: orders.watermark: "noon" is not a time`,
		"bank:\n  columns:\n    amuont: x":   `c.yaml:3:5: bank.columns.amuont: no column of this name`,
		"bank:\n  preamble: three":           `c.yaml:2:13: bank.preamble: "three" is no number of rows`,
		"bank:\n  preamble: 101":             `c.yaml:2:3: bank.preamble: 101 is no number of rows before a header (0 to 100)`,
		"bank:\n  thousands: maybe":          `c.yaml:2:14: bank.thousands: "maybe" is neither true nor false`,
		"bank:\n  total_debit: -1":           `c.yaml:2:3: bank.total_debit: -1.00 is negative`,
		"schedule:\n  inbox: a\n  out: a/b":  "c.yaml:3:3: schedule.out lies in the inbox: results would be read as input (choose a folder beside the inbox)",
		"schedule:\n  inbox: a\n  out: ./a":  "c.yaml:3:3: schedule.out lies in the inbox",
		"schedule:\n  zone: Local":           `c.yaml:2:9: schedule.zone: "Local" is no zone known (a name such as Asia/Shanghai, Europe/Berlin or UTC)`,
		"schedule:\n  cron: 0 0 31 2 *":      "c.yaml:2:9: schedule.cron: not a usable cron expression",
		"jobs: 1\njobs: 2":                   "c.yaml:2:1: mapping key \"jobs\" already defined",
		"jobs: 1\n---\njobs: 2":              "c.yaml:3:",
		"orders: &a {}\nrefunds: *a":         "c.yaml:1:9: orders is not a mapping",
		"a: [":                               "c.yaml:1:",
		"? [a]\n: b":                         "c.yaml:2:",
	} {
		_, err := parseConfig("c.yaml", []byte(text))
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q:\n got %v\nwant %s", text, err, want)
		}
	}
}

// FuzzConfig proves that no file panics, and that every fault has a place.
func FuzzConfig(f *testing.F) {
	f.Add(string(sampleConfig))
	f.Add("a: &b [*b]")
	f.Add("<<: {orders: 1}")
	f.Fuzz(func(t *testing.T, text string) {
		_, err := parseConfig("c.yaml", []byte(text))
		if err == nil {
			return
		}
		if !strings.HasPrefix(err.Error(), "c.yaml:") {
			t.Errorf("no place: %v", err)
		}
	})
}

func TestSizes(t *testing.T) {
	for text, want := range map[string]int64{"1GiB": 1 << 30, "512MiB": 512 << 20, "2g": 2 << 30, "268435456": 256 << 20, "300 MB": 300e6, "1TiB": 1 << 40} {
		if got, err := parseSize(text); err != nil || got != want {
			t.Errorf("%q is %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "1", "255MiB", "1.5GiB", "-1GiB", "GiB", "1PiB", "99999999999TiB", "1 2GiB"} {
		if got, err := parseSize(text); err == nil {
			t.Errorf("%q is %d", text, got)
		}
	}
}

func TestNoConfigurationIsNoFault(t *testing.T) {
	t.Chdir(t.TempDir())
	c, err := readConfig("")
	if err != nil || c.path != "" || c.hash != "" {
		t.Errorf("%+v, %v", c, err)
	}
	if err := os.WriteFile(configName, []byte("jobs: 3\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if c, err = readConfig(""); err != nil || c.jobs != 3 {
		t.Errorf("%+v, %v", c, err)
	}
}

// What init --deploy writes is valid as it stands, and with every example in it.
func TestTheDeployedConfigurationIsValid(t *testing.T) {
	text, err := deployFiles.ReadFile("deploy/reconcile.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c, err := parseConfig("/etc/reconcile/reconcile.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	if c.nightly.out != "/var/lib/reconcile/days" || c.nightly.deadline != 12*time.Hour || len(c.nightly.alerts) != 0 {
		t.Errorf("%+v", c.nightly)
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		trimmed := strings.TrimLeft(line, " ")
		if rest, ok := strings.CutPrefix(trimmed, "# "); ok && isEntry(strings.TrimSuffix(rest, "\n")) {
			line = line[:len(line)-len(trimmed)] + rest
		}
		lines = append(lines, line)
	}
	if c, err = parseConfig("/etc/reconcile/reconcile.yaml", []byte(strings.Join(lines, ""))); err != nil {
		t.Fatal(err)
	}
	if len(c.nightly.alerts) != 2 || c.nightly.alerts[1].SecretEnv == "" || c.mappings.OrdersQuery == nil {
		t.Errorf("%+v", c.nightly)
	}
}

// The CronJob's configuration is one, and every deployed file says where it belongs.
func TestDeployedFilesNameWhatIsThere(t *testing.T) {
	for _, name := range deployNames {
		text, err := deployFiles.ReadFile(path.Join("deploy", name))
		if err != nil {
			t.Fatal(err)
		}
		for _, other := range []string{"TODO", "\t- "} {
			if strings.Contains(string(text), other) {
				t.Errorf("%s holds %q", name, other)
			}
		}
		if name == "cronjob.yaml" {
			_, rest, ok := strings.Cut(string(text), "reconcile.yaml: |\n")
			config, _, end := strings.Cut(rest, "---\n")
			if !ok || !end {
				t.Fatalf("%s has no configuration", name)
			}
			if c, err := parseConfig("reconcile.yaml", []byte(config)); err != nil || c.nightly.inbox != "/var/lib/reconcile/inbox" {
				t.Errorf("%v, %+v", err, c)
			}
		}
	}
}

func TestFaultsOfScheduleAndAlertsAreAllTold(t *testing.T) {
	_, err := parseConfig("bad.yaml", []byte(`schedule:
  zone: Mars/Olympus
  deadline: 25:00
  retry: 1h..10m
  first: soon
  over:
    - paypal 12
  listen: 9102
alerts:
  - name: operations
    robot: wecom
    kinds: [late, tired]
    url: https://secret.example/key
  - name: finance
    robot: slack
    kinds: [difference]
    url_env: URL
    url_file: url
    secret_env: SECRET
    threshold: -1
  - name: finance
    robot: dingtalk
    kinds: []
    secret_env: SECRET
    secret_file: secret
  - robot: feishu
`))
	if err == nil {
		t.Fatal("it was accepted")
	}
	for _, want := range []string{
		`bad.yaml:2:9: schedule.zone: "Mars/Olympus" is no zone known`,
		`bad.yaml:3:13: schedule.deadline: "25:00" is no time of the clock`,
		`bad.yaml:4:10: schedule.retry: "1h..10m" are no pauses`,
		`bad.yaml:5:10: schedule.first: "soon" is no day`,
		`bad.yaml:7:7: schedule.over[1]: "paypal 12" is no account of a wallet`,
		`bad.yaml:8:11: schedule.listen: "9102" is no address`,
		`alerts[1].kinds[2]: "tired" is not known`,
		`alerts[1].url: a secret does not belong into the configuration`,
		`alerts[2].threshold: "-1" is no threshold`,
		`alerts[3]: url_env or url_file is needed, one of them`,
		`alerts[3]: secret_env and secret_file are both set`,
		`alerts[3].kinds: it is empty`,
		`alerts[4]: name is missing`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("not told: %s\nin\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "secret.example") {
		t.Errorf("a secret is printed: %v", err)
	}
}

func TestThePayoutsOfTheConfiguration(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "days.csv"), []byte("from,until,day,name\n2027-01-01,2027-01-03,off,元旦\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "c.yaml")
	text := "payouts:\n  calendar: days.csv\n  bank_accounts:\n    - account: \"1\"\n      entity: e\n      receives:\n        - {wallet: wechat, account: \"2\"}\n"
	c, err := parseConfig(path, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	job, err := c.job(&jobFlags{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	day, _ := settlement.ParseDay([]byte("2027-01-01"))
	if len(job.Banks) != 1 || job.Banks[0].Account != "1" || job.Banks[0].Receives[0].Account != "2" || job.Calendar.Works(day) {
		t.Errorf("%+v", job.Banks)
	}
	other, err := parseConfig(path, []byte(strings.Replace(text, "calendar: days.csv", "calendar: none.csv", 1)))
	if err == nil {
		t.Errorf("a calendar that is not there: %+v", other)
	}
	bad := "payouts:\n  bank_accounts:\n    - account: \"1\"\n    - account: \"1\"\n    - {entity: x}\n"
	if _, err := parseConfig("c.yaml", []byte(bad)); err == nil || !strings.Contains(err.Error(), "c.yaml:4:16: payouts.bank_accounts[2].account: account 1 is there twice") || !strings.Contains(err.Error(), "c.yaml:5:8: payouts.bank_accounts[3]: account is missing") {
		t.Errorf("%v", err)
	}
}
