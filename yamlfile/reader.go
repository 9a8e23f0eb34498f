// Package yamlfile reads YAML strictly: by its tree, with the place of every value,
// all faults at once, and no number ever through a float. What reads a file also
// describes it: schema.go makes its JSON Schema by walking the same fields.
package yamlfile

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Fault is one thing wrong with a file; line and column count from 1.
type Fault struct {
	Path         string
	Line, Column int
	What, Do     string
}

func (f Fault) Error() string {
	out := fmt.Sprintf("%s:%d:%d: %s", f.Path, f.Line, f.Column, f.What)
	if f.Do != "" {
		out += " (" + f.Do + ")"
	}
	return out
}

// Place is where a key or a value stands.
type Place struct{ Line, Column int }

// Reader reads one file and gathers all faults. Scalars are taken as they are
// written: a number never passes through a float, and a merchant number keeps its
// zeros.
type Reader struct {
	Path string
	// Places are the values that were read, by the path of their keys.
	Places   map[string]Place
	faults   []Fault
	warnings []Fault
	others   []error
	// schema is what the fields are described into; nil while a file is read.
	schema Schema
}

// NewReader returns a reader of the file at path, which is only named in faults.
func NewReader(path string) *Reader { return &Reader{Path: path, Places: map[string]Place{}} }

// Err is all faults in the order of the file, nil where there is none.
func (r *Reader) Err() error {
	sortFaults(r.faults)
	var all []error
	for _, f := range r.faults {
		all = append(all, f)
	}
	return errors.Join(append(all, r.others...)...)
}

func sortFaults(faults []Fault) {
	slices.SortStableFunc(faults, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}

// Root parses text and returns its mapping, nil where there is nothing in it.
func (r *Reader) Root(text []byte) ast.Node {
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		r.syntax(err)
		return nil
	}
	var root ast.Node
	for _, doc := range file.Docs {
		if doc == nil || doc.Body == nil {
			continue
		}
		if root != nil {
			r.Fault(PlaceOf(doc.Body), "keep one", "a second document")
			continue
		}
		root = doc.Body
	}
	return root
}

// syntax reports what the parser could not read.
func (r *Reader) syntax(err error) {
	var known yaml.Error
	if errors.As(err, &known) && known.GetToken() != nil && known.GetToken().Position != nil {
		p := known.GetToken().Position
		r.Fault(Place{p.Line, p.Column}, "", "%s", known.GetMessage())
		return
	}
	r.Fault(Place{}, "", "%s", strings.TrimSpace(err.Error()))
}

func PlaceOf(n ast.Node) Place {
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return Place{}
	}
	p := n.GetToken().Position
	return Place{p.Line, p.Column}
}

// Field takes the value of a key whose path is at.
type Field func(at string, value ast.Node)

// Mapping hands each entry of a mapping to its field and reports unknown keys.
func (r *Reader) Mapping(at string, n ast.Node, fields map[string]Field) {
	known := slices.Sorted(maps.Keys(fields))
	if r.schema != nil {
		properties := Schema{}
		for _, key := range known {
			properties[key] = r.describe(func() { fields[key](join(at, key), nil) })
		}
		r.schema["type"], r.schema["properties"], r.schema["additionalProperties"] = []string{"object", "null"}, properties, false
		return
	}
	r.Entries(at, n, func(key string, where Place, value ast.Node) {
		if take, ok := fields[key]; ok {
			take(join(at, key), value)
			return
		}
		do := "known: " + strings.Join(known, ", ")
		if near := Closest(key, known); near != "" {
			do = fmt.Sprintf("%s is meant?", near)
		}
		r.Fault(where, do, "%s: no key of this name", join(at, key))
	})
}

func join(at, key string) string {
	if at == "" {
		return key
	}
	return at + "." + key
}

// Entries calls fn with each entry of a mapping.
func (r *Reader) Entries(at string, n ast.Node, fn func(key string, where Place, value ast.Node)) {
	var values []*ast.MappingValueNode
	switch n := n.(type) {
	case nil, *ast.NullNode:
		return
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	default:
		r.Fault(PlaceOf(n), "give keys with values below it", "%s is not a mapping", cmp.Or(at, "the file"))
		return
	}
	for _, v := range values {
		key, ok := r.Scalar(v.Key)
		if !ok {
			r.Fault(PlaceOf(v.Key), "write the key as plain text", "%s has a key that is no text", cmp.Or(at, "the file"))
			continue
		}
		where := PlaceOf(v.Key)
		r.Places[join(at, key)] = where
		fn(key, where, v.Value)
	}
}

// Scalar returns a single value as it is written; ok is false for anything else.
// A value that is left out is "".
func (r *Reader) Scalar(n ast.Node) (text string, ok bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.NullNode:
		return "", true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}

// Text is the field of a single value; take may refuse it.
func (r *Reader) Text(take func(text string) (do string, err error)) Field {
	return func(at string, n ast.Node) {
		if r.schema != nil {
			r.schema["type"] = []string{"string", "number", "boolean", "null"}
			return
		}
		text, ok := r.Scalar(n)
		if !ok {
			r.Fault(r.Places[at], "write it on one line", "%s is not a single value", at)
			return
		}
		if do, err := take(text); err != nil {
			where := PlaceOf(n)
			if where == (Place{}) {
				where = r.Places[at]
			}
			r.Fault(where, do, "%s: %v", at, err)
		}
	}
}

