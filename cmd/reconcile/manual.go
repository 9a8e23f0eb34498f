package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

const manualHelp = `Writes the manual pages of all commands into a folder, for man:

  reconcile man ~/.local/share/man/man1
  man reconcile-run

Pages that are there already are written again.`

func (a *app) manCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "man DIR",
		Short: "Write the manual pages",
		Long: manualHelp + exitCodes(`  0    written
  1    I/O failure
  2    usage`),
		Example: `  reconcile man ~/.local/share/man/man1`,
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return err
			}
			if err := writeManual(args[0]); err != nil {
				return err
			}
			pages, err := filepath.Glob(filepath.Join(args[0], "reconcile*.1"))
			if err != nil {
				return err
			}
			switch {
			case a.json:
				return printJSON(a.out, map[string]any{"folder": args[0], "pages": len(pages)})
			case a.quiet:
				return nil
			}
			_, err = fmt.Fprintf(a.out, a.say("%d pages in %s")+"\n", len(pages), args[0])
			return err
		},
	}
	a.withOutput(cmd, "print the number of pages as JSON", "print nothing")
	return cmd
}

// writeManual writes a page for each command.
func writeManual(dir string) error {
	root := (&app{getenv: func(string) string { return "" }}).rootCommand()
	root.DisableAutoGenTag = true
	asMarkdown(root)
	return doc.GenManTree(root, &doc.GenManHeader{Title: "RECONCILE", Section: "1", Manual: "reconcile " + version, Source: "reconcile"}, dir)
}

// asMarkdown makes the help of a command and those below it into Markdown.
func asMarkdown(c *cobra.Command) {
	c.Long = markdown(c.Long)
	c.DisableAutoGenTag = true
	c.InitDefaultHelpFlag()
	for _, below := range c.Commands() {
		asMarkdown(below)
	}
}

// markdown is a text of help as Markdown: what is indented there is set as it stands, and
// no character means anything.
func markdown(help string) string {
	var b strings.Builder
	asItStands := false
	lines := strings.Split(help, "\n")
	for i, line := range lines {
		indented := strings.HasPrefix(line, "  ")
		// A blank line between indented ones belongs to them.
		if line == "" && asItStands && i+1 < len(lines) && strings.HasPrefix(lines[i+1], "  ") {
			indented = true
		}
		if indented != asItStands {
			if indented {
				b.WriteString("\n```text\n")
			} else {
				b.WriteString("```\n\n")
			}
			asItStands = indented
		}
		switch {
		case asItStands:
			b.WriteString(strings.TrimPrefix(line, "  ") + "\n")
		default:
			b.WriteString(escapedMarkdown(line) + "\n")
		}
	}
	if asItStands {
		b.WriteString("```\n")
	}
	return strings.TrimSpace(b.String())
}

func escapedMarkdown(line string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "`", "\\`", "<", "&lt;", "[", `\[`).Replace(line)
}
