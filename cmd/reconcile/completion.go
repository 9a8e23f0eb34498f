package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"reconcile/fees"
	"reconcile/generate"
	"reconcile/pipeline"
	"reconcile/settlement"
)

// complete gives every command and flag below root what a shell offers for it: words that
// are known, tables, columns, and days that are there. Numbers of orders are not offered:
// there are too many, and they are nobody's to see in passing.
func (a *app) complete(root *cobra.Command) {
	fixed := map[string][]string{
		"lang": {"en", "zh"}, "color": {"auto", "always", "never"}, "log-format": {"text", "json"}, "format": {"csv", "beancount"},
		"of": {"configuration", "contract", "plan"}, "bills": {"all", "split", "both"}, "wallet": settlement.WalletWords[1:], "home": settlement.WalletWords[1:],
		"account-type": fees.AccountTypes, "component": {"channel", "instalment", "platform"},
	}
	values := map[string]cobra.CompletionFunc{
		"columns": completeColumns, "where": completeConditions, "plant": completeCases,
		"date": a.completeDays, "from": a.completeDays, "to": a.completeDays, "month": a.completeMonths,
	}
	folders := []string{"out", "profile"}
	a.eachCommand(root, func(c *cobra.Command) {
		for name, words := range fixed {
			if c.Flag(name) != nil && c.LocalFlags().Lookup(name) != nil {
				_ = c.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)) // each is registered once
			}
		}
		for name, complete := range values {
			if c.LocalFlags().Lookup(name) != nil {
				_ = c.RegisterFlagCompletionFunc(name, complete) // see above
			}
		}
		for _, name := range folders {
			if c.LocalFlags().Lookup(name) != nil {
				_ = c.MarkFlagDirname(name) // the flag is there
			}
		}
		if c.LocalFlags().Lookup("config") != nil {
			_ = c.MarkFlagFilename("config", "yaml", "yml") // see above
		}
		if complete, ok := a.arguments()[c.Name()]; ok {
			c.ValidArgs, c.ValidArgsFunction = nil, complete
		}
	})
}

func (a *app) eachCommand(c *cobra.Command, do func(*cobra.Command)) {
	do(c)
	for _, below := range c.Commands() {
		a.eachCommand(below, do)
	}
}

// arguments are what stands behind a command; what is not here are files.
func (a *app) arguments() map[string]cobra.CompletionFunc {
	folder := func(most int) cobra.CompletionFunc {
		return func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if most > 0 && len(args) >= most {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveFilterDirs
		}
	}
	return map[string]cobra.CompletionFunc{
		"show": completeTables, "explain": cobra.NoFileCompletions, "verify": folder(1), "diff": folder(2), "fees": folder(0), "init": folder(1), "generate": folder(1), "man": folder(1),
		"close-month": a.completeMonths, "status": cobra.NoFileCompletions, "balances": cobra.NoFileCompletions, "position": cobra.NoFileCompletions,
		"journal": cobra.NoFileCompletions, "schedule": cobra.NoFileCompletions, "doctor": cobra.NoFileCompletions, "prune": cobra.NoFileCompletions,
		"payment": cobra.NoFileCompletions, "withdrawal": cobra.NoFileCompletions, "deposit": cobra.NoFileCompletions, "schema": cobra.NoFileCompletions,
		"plan": func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return []cobra.Completion{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
		},
	}
}

// completeTables are the tables, each with what a row is. Parts of tables are files.
func completeTables(_ *cobra.Command, args []string, toComplete string) (list []cobra.Completion, _ cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	for _, t := range settlement.Tables {
		if strings.HasPrefix(t.Name, toComplete) {
			list = append(list, cobra.CompletionWithDesc(t.Name, t.Grain))
		}
	}
	if len(list) == 0 {
		return []cobra.Completion{"parquet"}, cobra.ShellCompDirectiveFilterFileExt
	}
	return list, cobra.ShellCompDirectiveNoFileComp
}

// completeColumns are those of the table that is shown, behind those that were typed.
func completeColumns(_ *cobra.Command, args []string, toComplete string) (list []cobra.Completion, _ cobra.ShellCompDirective) {
	typed := toComplete[:strings.LastIndexByte(toComplete, ',')+1]
	for _, name := range append(columnsOf(args), "all") {
		list = append(list, typed+name)
	}
	return list, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveKeepOrder
}

// completeConditions are the columns that a condition may begin with; of words, whole
// conditions.
func completeConditions(_ *cobra.Command, args []string, toComplete string) (list []cobra.Completion, _ cobra.ShellCompDirective) {
	if len(args) == 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	table, ok := settlement.TableNamed(args[0])
	if !ok {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	for _, c := range table.Columns {
		if len(c.Words) == 0 || !strings.HasPrefix(toComplete, c.Name) {
			list = append(list, c.Name+" ")
			continue
		}
		for _, word := range c.Words[1:] {
			list = append(list, c.Name+" = "+word)
		}
	}
	return list, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveKeepOrder
}

func columnsOf(args []string) []string {
	if len(args) == 0 {
		return nil
	}
	table, _ := settlement.TableNamed(args[0])
	return columnNames(table.Columns)
}

// completeCases are the cases that generate plants.
func completeCases(_ *cobra.Command, _ []string, toComplete string) (list []cobra.Completion, _ cobra.ShellCompDirective) {
	typed := toComplete[:strings.LastIndexByte(toComplete, ',')+1]
	for _, c := range generate.Askable() {
		list = append(list, typed+c.String()+"=")
	}
	return append(list, typed+"all=", typed+"none"), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

// completeDays are the days of the dataset that --out names, or the configuration; the
// newest first.
func (a *app) completeDays(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	list := a.daysThere(cmd)
	slices.Reverse(list)
	return list, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

// completeMonths are the months of these days.
func (a *app) completeMonths(cmd *cobra.Command, args []string, _ string) (list []cobra.Completion, _ cobra.ShellCompDirective) {
	if cmd.Name() == "close-month" && len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	for _, day := range a.daysThere(cmd) {
		list = append(list, day[:len("2024-09")])
	}
	return slices.Compact(list), cobra.ShellCompDirectiveNoFileComp
}

func (a *app) daysThere(cmd *cobra.Command) (list []string) {
	dataset := ""
	if c, err := readConfig(a.configFlag); err == nil {
		dataset = c.nightly.out
	}
	if out := cmd.Flag("out"); out != nil && (out.Changed || dataset == "") {
		dataset = out.Value.String()
	}
	days, err := pipeline.Days(dataset)
	if err != nil {
		return nil // a shell has nowhere to say so
	}
	for _, day := range days {
		list = append(list, day.String())
	}
	return list
}
