package main

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

// configFault is one thing wrong with the configuration; line and column count
// from 1.
type configFault struct {
	path         string
	line, column int
	what, do     string
}

func (f configFault) Error() string {
	out := fmt.Sprintf("%s:%d:%d: %s", f.path, f.line, f.column, f.what)
	if f.do != "" {
		out += " (" + f.do + ")"
	}
	return out
}

// place is where a key stands.
type place struct{ line, column int }

// yamlReader reads YAML by its tree and gathers all faults. Scalars are taken as
// they are written: a number never passes through a float, and a merchant number
// keeps its zeros.
type yamlReader struct {
	path   string
	faults []configFault
	// places are the values that were read, by the path of their keys.
	places map[string]place
}

func (r *yamlReader) fault(at place, do, format string, args ...any) {
	r.faults = append(r.faults, configFault{r.path, max(at.line, 1), max(at.column, 1), fmt.Sprintf(format, args...), do})
}

// err is all faults in the order of the file, nil where there is none.
func (r *yamlReader) err() error {
	slices.SortStableFunc(r.faults, func(a, b configFault) int {
		return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.column, b.column))
	})
	var all []error
	for _, f := range r.faults {
		all = append(all, f)
	}
	return errors.Join(all...)
}

// root parses text and returns its mapping, nil where there is nothing in it.
func (r *yamlReader) root(text []byte) ast.Node {
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
			r.fault(placeOf(doc.Body), "keep one", "a second document")
			continue
		}
		root = doc.Body
	}
	return root
}

// syntax reports what the parser could not read.
func (r *yamlReader) syntax(err error) {
	var known yaml.Error
	if errors.As(err, &known) && known.GetToken() != nil && known.GetToken().Position != nil {
		p := known.GetToken().Position
		r.fault(place{p.Line, p.Column}, "", "%s", known.GetMessage())
		return
	}
	r.fault(place{}, "", "%s", strings.TrimSpace(err.Error()))
}

func placeOf(n ast.Node) place {
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return place{}
	}
	p := n.GetToken().Position
	return place{p.Line, p.Column}
}

// field takes the value of a key whose path is at.
type field func(at string, value ast.Node)

// mapping hands each entry of a mapping to its field and reports unknown keys.
func (r *yamlReader) mapping(at string, n ast.Node, fields map[string]field) {
	known := slices.Sorted(maps.Keys(fields))
	r.entries(at, n, func(key string, where place, value ast.Node) {
		if take, ok := fields[key]; ok {
			take(join(at, key), value)
			return
		}
		do := "known: " + strings.Join(known, ", ")
		if near := closest(key, known); near != "" {
			do = fmt.Sprintf("%s is meant?", near)
		}
		r.fault(where, do, "%s: no key of this name", join(at, key))
	})
}

func join(at, key string) string {
	if at == "" {
		return key
	}
	return at + "." + key
}

// entries calls fn with each entry of a mapping.
func (r *yamlReader) entries(at string, n ast.Node, fn func(key string, where place, value ast.Node)) {
	var values []*ast.MappingValueNode
	switch n := n.(type) {
	case nil, *ast.NullNode:
		return
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	default:
		r.fault(placeOf(n), "give keys with values below it", "%s is not a mapping", cmp.Or(at, "the file"))
		return
	}
	for _, v := range values {
		key, ok := r.scalar(v.Key)
		if !ok {
			r.fault(placeOf(v.Key), "write the key as plain text", "%s has a key that is no text", cmp.Or(at, "the file"))
			continue
		}
		where := placeOf(v.Key)
		r.places[join(at, key)] = where
		fn(key, where, v.Value)
	}
}

// scalar returns a single value as it is written; ok is false for anything else.
// A value that is left out is "".
func (r *yamlReader) scalar(n ast.Node) (text string, ok bool) {
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

// text is the field of a single value; take may refuse it.
func (r *yamlReader) text(take func(text string) (do string, err error)) field {
	return func(at string, n ast.Node) {
		text, ok := r.scalar(n)
		if !ok {
			r.fault(r.places[at], "write it on one line", "%s is not a single value", at)
			return
		}
		if do, err := take(text); err != nil {
			where := placeOf(n)
			if where == (place{}) {
				where = r.places[at]
			}
			r.fault(where, do, "%s: %v", at, err)
		}
	}
}

// words is the field of a mapping from text to text.
func (r *yamlReader) words(to *map[string]string) field {
	return func(at string, n ast.Node) {
		words := map[string]string{}
		r.entries(at, n, func(key string, where place, value ast.Node) {
			text, ok := r.scalar(value)
			if !ok {
				r.fault(where, "write it on one line", "%s is not a single value", join(at, key))
				return
			}
			words[key] = text
		})
		*to = words
	}
}
