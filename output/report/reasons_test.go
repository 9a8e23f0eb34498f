package report

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// saidIn are the names under which the stages keep why something is a break, what to do about
// it, or for what something waits: fields, variables, parameters.
var saidIn = map[string]bool{"Reason": true, "Suggest": true, "Note": true, "Closed": true, "closed": true, "reason": true, "suggest": true, "suggestion": true,
	"why": true, "where": true, "contradicts": true, "said": true, "likely": true, "text": true, "contradiction": true}

// notSaid are functions whose words stand in no reason, though reasons are made with them.
var notSaid = map[string]bool{"Errorf": true, "String": true}

// notThere are names that stand for something else in a stage: notes of the proof, and why a
// quote was not made by a rule.
var notThere = map[string]map[string]bool{"pipeline": {"Note": true}, "fees": {"why": true, "text": true, "Note": true}, "match": {"Note": true}}

// explains are the functions whose steps a stage's reasons end with.
var explains = map[string][]string{"fees": {"ExplainExcess", "ExplainFee", "traceShare"}}

// sayings is the text that the sources of a package put into reasons.
type sayings struct {
	functions map[string][]*ast.FuncDecl
	constants map[string]ast.Expr
	seen      map[ast.Node]bool
	texts     map[string]token.Pos
}

// expression takes the texts of an expression, and of the functions of the package that it calls.
func (s *sayings) expression(e ast.Node) {
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return true
		case *ast.BasicLit:
			if n.Kind == token.STRING {
				text, _ := strconv.Unquote(n.Value)
				s.texts[text] = n.Pos()
			}
		case *ast.Ident:
			if value := s.constants[n.Name]; value != nil && !s.seen[value] {
				s.seen[value] = true
				s.expression(value)
			}
		case *ast.CallExpr:
			name := ""
			switch f := n.Fun.(type) {
			case *ast.Ident:
				name = f.Name
			case *ast.SelectorExpr:
				name = f.Sel.Name
			}
			if notSaid[name] {
				return false
			}
			for _, f := range s.functions[name] {
				if returnsText(f) && !s.seen[f] {
					s.seen[f] = true
					s.expression(f.Body)
				}
			}
		}
		return true
	})
}

// declared keeps the texts that a package has as constants.
func (s *sayings) declared(d *ast.GenDecl) {
	for _, spec := range d.Specs {
		if v, ok := spec.(*ast.ValueSpec); ok && d.Tok == token.CONST && len(v.Names) == len(v.Values) {
			for i, name := range v.Names {
				s.constants[name.Name] = v.Values[i]
			}
		}
	}
}

func returnsText(f *ast.FuncDecl) bool {
	if f.Body == nil || f.Type.Results == nil {
		return false
	}
	for _, r := range f.Type.Results.List {
		if name, ok := r.Type.(*ast.Ident); ok && (name.Name == "string" || name.Name == "Explained" || name.Name == "Finding") {
			return true
		}
	}
	return false
}

// file takes what a file assigns to the names of saidIn, or hands to parameters of such names.
func (s *sayings) file(f *ast.File, except map[string]bool) {
	said := func(e ast.Expr) bool {
		if at, ok := e.(*ast.IndexExpr); ok {
			e = at.X
		}
		name := ""
		switch e := e.(type) {
		case *ast.Ident:
			name = e.Name
		case *ast.SelectorExpr:
			name = e.Sel.Name
		}
		return saidIn[name] && !except[name]
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for i, to := range n.Lhs {
				if said(to) {
					s.expression(n.Rhs[min(i, len(n.Rhs)-1)])
				}
			}
		case *ast.CompositeLit:
			if said(n.Type) {
				for _, value := range n.Elts {
					s.expression(value)
				}
			}
		case *ast.KeyValueExpr:
			if said(n.Key) {
				s.expression(n.Value)
			}
		case *ast.CallExpr:
			name := ""
			switch f := n.Fun.(type) {
			case *ast.Ident:
				name = f.Name
			case *ast.SelectorExpr:
				name = f.Sel.Name
			}
			for _, f := range s.functions[name] {
				at := 0
				for _, p := range f.Type.Params.List {
					for _, param := range p.Names {
						if saidIn[param.Name] && at < len(n.Args) {
							s.expression(n.Args[at])
						}
						at++
					}
				}
			}
		}
		return true
	})
}

var (
	verb     = regexp.MustCompile(`%[+#]?[a-z]`)
	sentence = regexp.MustCompile(`[a-z]{2,}[,:]? [a-z]{2,}`)
)

// TestEveryReasonOfTheSourcesHasAForm reads the sources of the stages for what they put into
// reasons, suggestions and notes, and wants each of its pieces, between what varies, to stand
// in one of the forms that are told in Chinese: a new reason needs its Chinese.
func TestEveryReasonOfTheSourcesHasAForm(t *testing.T) {
	var known strings.Builder
	for _, f := range reasonForms {
		known.WriteString(f.english + "\n")
	}
	for word := range statusWords {
		known.WriteString(word + "\n")
	}
	found := 0
	for _, stage := range []string{"match", "funds", "fees", "pipeline"} {
		s := &sayings{functions: map[string][]*ast.FuncDecl{}, constants: map[string]ast.Expr{}, seen: map[ast.Node]bool{}, texts: map[string]token.Pos{}}
		set := token.NewFileSet()
		paths, err := filepath.Glob(filepath.Join("..", "..", stage, "*.go"))
		if err != nil || len(paths) == 0 {
			t.Fatal(paths, err)
		}
		var files []*ast.File
		for _, path := range paths {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(set, path, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, f)
			for _, d := range f.Decls {
				switch d := d.(type) {
				case *ast.FuncDecl:
					s.functions[d.Name.Name] = append(s.functions[d.Name.Name], d)
				case *ast.GenDecl:
					s.declared(d)
				}
			}
		}
		for _, f := range files {
			s.file(f, notThere[stage])
		}
		for _, name := range explains[stage] {
			for _, f := range s.functions[name] {
				s.expression(f.Body)
			}
		}
		for text, at := range s.texts {
			if !sentence.MatchString(text) {
				continue
			}
			found++
			for _, piece := range verb.Split(text, -1) {
				piece = strings.Trim(piece, " ();:,")
				if sentence.MatchString(piece) && !strings.Contains(known.String(), piece) {
					t.Errorf("%s: %q has no form in Chinese", set.Position(at), piece)
				}
			}
		}
	}
	if found < 60 {
		t.Errorf("%d texts were found", found)
	}
}
