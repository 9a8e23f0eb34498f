package main

import (
	"fmt"
	"slices"
	"strings"

	"reconcile/output"
	"reconcile/settlement"
	"reconcile/yamlfile"
)

// The language of --where:
//
//	kind = amount_mismatch and difference < -10.00
//
// Conditions are joined by “and”. A condition is a column, one of = != < <= > >= ~
// (contains), and a value: a word, or text in ' or ", a quote in it doubled. A
// value is read by the type of its column, money as fen, never as a float.

// whereError is a fault in an expression; at counts its bytes before the fault.
type whereError struct {
	expression string
	at         int
	what, do   string
}

// Error prints the expression with a mark under the place.
func (e *whereError) Error() string {
	before := e.expression[:e.at]
	out := fmt.Sprintf("--where:%d: %s", len([]rune(before))+1, e.what)
	if e.do != "" {
		out += " (" + e.do + ")"
	}
	return out + "\n  " + e.expression + "\n  " + strings.Repeat(" ", cells.StringWidth(before)) + "^"
}

// where is a compiled expression; it holds for a row where all conditions do.
type where []func(output.Row) bool

func (w where) holds(r output.Row) bool {
	for _, condition := range w {
		if !condition(r) {
			return false
		}
	}
	return true
}

// token is a word, an operator or a quoted text, and where it stands.
type token struct {
	text   string
	at     int
	quoted bool
}

var operators = []string{"!=", "<=", ">=", "=", "<", ">", "~"}

func operatorAt(text string) string {
	for _, op := range operators {
		if strings.HasPrefix(text, op) {
			return op
		}
	}
	return ""
}

// tokens takes an expression apart.
func tokens(expression string) ([]token, error) {
	var list []token
	for i := 0; i < len(expression); {
		rest := expression[i:]
		if blank := len(rest) - len(strings.TrimLeft(rest, " \t\n")); blank > 0 {
			i += blank
			continue
		}
		if op := operatorAt(rest); op != "" {
			list = append(list, token{text: op, at: i})
			i += len(op)
			continue
		}
		if rest[0] == '\'' || rest[0] == '"' {
			text, length := unquote(rest)
			if length == 0 {
				return nil, &whereError{expression, i, "a quote that is not closed", ""}
			}
			list = append(list, token{text: text, at: i, quoted: true})
			i += length
			continue
		}
		end := strings.IndexFunc(rest, func(c rune) bool { return strings.ContainsRune(" \t\n=!<>~'\"", c) })
		switch {
		case end == 0:
			return nil, &whereError{expression, i, fmt.Sprintf("%q is no operator", rest[:1]), "known: " + strings.Join(operators, " ")}
		case end < 0:
			end = len(rest)
		}
		list = append(list, token{text: rest[:end], at: i})
		i += end
	}
	return list, nil
}

// unquote reads the quoted text at the start of s; length is 0 where it does not
// end.
func unquote(s string) (text string, length int) {
	quote := s[0]
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		if s[i] != quote {
			b.WriteByte(s[i])
			continue
		}
		if i+1 < len(s) && s[i+1] == quote {
			b.WriteByte(quote)
			i++
			continue
		}
		return b.String(), i + 1
	}
	return "", 0
}

// compileWhere reads an expression over columns of a table.
func compileWhere(expression string, columns []settlement.TableColumn) (where, error) {
	list, err := tokens(expression)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, nil
	}
	p := whereParser{expression: expression, list: list, columns: columns}
	var all where
	for {
		condition, err := p.condition()
		if err != nil {
			return nil, err
		}
		all = append(all, condition)
		if len(p.list) == 0 {
			return all, nil
		}
		if and := p.take(); and.quoted || !strings.EqualFold(and.text, "and") {
			return nil, p.fault(and, "conditions are joined by “and”", "“and” is expected here, not %q", and.text)
		}
	}
}

type whereParser struct {
	expression string
	list       []token // what is not read yet
	columns    []settlement.TableColumn
}

// take returns the next token; at the end one without text.
func (p *whereParser) take() token {
	if len(p.list) == 0 {
		return token{at: len(p.expression)}
	}
	t := p.list[0]
	p.list = p.list[1:]
	return t
}

func (p *whereParser) fault(t token, do, format string, args ...any) error {
	return &whereError{p.expression, t.at, fmt.Sprintf(format, args...), do}
}

func (p *whereParser) condition() (func(output.Row) bool, error) {
	name := p.take()
	if name.text == "" || name.quoted {
		return nil, p.fault(name, "such as: kind = amount_mismatch", "a column is expected here")
	}
	i := slices.IndexFunc(p.columns, func(c settlement.TableColumn) bool { return c.Name == name.text })
	if i < 0 {
		return nil, p.fault(name, nearest(name.text, columnNames(p.columns)), "no column %q", name.text)
	}
	op := p.take()
	if op.quoted || !slices.Contains(operators, op.text) {
		return nil, p.fault(op, "known: "+strings.Join(operators, " "), "an operator is expected here")
	}
	value := p.take()
	if value.text == "" && !value.quoted || !value.quoted && slices.Contains(operators, value.text) {
		return nil, p.fault(value, "put empty text in quotes", "a value is expected here")
	}
	return p.compare(p.columns[i], op, value)
}

// nearest is advice on a name that is not known.
func nearest(name string, known []string) string {
	if near := yamlfile.Closest(name, known); near != "" {
		return near + " is meant?"
	}
	return "known: " + strings.Join(known, ", ")
}

func columnNames(columns []settlement.TableColumn) (names []string) {
	for _, c := range columns {
		names = append(names, c.Name)
	}
	return names
}

// compare builds the test of one condition. As in SQL, null is found by `= null`
// alone: no value equals it, differs from it, or is less or greater.
func (p *whereParser) compare(column settlement.TableColumn, op, value token) (func(output.Row) bool, error) {
	name := column.Name
	if value.text == "null" && !value.quoted {
		switch op.text {
		case "=":
			return func(r output.Row) bool { return r.IsNull(name) }, nil
		case "!=":
			return func(r output.Row) bool { return !r.IsNull(name) }, nil
		}
		return nil, p.fault(op, "null is compared by = and !=", "null is not greater or less than anything")
	}
	if op.text == "~" {
		return func(r output.Row) bool { return strings.Contains(r.Text(name), value.text) }, nil
	}
	order, err := comparison(column, value.text)
	if err != nil {
		return nil, p.fault(value, "", "%s: %v", name, err)
	}
	if column.Type == settlement.TypeWord || column.Type == settlement.TypeFlag {
		if op.text != "=" && op.text != "!=" {
			return nil, p.fault(op, "use = or !=", "the words of %s have no order", name)
		}
	}
	test := map[string]func(int) bool{
		"=":  func(c int) bool { return c == 0 },
		"!=": func(c int) bool { return c != 0 },
		"<":  func(c int) bool { return c < 0 },
		"<=": func(c int) bool { return c <= 0 },
		">":  func(c int) bool { return c > 0 },
		">=": func(c int) bool { return c >= 0 },
	}[op.text]
	return func(r output.Row) bool { return !r.IsNull(name) && test(order(r)) }, nil
}
