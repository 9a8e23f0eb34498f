package ingesttest_test

import (
	"go/format"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTheExampleOfContributing puts the code blocks of CONTRIBUTING.md in their places in
// a copy of this module's sources, vets what comes of it and runs the example's tests.
func TestTheExampleOfContributing(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("needs the go command")
	}
	root := filepath.Join("..", "..")
	blocks := map[string]string{}
	text := read(t, filepath.Join(root, "CONTRIBUTING.md"))
	for _, found := range regexp.MustCompile("(?s)```go\n// (\\S+\\.go)\n(.*?)```").FindAllStringSubmatch(text, -1) {
		blocks[found[1]] = strings.TrimRight(found[2], "\n")
	}
	tree := module(t, root)
	for _, name := range []string{"ingest/unionpay/unionpay.go", "ingest/unionpay/unionpay_test.go"} {
		source := "// " + name + "\n" + blocks[name] + "\n"
		if formatted, err := format.Source([]byte(source)); err != nil || string(formatted) != source {
			t.Errorf("%s is not as gofmt writes it (%v)", name, err)
		}
		write(t, filepath.Join(tree, name), source)
	}
	// The wallet's constant and its word are the last ones.
	enums := filepath.Join(tree, "settlement", "enums.go")
	insert(t, enums, "Wallet Wallet = iota", "\n)", "\n"+blocks["settlement/enums.go"])
	insert(t, enums, "var WalletWords = ", "}", `, "unionpay"`)
	providers := filepath.Join(tree, "ingest", "providers.go")
	insert(t, providers, "return []format{", "\n", "\n"+blocks["ingest/providers.go"])
	insert(t, providers, "import (", "\n", "\n\t\"reconcile/ingest/unionpay\"")

	for _, command := range [][]string{
		{"vet", "-trimpath", "./settlement", "./ingest", "./ingest/unionpay"},
		{"test", "-trimpath", "./ingest/unionpay"},
	} {
		cmd := exec.Command("go", command...) //nolint:gosec // the words above
		cmd.Dir = tree
		out, err := cmd.CombinedOutput()
		if err != nil || command[0] == "test" && !strings.Contains(string(out), "ok") {
			t.Fatalf("go %s: %v\n%s", command[0], err, out)
		}
	}
}

// module copies what readers are built of, without tests.
func module(t *testing.T, root string) string {
	t.Helper()
	tree := t.TempDir()
	for _, name := range []string{"go.mod", "go.sum"} {
		write(t, filepath.Join(tree, name), read(t, filepath.Join(root, name)))
	}
	for _, folder := range []string{"settlement", "ingest"} {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return err
			}
			below, err := filepath.Rel(root, path)
			if err == nil {
				write(t, filepath.Join(tree, below), read(t, path))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return tree
}

// insert puts text into a file, before the first place of before that stands behind
// behind.
func insert(t *testing.T, file, behind, before, text string) {
	t.Helper()
	in := read(t, file)
	_, rest, ok := strings.Cut(in, behind)
	at := strings.Index(rest, before)
	if !ok || at < 0 {
		t.Fatalf("%s has no place for %q", file, text)
	}
	at += len(in) - len(rest)
	write(t, file, in[:at]+text+in[at:])
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if strings.TrimSpace(text) == "" {
		t.Fatalf("CONTRIBUTING.md has no block of %s", filepath.Base(file))
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
