package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"reconcile/decisions"
	"reconcile/ingest"
	"reconcile/ingest/bank"
	"reconcile/ingest/orders"
	"reconcile/opening"
	"reconcile/pipeline"
	"reconcile/schedule"
	"reconcile/settlement"
	"reconcile/yamlfile"
)

// configName is the configuration that is read where it lies and none is named.
const configName = "reconcile.yaml"

// config is a configuration file. The zero value is that of a run without one.
type config struct {
	path string // "" where there is none
	// hash is the SHA-256 of the file, lower-case hex; where it names contract files, a
	// calendar or an opening file that of its hash and theirs.
	hash string

	mappings ingest.Mappings
	account  string
	window   settlement.Instant // 0 where it is not stated
	memory   int64              // bytes; 0 where it is not stated
	jobs     int                // 0 where it is not stated
	noReport bool               // report.html and report.xlsx are left out of results
	nightly  nightly
	fees     feeTerms
	payouts  payoutTerms

	openingFile string         // the opening file, "" where none is named
	opening     *opening.State // what is in it

	decisions       string            // the file of decisions, "" where none is named
	decidedWorkbook string            // a workbook of breaks with decisions in it
	writeOff        settlement.Amount // the largest difference that may be written off
	supersede       []string          // files that take the place of others

	journal journalConfig
}

// readConfig reads the named configuration, or where none is named the one in the
// current folder, if it is there. All faults are in the one error.
func readConfig(path string) (*config, error) {
	named := path != ""
	if !named {
		path = configName
	}
	text, err := os.ReadFile(path)
	if !named && errors.Is(err, os.ErrNotExist) {
		return &config{nightly: defaultNightly()}, nil
	}
	if err != nil {
		return nil, usage(err)
	}
	c, err := parseConfig(path, text)
	return c, usage(err)
}

func parseConfig(path string, text []byte) (*config, error) {
	sum := sha256.Sum256(text)
	c := &config{path: path, hash: hex.EncodeToString(sum[:]), nightly: defaultNightly()}
	r := yamlfile.NewReader(path)
	configFields(r, r.Root(text), c)
	c.takeOpening(r)
	c.fees.finish(r)
	if err := r.Err(); err != nil {
		return nil, err
	}
	c.fees.warnings = append(c.fees.warnings, r.Warnings()...)
	files := append(slices.Clone(c.fees.files), c.payouts.files...)
	if len(files) > 0 || c.opening != nil {
		all := sha256.New()
		all.Write(sum[:])
		if c.opening != nil {
			all.Write([]byte(c.opening.SHA256))
		}
		for _, f := range files {
			one := sha256.Sum256(f.content)
			all.Write(one[:])
		}
		c.hash = hex.EncodeToString(all.Sum(nil))
	}
	return c, nil
}

// configFields reads the root of a configuration, or describes it.
func configFields(r *yamlfile.Reader, root ast.Node, c *config) {
	c.fees.in.Since = settlement.NoInstant
	r.Mapping("", root, map[string]yamlfile.Field{
		"orders":  mappingField(r, &c.mappings.Orders, &c.mappings.OrdersQuery),
		"refunds": mappingField(r, &c.mappings.Refunds, &c.mappings.RefundsQuery),
		"bank":    bankField(r, &c.mappings.Bank),
		"payouts": payoutsField(r, &c.payouts),
		"account": r.Text(c.takeAccount),

		"opening":          r.Text(func(text string) (string, error) { return takePath(r, text, &c.openingFile) }),
		"decisions":        r.Text(func(text string) (string, error) { return takePath(r, text, &c.decisions) }),
		"decided_workbook": r.Text(func(text string) (string, error) { return takePath(r, text, &c.decidedWorkbook) }),
		"write_off_limit":  r.Text(c.takeWriteOff),
		"supersede": r.List(r.Text(func(text string) (string, error) {
			c.supersede = append(c.supersede, text)
			return "", nil
		})),

		"window":   r.Text(c.takeWindow),
		"memory":   r.Text(c.takeMemory),
		"jobs":     r.Text(c.takeJobs),
		"report":   r.Flag(func(is bool) { c.noReport = !is }),
		"schedule": func(at string, n ast.Node) { scheduleSection(r, at, n, &c.nightly) },

		"alerts":  alertsField(r, &c.nightly),
		"journal": journalField(r, &c.journal),

		"accounts":     accountsField(r, &c.fees),
		"fees":         feesField(r, &c.fees),
		"home_wallets": homesField(r, &c.fees),
		"quotas":       quotasField(r, &c.fees),
	})
}

