package reconcile_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

// rule is what the packages that match may import of this module, and why. The
// sources are parsed here, in this process: a test that asks the go command may
// pass from a cache after the layering was broken.
type rule struct {
	pkg string // a path.Match pattern of the folder
	may []string
	// only restricts an import to some of its names.
	only map[string][]string
	// outside, where it is set, lists all that may come from other modules.
	outside []string
	why     string
}

// rules are tried in order; the first that matches holds.
var rules = []rule{
	{pkg: "settlement",
		outside: []string{"github.com/apache/arrow/go/v17", "github.com/cespare/xxhash/v2", "github.com/zeebo/xxh3"},
		why:     "the nouns are below everything: what they import, every package imports"},
	{pkg: "ingest/container", may: []string{"settlement"},
		why: "an archive knows nothing of what is inside"},
	{pkg: "ingest/delimited", may: []string{"settlement"},
		why: "lines and positions know no provider's dialect"},
	{pkg: "ingest/sheet", may: []string{"settlement"},
		why: "cells and positions know no provider's dialect"},
	{pkg: "ingest/*", may: []string{"ingest/container", "ingest/delimited", "ingest/sheet", "settlement"},
		why: "a provider is one folder: it never needs another, and can be read, and removed, alone"},
	{pkg: "ingest", may: []string{"ingest/*", "settlement"},
		why: "providers.go is the one list of providers; a stage never imports another stage"},
	{pkg: "funds", may: []string{"settlement"},
		why: "a stage never imports another stage: an account's money moves by its own lines alone"},
	{pkg: "match", may: []string{"settlement"},
		why: "a stage never imports another stage: match is a pure function of lines and events, whoever read them"},
	{pkg: "yamlfile",
		why: "how YAML is read knows nothing of what is written in it"},
	{pkg: "fees", may: []string{"settlement", "yamlfile"},
		why: "a stage never imports another stage: a fee follows from its line and the schedule alone"},
	{pkg: "output", may: []string{"settlement"},
		why: "a stage never imports another stage: tables are written from batches, whoever made them"},
	{pkg: "output/words",
		why: "how a word reads does not depend on who shows it"},
	{pkg: "output/spreadsheet",
		why: "what a spreadsheet takes for a formula does not depend on what a cell means"},
	{pkg: "output/report", may: []string{"output", "output/overview", "output/words", "settlement"},
		why: "a page shows what the overview says, and adds nothing up itself"},
	{pkg: "output/overview", may: []string{"output", "settlement"},
		why: "what a result says is read from what was written, whoever wrote it and whoever shows it"},
	{pkg: "output/ddl", may: []string{"settlement"},
		why: "what an engine is told of a table follows from the registry alone"},
	{pkg: "output/journal", may: []string{"output/spreadsheet", "settlement"},
		why: "vouchers are made of sums, whoever added them up"},
	{pkg: "output/workbook", may: []string{"output", "output/overview", "output/words", "settlement"},
		why: "a workbook shows what is written, whoever found it"},
	{pkg: "schedule", may: []string{"settlement"},
		why: "when a run happens has nothing to do with what it does: cmd joins the two"},
	{pkg: "schedule/alerts",
		why: "how people are told knows nothing of what is told: no value of a file can get into a message there"},
	{pkg: "schedule/metrics", may: []string{"settlement"},
		why: "numbers are shown as they are given: whoever runs days counts them"},
	{pkg: "generate", may: []string{"output/spreadsheet", "settlement"},
		why: "made-up days must not share a reading, or an error, with the code they test"},
	{pkg: "decisions", may: []string{"ingest/sheet", "output/spreadsheet", "settlement"},
		why: "what people decided is told to breaks, whoever found them"},
	{pkg: "opening", may: []string{"ingest/delimited", "ingest/sheet", "settlement"},
		why: "what stood open before the first day is rows like any other, whoever takes them"},
	{pkg: "story", may: []string{"fees", "funds", "output", "settlement"},
		only: map[string][]string{"fees": {"Arithmetic", "Charge"}, "funds": {"Calendar", "ChineseCalendar", "DaysText"}},
		why:  "an order's story is read from what was written; of stages it knows how a fee explains itself, and when banks work"},
	{pkg: "review", may: []string{"decisions", "funds", "output", "output/overview", "output/words", "settlement", "story"},
		only: map[string][]string{"funds": {"Calendar"}},
		why:  "the page shows what was written and records what people decide: it runs nothing"},
	{pkg: "pipeline", may: []string{"decisions", "ingest", "match", "fees", "funds", "opening", "output", "output/overview", "settlement"},
		why: "the flow is told in one place, and only there stages meet"},
	{pkg: "cmd/reconcile", may: []string{"decisions", "opening", "pipeline", "review", "schedule", "schedule/alerts", "schedule/metrics", "generate", "output", "output/ddl", "output/journal", "output/overview", "output/report", "output/spreadsheet", "output/words", "output/workbook", "fees", "funds", "ingest", "ingest/bank", "ingest/orders", "settlement", "story", "yamlfile"},
		only: map[string][]string{
			"ingest":        {"Mappings", "Found", "Pattern"},
			"ingest/bank":   {"Mapping"},
			"ingest/orders": {"Mapping", "Query", "Fault", "RefundedIfPaid"},
			"funds":         {"BankAccount", "Calendar", "ChineseCalendar", "WalletAccount"},
			"fees": {
				// what the configuration states
				"Account", "AccountType", "AccountTypes", "ContractFields", "GapWords", "HomeWallet", "InstantField", "NewTerms", "OpeningQuota",
				"Period", "LotPeriod", "Periods", "PresetTerms", "ReadContract", "Rule", "RulesField", "Terms", "TermsInput", "TextField",
				// what quote and plan ask
				"Bounce", "Decision", "Event", "Explained", "OnDeposit", "OnPayment", "OnWithdrawal", "ParseTime", "PaymentQuestion", "PaymentQuote",
				"QuotaState", "ReadStated", "Refunded", "Stated", "StatedLot", "StatedQuotas", "Subject", "WithPresets", "WithdrawalQuestion", "WithdrawalQuote",
				"Income", "Limits", "NeedAll", "NeedFree", "OnRefund", "Plan", "PlanAccount", "PlanInput", "Quota"},
		},
		why: "commands parse flags, call the pipeline and print: of stages they know what the configuration fills in " +
			"(the column maps, the bank accounts and their calendar), whether a path is there, how a fee explains itself, and how written results are read"},
}

