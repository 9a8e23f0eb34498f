package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"reconcile/output/ddl"
	"reconcile/pipeline"
)

const ddlHelp = `Prints the definitions of the tables for another engine, to be fed to it: views
over the Parquet files for DuckDB; tables of ClickHouse and the statements that
fill them; external tables of Spark. Every column has its meaning as a comment.

Of a dataset of days each table has the column dt, the day of the run, and the
view breaks_latest tells of each break once: how it stands at the end of the
last day, or how it ended. docs/analytics.md has questions to ask.

The folder of --out is looked at for its days and tables. Engines that find it
elsewhere are told by --path how they call it. Without --out nothing is looked
at; a path that ends in dt=* is then a dataset, and Spark is not told its days.

--json describes the tables for programs, with what each engine calls a type.`

const ddlExamples = `  reconcile ddl --engine duckdb --out days > tables.sql
  duckdb -init tables.sql -c 'select kind, count(*) from breaks_latest group by kind'
  reconcile ddl --engine spark --out days --path s3a://finance/reconcile/days
  reconcile ddl --engine clickhouse --path '/var/lib/clickhouse/user_files/days/dt=*'
  reconcile ddl --json | jq -r '.tables[] | .name + ": " + .grain'`

const ddlCodes = `  0    printed
  1    I/O failure
  2    usage: no such engine, no result there, or a path that engines misread`

type ddlFlags struct{ engine, out, path string }

func (a *app) ddlCommand() *cobra.Command {
	var flags ddlFlags
	cmd := &cobra.Command{
		Use:     "ddl --engine " + engineWords("|"),
		Short:   "Print table definitions for DuckDB, ClickHouse or Spark",
		Long:    ddlHelp + exitCodes(ddlCodes),
		Example: ddlExamples,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.ddl(flags, cmd.Flags().Changed("out"))
		},
	}
	cmd.Flags().StringVar(&flags.engine, "engine", "", "the engine: "+engineWords(", "))
	cmd.Flags().StringVarP(&flags.out, "out", "o", defaultOut, "folder of the result, or of the days")
	cmd.Flags().StringVar(&flags.path, "path", "", "what the engine calls that folder (default: its absolute path)")
	a.withOutput(cmd, "print the tables as JSON", "")
	cmd.MarkFlagsMutuallyExclusive("json", "engine")
	cmd.MarkFlagsOneRequired("json", "engine")
	_ = cmd.RegisterFlagCompletionFunc("engine", cobra.FixedCompletions(strings.Split(engineWords(" "), " "), cobra.ShellCompDirectiveNoFileComp)) // the flag is there
	return cmd
}

func engineWords(between string) string {
	words := make([]string, len(ddl.Engines))
	for i, e := range ddl.Engines {
		words[i] = string(e)
	}
	return strings.Join(words, between)
}

func (a *app) ddl(flags ddlFlags, outGiven bool) error {
	engine := ddl.Engine(flags.engine)
	if !a.json && !slices.Contains(ddl.Engines, engine) {
		words := strings.Split(engineWords(" "), " ")
		return usage(fmt.Errorf("--engine: no engine %q (%s)", flags.engine, nearest(flags.engine, words)))
	}
	var source ddl.Source
	switch {
	case flags.path != "" && !outGiven:
		source.Root, source.Dataset = strings.CutSuffix(strings.TrimRight(flags.path, "/"), "/dt=*")
	case a.json && !outGiven:
		source.Root = defaultOut // of whatever result
	default:
		var err error
		if source, err = lookAtSource(flags.out); err != nil {
			return err
		}
		if flags.path != "" {
			source.Root = strings.TrimSuffix(strings.TrimRight(flags.path, "/"), "/dt=*")
		}
	}
	if strings.ContainsAny(source.Root, ddl.PatternCharacters) {
		return usage(fmt.Errorf("%s: an engine takes one of %s in a path for a pattern (name the folder itself; rename it where it has one)", source.Root, ddl.PatternCharacters))
	}
	if a.json {
		return printJSON(a.out, ddl.Describe(source))
	}
	_, err := io.WriteString(a.out, ddl.Statements(engine, source))
	return err
}

// lookAtSource is what a folder holds: a result, or a dataset with its days.
func lookAtSource(dir string) (ddl.Source, error) {
	newest, m, err := readResult(dir)
	if err != nil {
		return ddl.Source{}, err
	}
	var source ddl.Source
	if source.Root, err = filepath.Abs(dir); err != nil {
		return source, err
	}
	for _, t := range m.Tables {
		source.Tables = append(source.Tables, t.Name)
	}
	if source.Dataset = newest != dir; !source.Dataset {
		return source, nil
	}
	days, err := pipeline.Days(dir)
	source.Days = func(table string) (have []string) {
		for _, day := range days {
			if _, err := os.Stat(filepath.Join(pipeline.DayFolder(dir, day), table)); err == nil {
				have = append(have, day.String())
			}
		}
		return have
	}
	return source, err
}