// mappingField reads how an extract differs from the plain layout, and the query
// that asks for it.
func mappingField(r *yamlfile.Reader, m *orders.Mapping, q **orders.Query) yamlfile.Field {
	return func(at string, n ast.Node) {
		r.Mapping(at, n, map[string]yamlfile.Field{
			"encoding": r.Text(func(text string) (string, error) { m.Encoding = text; return "", nil }),
			"columns":  r.Words(&m.Columns),
			"statuses": r.Words(&m.Statuses),
			"wallets":  r.Words(&m.Wallets),
			"defaults": r.Words(&m.Defaults),
			"sql":      queryField(r, q),
			"total_rows": r.Text(func(text string) (string, error) {
				n, err := strconv.ParseInt(text, 10, 64)
				if err != nil {
					return "a whole number, such as 1250", fmt.Errorf("%q is no number of rows", text)
				}
				m.TotalRows = &n
				return "", nil
			}),
			"total_amount": r.Text(func(text string) (string, error) {
				a, err := settlement.ParseAmount([]byte(text))
				if err != nil {
					return "yuan, such as 12345.60", fmt.Errorf("%q is no amount: %w", text, err)
				}
				m.TotalAmount = &a
				return "", nil
			}),
			"watermark": r.Text(func(text string) (string, error) {
				t, err := settlement.ParseInstant([]byte(text))
				if err != nil {
					return "", fmt.Errorf("%q is %w", text, err)
				}
				m.Watermark = t
				return "", nil
			}),
		})
		for _, f := range m.Validate() {
			where, ok := r.Places[at+"."+f.Key]
			if !ok {
				where = r.Places[at]
			}
			r.Fault(where, f.Do, "%s.%s: %s", at, f.Key, f.What)
		}
	}
}

// bankField reads how a bank's CSV differs from the plain layout.
func bankField(r *yamlfile.Reader, m *bank.Mapping) yamlfile.Field {
	amount := func(to **settlement.Amount) yamlfile.Field {
		return r.Text(func(text string) (string, error) {
			a, err := settlement.ParseAmount([]byte(text))
			if err != nil {
				return "yuan, such as 12345.60", fmt.Errorf("%q is no amount: %w", text, err)
			}
			*to = &a
			return "", nil
		})
	}
	return func(at string, n ast.Node) {
		r.Mapping(at, n, map[string]yamlfile.Field{
			"encoding": r.Text(func(text string) (string, error) { m.Encoding = text; return "", nil }),
			"columns":  r.Words(&m.Columns),
			"account":  r.Text(func(text string) (string, error) { m.Account = text; return "", nil }),
			"preamble": r.Text(func(text string) (do string, err error) {
				if m.Preamble, err = strconv.Atoi(text); err != nil {
					return "the number of rows before the header, such as 3", fmt.Errorf("%q is no number of rows", text)
				}
				return "", nil
			}),
			"thousands": r.Text(func(text string) (string, error) {
				if text != "true" && text != "false" {
					return "true where amounts are grouped like 1,234.50, else false", fmt.Errorf("%q is neither true nor false", text)
				}
				m.Thousands = text == "true"
				return "", nil
			}),
			"total_rows": r.Text(func(text string) (string, error) {
				n, err := strconv.ParseInt(text, 10, 64)
				if err != nil {
					return "a whole number, such as 1250", fmt.Errorf("%q is no number of rows", text)
				}
				m.TotalRows = &n
				return "", nil
			}),
			"total_credit": amount(&m.TotalCredit),
			"total_debit":  amount(&m.TotalDebit),
		})
		for _, f := range m.Validate() {
			where, ok := r.Places[at+"."+f.Key]
			if !ok {
				where = r.Places[at]
			}
			r.Fault(where, f.Do, "%s.%s: %s", at, f.Key, f.What)
		}
	}
}

// takePath takes a path that is seen from the configuration.
func takePath(r *yamlfile.Reader, text string, to *string) (do string, err error) {
	if text == "" {
		return "name a file", errors.New("it is empty")
	}
	if !filepath.IsAbs(text) {
		text = filepath.Join(filepath.Dir(r.Path), text)
	}
	*to = filepath.Clean(text)
	return "", nil
}

func (c *config) takeWriteOff(text string) (do string, err error) {
	c.writeOff, err = settlement.ParseAmount([]byte(text))
	if err == nil && c.writeOff < 0 {
		err = errors.New("it is negative")
	}
	return "yuan, such as 1.00", err
}