// moneyPackages are where no amount may ever pass through a float.
var moneyPackages = []string{"settlement", "ingest", "match", "fees", "funds", "pipeline"}

// Names that say nothing of what is inside.
var emptyNames = []string{"util", "utils", "common", "helper", "helpers", "misc", "shared", "types", "models", "manager"}

const module = "reconcile/"

// check returns what breaks the rules in a source tree, a line each. Tests may
// import anything: they are not looked at.
func check(tree fs.FS) ([]string, error) {
	var faults []string
	err := fs.WalkDir(tree, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() {
			return skipFolder(tree, name)
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		text, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		found, err := checkFile(name, text)
		faults = append(faults, found...)
		return err
	})
	return faults, err
}

// skipFolder leaves out what is no source of this module.
func skipFolder(tree fs.FS, name string) error {
	base := path.Base(name)
	if name == "." {
		return nil
	}
	if strings.HasPrefix(base, ".") || base == "testdata" {
		return fs.SkipDir
	}
	if _, err := fs.Stat(tree, path.Join(name, "go.mod")); err == nil {
		return fs.SkipDir
	}
	return nil
}

func checkFile(name string, text []byte) ([]string, error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, text, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var faults []string
	report := func(at token.Pos, format string, args ...any) {
		faults = append(faults, fmt.Sprintf("%s: %s", files.Position(at), fmt.Sprintf(format, args...)))
	}
	folder := path.Dir(name)
	if slices.Contains(emptyNames, path.Base(folder)) || slices.Contains(emptyNames, file.Name.Name) {
		report(file.Name.Pos(), "package %s: the name does not say what is inside", file.Name.Name)
	}
	at := slices.IndexFunc(rules, func(r rule) bool { return matches(r.pkg, folder) })
	if at < 0 {
		report(file.Name.Pos(), "no rule says what %s may import", folder)
		return faults, nil
	}
	checkImports(file, folder, rules[at], report)
	checkDeclarations(file, report)
	if slices.Contains(moneyPackages, strings.Split(folder, "/")[0]) {
		checkMoney(file, report)
	}
	return faults, nil
}

func matches(pattern, name string) bool {
	ok, _ := path.Match(pattern, name) // the patterns above are well formed
	return ok
}