// Words is the field of a mapping from text to text.
func (r *Reader) Words(to *map[string]string) Field {
	return func(at string, n ast.Node) {
		if r.schema != nil {
			r.schema["type"] = []string{"object", "null"}
			r.schema["additionalProperties"] = Schema{"type": []string{"string", "number", "boolean", "null"}}
			return
		}
		words := map[string]string{}
		r.Entries(at, n, func(key string, where Place, value ast.Node) {
			text, ok := r.Scalar(value)
			if !ok {
				r.Fault(where, "write it on one line", "%s is not a single value", join(at, key))
				return
			}
			words[key] = text
		})
		*to = words
	}
}

// Fault notes one thing that is wrong and what to do about it ("" for nothing).
func (r *Reader) Fault(at Place, do, format string, args ...any) {
	if r.schema == nil {
		r.faults = append(r.faults, r.finding(at, do, format, args...))
	}
}

// Warn notes what is allowed, and probably not meant.
func (r *Reader) Warn(at Place, do, format string, args ...any) {
	if r.schema == nil {
		r.warnings = append(r.warnings, r.finding(at, do, format, args...))
	}
}

func (r *Reader) finding(at Place, do, format string, args ...any) Fault {
	return Fault{r.Path, max(at.Line, 1), max(at.Column, 1), fmt.Sprintf(format, args...), do}
}

// Append notes an error that names its place itself, such as one of a file that this
// one names.
func (r *Reader) Append(err error) { r.others = append(r.others, err) }

// Faults is how many faults were noted so far.
func (r *Reader) Faults() int { return len(r.faults) + len(r.others) }

// Warnings are what Warn noted, in the order of the file.
func (r *Reader) Warnings() []Fault {
	sortFaults(r.warnings)
	return r.warnings
}

// Required reports the keys of a mapping that are not there. n is the mapping.
func (r *Reader) Required(at string, n ast.Node, keys ...string) {
	if r.schema != nil {
		r.schema["required"] = keys
		return
	}
	for _, key := range keys {
		if _, ok := r.Places[join(at, key)]; !ok {
			where, ok := r.Places[at]
			if !ok {
				where = PlaceOf(firstOf(n))
			}
			r.Fault(where, "", "%s: %s is missing", cmp.Or(at, "the file"), key)
		}
	}
}

// List is the field of a list; item takes each of its values, whose path ends in
// its number, counted from 1.
func (r *Reader) List(item Field) Field {
	return func(at string, n ast.Node) {
		if r.schema != nil {
			r.schema["type"] = []string{"array", "null"}
			r.schema["items"] = r.describe(func() { item(at+"[]", nil) })
			return
		}
		switch list := n.(type) {
		case nil, *ast.NullNode:
		case *ast.SequenceNode:
			for i, value := range list.Values {
				path := fmt.Sprintf("%s[%d]", at, i+1)
				r.Places[path] = PlaceOf(firstOf(value))
				item(path, value)
			}
		default:
			r.Fault(PlaceOf(n), "begin each entry with “- ”", "%s is not a list", at)
		}
	}
}

// firstOf is the first key of a mapping, where its entry begins for a reader; else
// the node itself.
func firstOf(n ast.Node) ast.Node {
	switch m := n.(type) {
	case *ast.MappingNode:
		if len(m.Values) > 0 {
			return m.Values[0].Key
		}
	case *ast.MappingValueNode:
		return m.Key
	}
	return n
}

// OneOf is the field of a single value that is one of some words.
func (r *Reader) OneOf(words []string, take func(word string)) Field {
	return func(at string, n ast.Node) {
		if r.schema != nil {
			r.schema["enum"] = words
			return
		}
		r.Text(func(text string) (string, error) {
			if slices.Contains(words, text) {
				take(text)
				return "", nil
			}
			do := "known: " + strings.Join(words, ", ")
			if near := Closest(text, words); near != "" {
				do = near + " is meant?"
			}
			return do, fmt.Errorf("%q is not known", text)
		})(at, n)
	}
}

// Flag is the field of true or false.
func (r *Reader) Flag(take func(is bool)) Field {
	return func(at string, n ast.Node) {
		if r.schema != nil {
			r.schema["enum"] = []any{true, false, "true", "false"}
			return
		}
		r.OneOf([]string{"true", "false"}, func(word string) { take(word == "true") })(at, n)
	}
}

// Matching is Text whose values match a pattern of JSON Schema (ECMA-262), for the
// description; take must refuse what does not match.
func (r *Reader) Matching(pattern string, take func(text string) (do string, err error)) Field {
	return func(at string, n ast.Node) {
		if r.schema != nil {
			r.schema["type"], r.schema["pattern"] = []string{"string", "number"}, pattern
			return
		}
		r.Text(take)(at, n)
	}
}

// Whole is the field of a whole number between two bounds; take must refuse what is
// none.
func (r *Reader) Whole(least, most int64, take func(text string) (do string, err error)) Field {
	return func(at string, n ast.Node) {
		if r.schema != nil {
			r.schema["type"], r.schema["minimum"], r.schema["maximum"] = "integer", least, most
			return
		}
		r.Text(take)(at, n)
	}
}