// readDecisions reads the files of decisions that are named. The file to which decisions are
// added need not be there yet; a workbook was filled in by somebody, and must be.
func (c *config) readDecisions() (*decisions.Register, error) {
	var paths []string
	for _, path := range [...]string{c.decisions, c.decidedWorkbook} {
		if path == "" {
			continue
		}
		if _, err := os.Stat(path); err == nil {
			paths = append(paths, path)
		} else if !errors.Is(err, os.ErrNotExist) {
			return nil, err
		} else if path == c.decidedWorkbook {
			return nil, usage(fmt.Errorf("decided_workbook: %s is not there: what was decided in it would be forgotten (put it back, or take the key out)", path))
		}
	}
	if len(paths) == 0 {
		return nil, nil
	}
	d, err := decisions.Read(paths...)
	switch {
	case errors.Is(err, decisions.ErrUnusable):
		return nil, usage(err)
	case err != nil:
		return nil, err
	}
	d.WriteOffLimit = c.writeOff
	return d, nil
}

func (c *config) takeAccount(text string) (do string, err error) {
	if text == "" || strings.TrimSpace(text) != text {
		return "give the merchant number, or leave the key out", errors.New("it is empty or has blanks around it")
	}
	c.account = text
	return "", nil
}

func (c *config) takeWindow(text string) (do string, err error) {
	d, err := time.ParseDuration(text)
	if err != nil || d < time.Minute || d > 12*time.Hour {
		return "between 1m and 12h, such as 30m", fmt.Errorf("%q is no cut-off window", text)
	}
	c.window = settlement.Instant(d.Microseconds())
	return "", nil
}

func (c *config) takeMemory(text string) (do string, err error) {
	c.memory, err = parseSize(text)
	return sizeAdvice, err
}

func (c *config) takeJobs(text string) (do string, err error) {
	c.jobs, err = strconv.Atoi(text)
	if err != nil || c.jobs < 0 || c.jobs > maxJobs {
		return "the number of cores to use; 0 takes all", fmt.Errorf("%q is no number of cores", text)
	}
	return "", nil
}

const maxJobs = 1024

// scheduleSection reads the section of the command schedule.
func scheduleSection(r *yamlfile.Reader, at string, n ast.Node, to *nightly) {
	base := filepath.Dir(r.Path)
	path := func(to *string) yamlfile.Field {
		return r.Text(func(text string) (string, error) {
			if text == "" {
				return "give a folder", errors.New("it is empty")
			}
			if !filepath.IsAbs(text) {
				text = filepath.Join(base, text)
			}
			*to = filepath.Clean(text)
			return "", nil
		})
	}
	r.Mapping(at, n, map[string]yamlfile.Field{
		"cron": r.Text(func(text string) (string, error) {
			_, err := schedule.Parse(text, settlement.Shanghai, time.Now())
			to.cron = text
			return "", err
		}),
		"zone":            zoneField(r, &to.zone),
		"inbox":           path(&to.inbox),
		"out":             path(&to.out),
		"deadline":        clockField(r, &to.deadline),
		"retry":           retryField(r, &to.retry),
		"first":           dayField(r, &to.first),
		"over":            r.List(endedAccountField(r, &to.over)),
		"listen":          listenField(r, &to.listen),
		"wait_for_orders": boolField(r, &to.waitForOrders),
	})
	if to.inbox == "" || to.out == "" {
		return
	}
	if inside, err := filepath.Rel(to.inboxFolder(), to.out); err == nil && inside != ".." && !strings.HasPrefix(inside, "../") {
		r.Fault(r.Places[at+".out"], "choose a folder beside the inbox", "%s.out lies in the inbox: results would be read as input", at)
	}
}

const sizeAdvice = "a size of at least 256MiB, such as 512MiB or 2GiB"

const smallestMemory = pipeline.MinMemory

// parseSize reads "512MiB", "2GiB"; a plain number is bytes.
func parseSize(text string) (int64, error) {
	number := strings.TrimRight(text, "BKMGTbikmgt")
	unit := strings.ToUpper(text[len(number):])
	factor, ok := map[string]int64{"": 1, "B": 1, "KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30, "TIB": 1 << 40,
		"KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}[unit]
	n, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
	if err != nil || !ok || n < 0 || n > 1<<62/factor {
		return 0, fmt.Errorf("%q is no size", text)
	}
	if n *= factor; n < smallestMemory {
		return 0, fmt.Errorf("%q is too little", text)
	}
	return n, nil
}