func checkImports(file *ast.File, folder string, r rule, report func(token.Pos, string, ...any)) {
	for _, spec := range file.Imports {
		imported, _ := strconv.Unquote(spec.Path.Value) // the parser has accepted it
		own, isOwn := strings.CutPrefix(imported, module)
		switch {
		case isOwn:
			if !slices.ContainsFunc(r.may, func(pattern string) bool { return matches(pattern, own) }) {
				report(spec.Pos(), "%s imports %s: %s", folder, own, r.why)
				continue
			}
			if names, restricted := r.only[own]; restricted {
				checkNames(file, spec, own, names, r.why, report)
			}
		case strings.Contains(strings.Split(imported, "/")[0], ".") && r.outside != nil:
			if !slices.ContainsFunc(r.outside, func(m string) bool { return imported == m || strings.HasPrefix(imported, m+"/") }) {
				report(spec.Pos(), "%s imports %s: %s", folder, imported, r.why)
			}
		}
	}
}

// checkNames reports uses of other names of an import than those allowed.
func checkNames(file *ast.File, spec *ast.ImportSpec, imported string, names []string, why string, report func(token.Pos, string, ...any)) {
	local := path.Base(imported)
	if spec.Name != nil {
		local = spec.Name.Name
	}
	if local == "." || local == "_" {
		report(spec.Pos(), "%s is imported as %s: its names cannot be told", imported, local)
		return
	}
	ast.Inspect(file, func(n ast.Node) bool {
		selected, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if from, ok := selected.X.(*ast.Ident); ok && from.Name == local && !slices.Contains(names, selected.Sel.Name) {
			report(selected.Pos(), "%s.%s is used: %s", local, selected.Sel.Name, why)
		}
		return true
	})
}

// checkDeclarations: nothing happens by being imported.
func checkDeclarations(file *ast.File, report func(token.Pos, string, ...any)) {
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
			report(f.Pos(), "func init: what a program does must be readable from main")
		}
	}
}

// checkMoney: no type, constant or function of floating point, and no reader that
// makes a string of every field.
func checkMoney(file *ast.File, report func(token.Pos, string, ...any)) {
	for _, spec := range file.Imports {
		if spec.Path.Value == `"encoding/csv"` {
			report(spec.Pos(), "encoding/csv: it knows no positions of fields and allocates every one")
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			if slices.Contains([]string{"float32", "float64", "complex64", "complex128"}, n.Name) {
				report(n.Pos(), "%s: amounts never pass through a float", n.Name)
			}
		case *ast.SelectorExpr: // strconv.ParseFloat, big.Float, array.NewFloat64Builder
			if strings.Contains(n.Sel.Name, "Float") {
				report(n.Pos(), "%s: amounts never pass through a float", n.Sel.Name)
			}
		case *ast.BasicLit:
			if n.Kind == token.FLOAT || n.Kind == token.IMAG {
				report(n.Pos(), "%s: amounts never pass through a float", n.Value)
			}
		}
		return true
	})
}

func TestTheSourcesKeepTheRules(t *testing.T) {
	tree := os.DirFS(".")
	faults, err := check(tree)
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range faults {
		t.Error(fault)
	}
	for _, r := range rules {
		if strings.Contains(r.pkg, "*") || r.pkg == "ingest/sheet" {
			continue // may be empty
		}
		if sources, err := fs.Glob(tree, r.pkg+"/*.go"); err != nil || len(sources) == 0 {
			t.Errorf("the rule of %s speaks of no package", r.pkg)
		}
	}
}

