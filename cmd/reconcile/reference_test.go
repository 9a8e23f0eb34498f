package main

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"reconcile/yamlfile"
)

var update = flag.Bool("update", false, "write docs/reference")

// TestTheReferenceIsThatOfTheProgram holds docs/reference against the commands and the
// configuration as they are; -update writes it.
func TestTheReferenceIsThatOfTheProgram(t *testing.T) {
	for name, want := range map[string]string{"commands.md": commandReference(), "configuration.md": configReference(t)} {
		path := filepath.Join("..", "..", "docs", "reference", name)
		if *update {
			writeFile(t, path, []byte(want))
		}
		got, err := os.ReadFile(path)
		if err != nil || string(got) != want {
			t.Errorf("%s is not what the program says (go test ./cmd/reconcile -run Reference -update writes it): %v", path, err)
		}
	}
}

const written = "<!-- Written by go test ./cmd/reconcile -run Reference -update -->\n\n"

// commandReference is every command with its help, flags, examples and exit codes.
func commandReference() string {
	root := (&app{getenv: func(string) string { return "" }}).rootCommand()
	asMarkdown(root)
	var b strings.Builder
	b.WriteString(written + "# Commands\n\nWhat `reconcile COMMAND --help` says, in one place; `make man` writes it as manual pages. Exit codes that are the same everywhere: 0 done, 1 failure, 2 wrong use, 130 interrupted.\n\n")
	b.WriteString("| Command | |\n|---|---|\n")
	var all []*cobra.Command
	(&app{}).eachCommand(root, func(c *cobra.Command) {
		if c != root && !c.Hidden {
			all = append(all, c)
			fmt.Fprintf(&b, "| [`%s`](#%s) | %s |\n", strings.TrimPrefix(c.CommandPath(), "reconcile "), strings.ReplaceAll(c.CommandPath(), " ", "-"), c.Short)
		}
	})
	b.WriteString("\nEvery command has these flags:\n\n" + flagTable(root.PersistentFlags()))
	for _, c := range all {
		fmt.Fprintf(&b, "\n## %s\n\n%s.\n\n```text\n%s\n```\n\n%s\n", c.CommandPath(), c.Short, c.UseLine(), strings.ReplaceAll(c.Long, "Exit codes:", "**Exit codes**"))
		if table := flagTable(c.LocalNonPersistentFlags()); table != "" {
			b.WriteString("\n**Flags**\n\n" + table)
		}
		if c.Example != "" {
			fmt.Fprintf(&b, "\n**Examples**\n\n```sh\n%s\n```\n", strings.ReplaceAll(strings.TrimPrefix(c.Example, "  "), "\n  ", "\n"))
		}
	}
	return b.String()
}

func flagTable(flags *pflag.FlagSet) string {
	var b strings.Builder
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Name == "help" || f.Hidden {
			return
		}
		name := "`--" + f.Name + "`"
		if f.Shorthand != "" {
			name = "`-" + f.Shorthand + "`, " + name
		}
		standard := f.DefValue
		if standard == "" || standard == "[]" || standard == "false" || standard == "0" && f.Name != "limit" {
			standard = "–"
		} else {
			standard = "`" + standard + "`"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", name, f.Value.Type(), standard, strings.ReplaceAll(escapedMarkdown(f.Usage), "|", `\|`))
	})
	if b.Len() == 0 {
		return ""
	}
	return "| Flag | Type | Default | |\n|---|---|---|---|\n" + b.String()
}

// configReference is every key of the configuration: what it holds, by default and for
// example, and what it means.
func configReference(t *testing.T) string {
	t.Helper()
	schema := schemas()["configuration"]()
	keys := configKeys()
	unused := maps.Clone(keys)
	found := map[string]yamlfile.Schema{}
	eachKey(schema, "", func(path string, of yamlfile.Schema) {
		found[path] = of
		delete(unused, path)
		if key, ok := keyNamed(keys, path); !ok || key.meaning == "" {
			t.Errorf("keys.txt says nothing of %s", path)
		}
	})
	for path := range unused {
		t.Errorf("keys.txt tells of %s, which is no key", path)
	}
	var b strings.Builder
	b.WriteString(written + "# Configuration\n\nEvery key of `reconcile.yaml`. The types are those of `reconcile config schema`, which is made of the list of keys that is read; `reconcile init` writes a configuration with comments, `reconcile config check` tells all faults of one with their lines. An unknown key is an error. Money is in yuan; secrets are read from environment variables or files alone.\n\n`[]` is an entry of a list.\n\n")
	b.WriteString("| Key | Type | Default | Example | Meaning |\n|---|---|---|---|---|\n")
	code := func(text string) string {
		if text == "" {
			return ""
		}
		return "`" + strings.ReplaceAll(text, "|", `\|`) + "`"
	}
	for _, path := range slices.Sorted(maps.Keys(found)) {
		key, _ := keyNamed(keys, path)
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", path, typeOf(found[path]), cmp.Or(key.standard, "–"), code(key.example), key.meaning)
	}
	return b.String()
}

// typeOf is what a key may hold, in words.
func typeOf(s yamlfile.Schema) string {
	if words, ok := s["enum"]; ok {
		var list []string
		for _, word := range strings.Fields(strings.Trim(fmt.Sprint(words), "[]")) {
			if !slices.Contains(list, word) {
				list = append(list, word)
			}
		}
		return strings.Join(list, ", ")
	}
	kinds := strings.Trim(fmt.Sprint(s["type"]), "[]")
	switch {
	case strings.HasPrefix(kinds, "array"):
		if items, ok := s["items"].(yamlfile.Schema); ok && items["enum"] != nil {
			return "list of " + typeOf(items)
		}
		return "list"
	case strings.HasPrefix(kinds, "object"):
		return "section"
	case kinds == "integer":
		return fmt.Sprintf("%v to %v", s["minimum"], s["maximum"])
	case kinds == "<nil>" || kinds == "":
		return "–"
	}
	switch pattern := fmt.Sprint(s["pattern"]); {
	case strings.HasPrefix(pattern, "^20"):
		return "day or time"
	case strings.Contains(pattern, "%"):
		return "rate"
	case strings.HasPrefix(pattern, "^[0-9]+"):
		return "amount"
	}
	return "text"
}
