package main

import (
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"reconcile/output/overview"
	"reconcile/output/words"
	"reconcile/settlement"
)

// sources are the paths of the sources of a package, tests left out.
func sources(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".go") && !strings.HasSuffix(e.Name(), "_test.go") {
			names = append(names, filepath.Join(dir, e.Name()))
		}
	}
	return names
}

// spoken are all texts that the sources say in the reader's language.
func spoken(t *testing.T) map[string]bool {
	t.Helper()
	texts := map[string]bool{}
	files := sources(t, ".")
	for _, name := range append(files, sources(t, "../../story")...) {
		file, err := parser.ParseFile(gotoken.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			name := ""
			switch f := call.Fun.(type) {
			case *ast.SelectorExpr:
				name = f.Sel.Name
			case *ast.Ident:
				name = f.Name
			}
			if literal, ok := call.Args[0].(*ast.BasicLit); ok && slices.Contains([]string{"say", "Say", "sayf", "named", "line"}, name) {
				if text, err := strconv.Unquote(literal.Value); err == nil {
					texts[text] = true
				}
			}
			return true
		})
	}
	for _, f := range figureRows {
		texts[f.name] = true
	}
	for _, row := range overview.RollRows() {
		texts[row.Name] = true
	}
	for _, name := range append(checkNames, dayStates...) {
		texts[name] = true
	}
	for _, name := range stageNames {
		texts[name] = true
	}
	for _, list := range [][]string{settlement.WalletWords, settlement.KindWords, settlement.StateWords, settlement.BreakWords, settlement.KnownByWords} {
		for _, word := range list[1:] {
			texts[word] = true
		}
	}
	for _, kind := range []settlement.StatementKind{settlement.TradeBill, settlement.TradeBillSuccess, settlement.TradeBillRefund,
		settlement.TradeSummary, settlement.OrderExtract, settlement.RefundExtract} {
		texts[string(kind)] = true
	}
	return texts
}

func TestEverythingThatIsSaidHasChinese(t *testing.T) {
	texts := spoken(t)
	for text := range texts {
		if _, ok := words.Chinese(text); inChinese[text] == "" && !ok {
			t.Errorf("no Chinese for %q", text)
		}
	}
	for text := range inChinese {
		if !texts[text] {
			t.Errorf("%q is said nowhere", text)
		}
	}
}

func TestChineseTakesTheSameValues(t *testing.T) {
	verb := regexp.MustCompile(`%[a-z]`)
	for text, chinese := range inChinese {
		want, got := verb.FindAllString(text, -1), verb.FindAllString(chinese, -1)
		if strings.Join(want, "") != strings.Join(got, "") {
			t.Errorf("%q takes %v, %q takes %v", text, want, chinese, got)
		}
	}
}

func TestLanguageOfTheEnvironment(t *testing.T) {
	for _, c := range []struct {
		env  map[string]string
		want language
	}{
		{map[string]string{}, english},
		{map[string]string{"LANG": "zh_CN.UTF-8"}, chinese},
		{map[string]string{"LANG": "en_US.UTF-8"}, english},
		{map[string]string{"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, english},
		{map[string]string{"LANG": "C", "LC_MESSAGES": "zh_TW"}, chinese},
	} {
		if got := languageOf(func(name string) string { return c.env[name] }); got != c.want {
			t.Errorf("%v: %v", c.env, got)
		}
	}
}