func TestAPlantedViolationIsFound(t *testing.T) {
	const plain = "package x\n\n"
	for _, c := range []struct{ name, file, text, want string }{
		{"a stage imports a stage", "match/a.go", plain + `import "reconcile/fees"`, "match/a.go:3:8: match imports fees: a stage never imports another stage"},
		{"a stage imports the pipeline", "output/a.go", plain + `import p "reconcile/pipeline"`, "output imports pipeline"},
		{"a provider imports a provider", "ingest/alipay/a.go", plain + `import "reconcile/ingest/wechatpay"`, "ingest/alipay imports ingest/wechatpay: a provider is one folder"},
		{"a provider imports the list of providers", "ingest/taobao/a.go", plain + `import "reconcile/ingest"`, "ingest/taobao imports ingest"},
		{"a container imports a provider", "ingest/container/a.go", plain + `import _ "reconcile/ingest/alipay"`, "ingest/container imports ingest/alipay"},
		{"the lines import the containers", "ingest/delimited/a.go", plain + `import "reconcile/ingest/container"`, "ingest/delimited imports ingest/container"},
		{"the nouns import a stage", "settlement/a.go", plain + `import "reconcile/output"`, "settlement imports output: the nouns are below everything"},
		{"the nouns import another module", "settlement/a.go", plain + `import "golang.org/x/text/encoding"`, "settlement imports golang.org/x/text/encoding"},
		{"made-up days use the readers", "generate/a.go", plain + `import "reconcile/ingest/alipay"`, "generate imports ingest/alipay"},
		{"the schedule runs the pipeline", "schedule/a.go", plain + `import "reconcile/pipeline"`, "schedule imports pipeline"},
		{"the pipeline goes around ingest", "pipeline/a.go", plain + `import "reconcile/ingest/orders"`, "pipeline imports ingest/orders"},
		{"the pipeline makes up its input", "pipeline/a.go", plain + `import "reconcile/generate"`, "pipeline imports generate"},
		{"a command matches", "cmd/reconcile/a.go", plain + `import "reconcile/match"`, "cmd/reconcile imports match"},
		{"a command reads", "cmd/reconcile/a.go", plain + "import \"reconcile/ingest\"\nvar _ = ingest.Open", "ingest.Open is used"},
		{"a command charges, under another name", "cmd/reconcile/a.go", plain + "import f \"reconcile/fees\"\nvar _ = f.ChargeLines", "f.ChargeLines is used"},
		{"a command hides its names", "cmd/reconcile/a.go", plain + `import . "reconcile/fees"`, "fees is imported as .: its names cannot be told"},
		{"a package without a rule", "ledger/a.go", plain, "no rule says what ledger may import"},
		{"a package deep inside", "ingest/alipay/inner/a.go", plain, "no rule says what ingest/alipay/inner may import"},
		{"a float type", "fees/a.go", plain + "type rate float64", "fees/a.go:3:11: float64: amounts never pass through a float"},
		{"a float of a field", "match/a.go", plain + "type a struct{ b []float32 }", "float32: amounts"},
		{"a parsed float", "ingest/alipay/a.go", plain + "import \"strconv\"\nvar a, _ = strconv.ParseFloat(\"1\", 64)", "ParseFloat: amounts"},
		{"a big float", "settlement/a.go", plain + "import \"math/big\"\nvar a big.Float", "Float: amounts"},
		{"a constant with a point", "pipeline/a.go", plain + "var a = 0.85", "0.85: amounts"},
		{"the csv library", "ingest/orders/a.go", plain + `import "encoding/csv"`, "encoding/csv: it knows no positions"},
		{"something that happens by itself", "output/a.go", plain + "func init() {}", "func init: what a program does"},
		{"a drawer for everything", "ingest/common/a.go", "package common", "package common: the name does not say what is inside"},
		{"a drawer by another folder's name", "match/a.go", "package utils", "package utils: the name does not say"},
	} {
		t.Run(c.name, func(t *testing.T) {
			faults, err := check(fstest.MapFS{c.file: {Data: []byte(c.text)}})
			if err != nil {
				t.Fatal(err)
			}
			if len(faults) != 1 || !strings.Contains(faults[0], c.want) {
				t.Errorf("got %q, want %s", faults, c.want)
			}
		})
	}
}

func TestWhatTheRulesAllow(t *testing.T) {
	tree := fstest.MapFS{
		"settlement/a.go":           {Data: []byte("package x\nimport (\n\"math\"\n\"github.com/apache/arrow/go/v17/arrow/array\"\n\"github.com/zeebo/xxh3\"\n)")},
		"ingest/a.go":               {Data: []byte("package x\nimport (\n\"reconcile/ingest/alipay\"\n\"reconcile/settlement\"\n)")},
		"ingest/bank/a.go":          {Data: []byte("package x\nimport \"reconcile/ingest/delimited\"")},
		"pipeline/a.go":             {Data: []byte("package x\nimport (\n\"reconcile/ingest\"\n\"reconcile/match\"\n)")},
		"cmd/reconcile/a.go":        {Data: []byte("package main\nimport \"reconcile/ingest\"\nvar _ ingest.Mappings\nvar share = 0.5")},
		"match/a_test.go":           {Data: []byte("package x\nimport \"reconcile/generate\"\nvar a float64")},
		"match/testdata/a.go":       {Data: []byte("package x\nimport \"reconcile/fees\"")},
		"bench/go.mod":              {Data: []byte("module bench")},
		"bench/a.go":                {Data: []byte("package x\nimport \"reconcile/generate\"")},
		".cache/reconcile/match.go": {Data: []byte("package x\nimport \"reconcile/fees\"")},
	}
	faults, err := check(tree)
	if err != nil || len(faults) > 0 {
		t.Errorf("got %q, %v", faults, err)
	}
	t.Run("a source that does not parse is an error", func(t *testing.T) {
		if _, err := check(fstest.MapFS{"match/a.go": {Data: []byte("package")}}); err == nil {
			t.Error("it was passed over")
		}
	})
}
