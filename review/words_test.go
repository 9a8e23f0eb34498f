package review

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"reconcile/output/words"
	"reconcile/settlement"
)

var inTemplates = regexp.MustCompile(`(?:\.T|\.Tf) "([^"]+)"`)

// sentence is a text that a page may show: one that begins large and ends with a full stop.
var sentence = regexp.MustCompile(`^[A-Z][a-z]* .*\.$`)

// texts are all texts that pages say.
func texts(t *testing.T) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	if err := fs.WalkDir(files, "pages", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, path)
		for _, m := range inTemplates.FindAllStringSubmatch(string(text), -1) {
			all[m[1]] = true
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") || e.Name() == "words.go" {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), e.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				f, ok := n.Fun.(*ast.SelectorExpr)
				if ok && f.Sel.Name == "Error" || ok && f.Sel.Name == "Sprintf" { // plain answers and errors, in English
					return false
				}
				if ok && slices.Contains([]string{"T", "Tf", "frame"}, f.Sel.Name) {
					for _, arg := range n.Args {
						if literal, ok := arg.(*ast.BasicLit); ok && literal.Kind == token.STRING {
							addText(all, literal)
						}
					}
				}
			case *ast.BasicLit:
				if text, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING && sentence.MatchString(text) {
					all[text] = true
				}
			}
			return true
		})
	}
	return all
}

func addText(all map[string]bool, literal *ast.BasicLit) {
	if text, err := strconv.Unquote(literal.Value); err == nil {
		all[text] = true
	}
}

func TestEverythingOnAPageHasChinese(t *testing.T) {
	all := texts(t)
	if len(all) < 100 {
		t.Fatalf("only %d texts were found", len(all))
	}
	for _, list := range [][]string{states, settlement.BreakStatusWords[2:], {"balanced", "breaks", "incomplete", "not compared", "damaged", "no figures", "result", "there is no such page"}} {
		for _, word := range list {
			all[word] = true
		}
	}
	for _, action := range actions {
		all["do "+action], all["was "+action] = true, true
		if english["do "+action] == "" || english["was "+action] == "" {
			t.Errorf("%s has no English", action)
		}
	}
	for text := range all {
		if _, ok := words.Chinese(text); chinese[text] == "" && !ok && text != "do " && text != "was " {
			t.Errorf("no Chinese for %q", text)
		}
	}
	for text := range chinese {
		if !all[text] && english[text] == "" {
			t.Errorf("%q is said nowhere", text)
		}
	}
	for _, list := range [][]string{settlement.BreakWords[1:], settlement.WalletWords[1:]} {
		for _, word := range list {
			if _, ok := words.English(word); !ok {
				t.Errorf("%q has no English", word)
			}
		}
	}
}

func TestChineseTakesTheSameValues(t *testing.T) {
	verb := regexp.MustCompile(`%[a-z]`)
	for text, chinese := range chinese {
		if want, got := verb.FindAllString(text, -1), verb.FindAllString(chinese, -1); !slices.Equal(want, got) {
			t.Errorf("%q takes %v, %q takes %v", text, want, chinese, got)
		}
	}
}
