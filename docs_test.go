package reconcile_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// namedTest is a test as the documents name it: `folder TestName` or
// `folder TestName/case`.
var namedTest = regexp.MustCompile("`([a-z][a-z0-9/]*) ((?:Test|Fuzz|Benchmark)[A-Za-z0-9]+)(?:/([^`]+))?`")

// testsOf are the tests, fuzz targets and benchmarks of a folder, and the texts in its
// test files, among which are the names of cases.
func testsOf(folder string) (functions, texts map[string]bool, err error) {
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		return nil, nil, err
	}
	functions, texts = map[string]bool{}, map[string]bool{}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			return nil, nil, err
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				functions[n.Name.Name] = n.Recv == nil
			case *ast.BasicLit:
				if text, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING {
					texts[text] = true
				}
			}
			return true
		})
	}
	return functions, texts, nil
}

// unproved lists the tests that a document names and the sources do not have, and the
// rows of its tables that say accepted or refused without naming one.
func unproved(document string) (faults []string, named int, err error) {
	type names struct{ functions, texts map[string]bool }
	folders := map[string]names{}
	for number, line := range strings.Split(document, "\n") {
		found := namedTest.FindAllStringSubmatch(line, -1)
		named += len(found)
		if strings.HasPrefix(line, "|") && len(found) == 0 && (strings.Contains(line, "| accepted") || strings.Contains(line, "| refused")) {
			faults = append(faults, fmt.Sprintf("line %d: no test is named", number+1))
		}
		for _, f := range found {
			of, ok := folders[f[1]]
			if !ok {
				if of.functions, of.texts, err = testsOf(f[1]); err != nil {
					return nil, 0, err
				}
				folders[f[1]] = of
			}
			isScript := false
			if f[2] == "TestScripts" {
				_, err := os.Stat(filepath.Join("testdata/script", f[3]+".txtar"))
				isScript = err == nil
			}
			switch {
			case !of.functions[f[2]]:
				faults = append(faults, fmt.Sprintf("line %d: %s has no %s", number+1, f[1], f[2]))
			case f[3] != "" && !of.texts[f[3]] && !isScript:
				faults = append(faults, fmt.Sprintf("line %d: %s has no case %q", number+1, f[1], f[3]))
			}
		}
	}
	return faults, named, nil
}

func TestTheTestsThatDocumentsNameExist(t *testing.T) {
	for name, least := range map[string]int{"docs/formats.md": 80, "docs/reliability.md": 20} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		faults, named, err := unproved(string(text))
		if err != nil {
			t.Fatal(err)
		}
		if named < least {
			t.Errorf("%s names %d tests, at least %d were expected", name, named, least)
		}
		for _, fault := range faults {
			t.Errorf("%s, %s", name, fault)
		}
	}
}

func TestDocumentsThatNameNoTestAreFound(t *testing.T) {
	for text, want := range map[string]string{
		"| a | accepted | `ingest TestNothingOfThisName` |":                    "line 1: ingest has no TestNothingOfThisName",
		"\n| a | refused | it is |":                                            "line 2: no test is named",
		"| a | accepted | `ingest/wechatpay TestLayouts/a case that is not` |": `line 1: ingest/wechatpay has no case "a case that is not"`,
		"| a | refused | `nowhere TestLayouts` |":                              "line 1: nowhere has no TestLayouts",
		"| a | accepted | `ingest/wechatpay TestLayouts/current ALL` |":        "",
	} {
		faults, _, err := unproved(text)
		if got := strings.Join(faults, "; "); got != want || err != nil {
			t.Errorf("%q: got %q, %v", text, got, err)
		}
	}
}

// TestEveryFuzzTargetIsListed holds the list of docs/reliability.md to the sources.
func TestEveryFuzzTargetIsListed(t *testing.T) {
	text, err := os.ReadFile("docs/reliability.md")
	if err != nil {
		t.Fatal(err)
	}
	targets := 0
	err = filepath.WalkDir(".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || !e.IsDir() {
			return err
		}
		if base := filepath.Base(name); name != "." && (strings.HasPrefix(base, ".") || base == "testdata" || base == "bench") {
			return filepath.SkipDir
		}
		functions, _, err := testsOf(name)
		for function := range functions {
			if !strings.HasPrefix(function, "Fuzz") {
				continue
			}
			targets++
			if !strings.Contains(string(text), fmt.Sprintf("| `%s %s` | ", filepath.ToSlash(name), function)) {
				t.Errorf("%s of %s is not listed", function, name)
			}
		}
		return err
	})
	if err != nil || targets < 20 {
		t.Errorf("%d fuzz targets, %v", targets, err)
	}
}
