package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"reconcile/generate"
	"reconcile/settlement"
	"reconcile/yamlfile"
)

const generateHelp = `Writes days of invented data as large as you like: Alipay's ZIP in GB18030,
WeChat Pay's bills, orders and refunds, with true totals; and the answer key,
the breaks planted in them, which are all that a run may find:

  DIR/inbox/                  what a run reads
  DIR/key/answer_key.csv      each planted break: kind, order, refund, amounts
  DIR/key/answer_key.parquet  the same
  DIR/2024-09-12/inbox/ …     with --days, a folder for each day

With --fund-flow and --bank a bank's statement shows on each day what the
wallets paid out the day before. Of six days one payout never arrives, one comes
back, two arrive as one credit, one goes on into the other wallet, one is a fen
short; a run over the days until they are due must find what the key says:

  DIR/2024-09-12/key/payouts.csv  each payout, its fate, the break that it is

With --days and --nights the days are delivered night by night. Lines, orders
and refunds come in later days' files (late_line, late_order and so on in
--plant), refunds are of payments up to 25 days back, and bills come late, are
corrected or doubled. The key then tells the history of each break:

  DIR/files/2024-09-12/ …     the files of each day
  DIR/key/history_key.csv     each planted break, with first_seen_on, closed_on,
                              closed_by, closing: never, closed, restated
  DIR/key/history_key.parquet the same
  DIR/key/deliveries.csv      from which night a file is in the inbox, its name

The key of a day holds for a run over that day. Equal options give equal bytes.
Memory grows with the planted breaks alone, never with the days.

--plant says how many purchases are planted as a case: a number, or a share of
the orders such as 0.05%. It may be repeated, or name several with commas. What
it does not name stays as it is by default, about 0.05% of each fault and 0.1%
of each near-miss. none, or all=N, sets all of both, and comes first.`

const generateExamples = `  reconcile generate day
  reconcile generate big --orders 1000000 --seed 7 --shops 300
  reconcile generate month --days 30 --day 2024-09-01 --orders 50000
  reconcile generate payouts --days 12 --orders 500 --fund-flow --bank
  reconcile generate nights --days 30 --nights --orders 500 --late-files 10%
  reconcile generate faults --plant none,fee_variance=25,amount_mismatch=0.2%
  reconcile generate old --legacy --bills split --gzip --parts 100000
  reconcile generate day --json | jq '.days[0].planted'`

const generateCodes = `  0    written
  1    I/O failure; nothing was left behind
  2    usage, or one of the folders exists already
  130  interrupted; nothing was left behind`

// generateFlags are the flags as they are typed.
type generateFlags struct {
	day, refunds, bills          string
	plant                        []string
	orders, days, shops, parts   int
	seed                         uint64
	legacy, gzip, escrow, flowed bool
	bank                         bool
	openingOff                   string
	alipay, wechat               string // numbers of the accounts
	alipayRate                   string
	nights                       bool
	late, corrected, doubled     string // shares of the bills
}

func (a *app) generateCommand() *cobra.Command {
	var flags generateFlags
	cmd := &cobra.Command{
		Use:     "generate DIR",
		Short:   "Write synthetic days with planted breaks and the answer key",
		Long:    generateHelp + "\n\n" + caseHelp() + exitCodes(generateCodes),
		Example: generateExamples,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := flags.options()
			if err != nil {
				return usage(err)
			}
			if flags.nights {
				month, err := flags.month()
				if err != nil {
					return usage(err)
				}
				return a.generateMonth(cmd.Context(), args[0], o, month)
			}
			return a.generate(cmd.Context(), args[0], o, flags.days)
		},
	}
	defaults := generate.Defaults()
	f := cmd.Flags()
	f.IntVar(&flags.orders, "orders", defaults.Orders, "purchases a day")
	f.StringVar(&flags.day, "day", defaults.Day.String(), "the day, or the first of the days")
	f.IntVar(&flags.days, "days", 1, "how many days; later ones refund payments of the day before")
	f.Uint64Var(&flags.seed, "seed", defaults.Seed, "decides everything that is drawn")
	f.StringSliceVar(&flags.plant, "plant", nil, "case=COUNT or case=SHARE%, see above")
	f.StringVar(&flags.refunds, "refunds", defaults.RefundShare.String(), "share of the plain purchases that is refunded")
	f.IntVar(&flags.shops, "shops", defaults.Shops, "shops; the first few have most of the sales")
	f.StringVar(&flags.bills, "bills", "all", "WeChat Pay's bills: all (ALL), split (SUCCESS and REFUND) or both")
	f.BoolVar(&flags.legacy, "legacy", false, "WeChat Pay's layouts of before 免充值券")
	f.BoolVar(&flags.gzip, "gzip", false, "compress WeChat Pay's bills")
	f.IntVar(&flags.parts, "parts", 0, "rows of a part of Alipay's bill (default: one file)")
	f.BoolVar(&flags.escrow, "escrow", false, "orders whose money arrives on confirmation (确认收货)")
	f.BoolVar(&flags.flowed, "fund-flow", false, "also 资金账单 and 账务明细: how the accounts' money moved")
	f.BoolVar(&flags.bank, "bank", false, "with --fund-flow, also a bank's statement of what was paid out the day before")
	f.StringVar(&flags.openingOff, "opening-off", "0.00", "by how much the balances are off with which the last day begins (with --fund-flow)")
	f.StringVar(&flags.alipay, "alipay-account", defaults.Alipay.PID, "number of the account at Alipay (PID), 16 digits from 2088 on")
	f.StringVar(&flags.wechat, "wechat-account", defaults.WeChat.MchID, "number of the account at WeChat Pay (商户号)")
	f.StringVar(&flags.alipayRate, "alipay-rate", defaults.Alipay.Rate.String(), "what Alipay charges on payments")
	f.BoolVar(&flags.nights, "nights", false, "days that are delivered night by night, with what comes late, see above")
	f.StringVar(&flags.late, "late-files", "5%", "with --nights, share of the bills that come up to 4 nights late")
	f.StringVar(&flags.corrected, "corrected-files", "5%", "with --nights, share of the bills that are corrected later")
	f.StringVar(&flags.doubled, "doubled-files", "5%", "with --nights, share of the bills that come a second time")
	a.withOutput(cmd, "print files and counts as JSON", "print nothing")
	return cmd
}

// caseHelp lists what can be planted.
func caseHelp() string {
	var faults, misses, shapes []string
	for _, c := range generate.Askable() {
		switch {
		case c.NeedsFundFlow():
			faults = append(faults, c.String()+" (with --fund-flow)")
		case c.PlantsBreak():
			faults = append(faults, c.String())
		case c.IsNearMiss():
			misses = append(misses, c.String())
		case c.NeedsEscrow():
			shapes = append(shapes, c.String()+" (with --escrow)")
		case c.ComesLate():
			shapes = append(shapes, c.String()+" (with --nights)")
		default:
			shapes = append(shapes, c.String())
		}
	}
	list := func(words []string) string { return wrapped(strings.Join(words, ", ")) }
	return "Faults:\n" + list(faults) + "\n\nNear-misses, in which nothing is wrong:\n" + list(misses) +
		"\n\nOther cases:\n" + list(shapes)
}

// options are what the flags ask for. All faults are in the one error.
func (f *generateFlags) options() (generate.Options, error) {
	o := generate.Defaults()
	o.Orders, o.Seed, o.Shops, o.FundFlow = f.orders, f.seed, f.shops, f.flowed
	o.Bank, o.Alipay.PID, o.WeChat.MchID = f.bank, f.alipay, f.wechat
	o.Alipay.PartRows, o.WeChat.Legacy, o.WeChat.Gzip, o.Extract.Escrow = f.parts, f.legacy, f.gzip, f.escrow
	if f.escrow {
		o.Cases[generate.Unreleased], o.Cases[generate.RefundBeforeRelease] = generate.PerMillion(5_000), generate.PerMillion(5_000)
	}
	var faults []error
	var err error
	if f.nights {
		o.Lag = monthLag
		delete(o.Cases, generate.AfterExtract)
		for _, c := range generate.Askable() {
			if c.ComesLate() {
				o.Cases[c] = generate.PerMillion(5_000)
			}
		}
	}
	if o.Day, err = settlement.ParseDay([]byte(f.day)); err != nil {
		faults = append(faults, fmt.Errorf("--day %q: not a day such as 2024-09-12", f.day))
		o.Day = generate.Defaults().Day
	}
	if f.days < 1 || f.days > 366 {
		faults = append(faults, fmt.Errorf("--days %d: between 1 and 366", f.days))
	}
	if o.RefundShare, err = settlement.ParseRate([]byte(f.refunds)); err != nil {
		faults = append(faults, fmt.Errorf("--refunds %q: a share such as 6%%", f.refunds))
		o.RefundShare = 0
	}
	if o.Alipay.Rate, err = settlement.ParseRate([]byte(f.alipayRate)); err != nil {
		faults = append(faults, fmt.Errorf("--alipay-rate %q: a rate such as 0.55%%", f.alipayRate))
		o.Alipay.Rate = generate.Defaults().Alipay.Rate
	}
	if o.OpeningOff, err = settlement.ParseAmount([]byte(f.openingOff)); err != nil {
		faults = append(faults, fmt.Errorf("--opening-off %q: an amount such as 0.03", f.openingOff))
		o.OpeningOff = 0
	}
	switch f.bills {
	case "all":
	case "split":
		o.WeChat.Bills = []generate.BillType{generate.BillSuccess, generate.BillRefund}
	case "both":
		o.WeChat.Bills = []generate.BillType{generate.BillAll, generate.BillSuccess, generate.BillRefund}
	default:
		faults = append(faults, fmt.Errorf("--bills %q: all, split or both", f.bills))
	}
	for _, text := range f.plant {
		if err := plant(o, text); err != nil {
			faults = append(faults, err)
		}
	}
	last := o
	last.Day, last.Nth = o.Day+settlement.Day(max(f.days, 1)-1), max(f.days, 1)-1
	return o, errors.Join(append(faults, o.Validate(), lastFault(o, last))...)
}

// lastFault is what is wrong with the last day where the first is right.
func lastFault(first, last generate.Options) error {
	if err := first.Validate(); err != nil {
		return nil //nolint:nilerr // its caller says what is wrong with the first
	}
	return last.Validate()
}

// plant reads case=COUNT or case=SHARE%, none, all=… into the cases of o.
func plant(o generate.Options, text string) error {
	name, amount, valued := strings.Cut(text, "=")
	var how generate.Frequency
	switch {
	case !valued && name == "none":
		amount = "0"
	case !valued:
		return fmt.Errorf("--plant %q: a case and how many, such as fee_variance=25 or fee_variance=0.05%%", text)
	}
	if strings.HasSuffix(amount, "%") {
		share, err := settlement.ParseRate([]byte(amount))
		if err != nil {
			return fmt.Errorf("--plant %q: %q is no share such as 0.05%%", text, amount)
		}
		how = generate.PerMillion(share)
	} else {
		n, err := strconv.ParseUint(amount, 10, 31)
		if err != nil {
			return fmt.Errorf("--plant %q: %q is no number of purchases", text, amount)
		}
		how = generate.Count(int(n))
	}
	known := []string{"all", "none"}
	for _, c := range generate.Askable() {
		known = append(known, c.String())
		group := (name == "all" || name == "none") && (c.PlantsBreak() || c.IsNearMiss())
		if group && c.IsPossible(o) || c.String() == name {
			o.Cases[c] = how
		}
	}
	if slices.Contains(known, name) {
		return nil
	}
	if near := yamlfile.Closest(name, known); near != "" {
		return fmt.Errorf("--plant %q: there is no case %s (%s is meant?)", text, name, near)
	}
	return fmt.Errorf("--plant %q: there is no case %s (reconcile generate --help lists them)", text, name)
}

// generatedDay is what was written of one day.
type generatedDay struct {
	Day     string           `json:"day"`
	Inbox   string           `json:"inbox"`
	Files   []string         `json:"files"`
	Key     []string         `json:"key"`
	Orders  int64            `json:"orders"`
	Refunds int64            `json:"refunds"`
	Lines   map[string]int64 `json:"lines"`
	Planted map[string]int64 `json:"planted"`
	Cases   map[string]int64 `json:"cases"`
}

// generate writes the days: all of them, or nothing.
func (a *app) generate(ctx context.Context, dir string, o generate.Options, days int) error {
	folders := []string{dir}
	for n := range days {
		if days > 1 {
			folders = append(folders, filepath.Join(dir, (o.Day+settlement.Day(n)).String()))
		}
	}
	if days > 1 {
		folders = folders[1:]
	}
	if err := mustBeFree(folders); err != nil {
		return err
	}
	bar := a.progress()
	var written []generatedDay
	for n, folder := range folders {
		day := o
		day.Day, day.Nth = o.Day+settlement.Day(n), n
		if n < len(folders)-1 {
			day.OpeningOff = 0
		}
		one, err := a.generateDay(ctx, folder, day, func(done, total int64) {
			bar.orders(int64(n)*total+done, int64(days)*total, int64(o.Orders)*int64(days))
		})
		if err != nil {
			bar.finish()
			discard(dir, append(written, one))
			return err
		}
		written = append(written, one)
	}
	bar.finish()
	return a.printGenerated(dir, written)
}

const (
	generatedInbox = "inbox"
	generatedKey   = "key"
)

// mustBeFree refuses folders in which something would be written over.
func mustBeFree(folders []string) error {
	for _, folder := range folders {
		for _, name := range []string{generatedInbox, generatedKey} {
			path := filepath.Join(folder, name)
			if _, err := os.Lstat(path); err == nil {
				return usage(fmt.Errorf("%s exists already, and nothing was written (choose another folder, or move it away)", path))
			} else if !errors.Is(err, fs.ErrNotExist) {
				return usage(err)
			}
		}
	}
	return nil
}

// generateDay writes a day and its key into folder. What it returns with an error
// is what may be there.
func (a *app) generateDay(ctx context.Context, folder string, o generate.Options, progress func(done, total int64)) (generatedDay, error) {
	day := generatedDay{Day: o.Day.String(), Inbox: filepath.Join(folder, generatedInbox),
		Lines: map[string]int64{}, Planted: map[string]int64{}, Cases: map[string]int64{}}
	key, err := generate.Write(ctx, day.Inbox, o, progress)
	if err != nil {
		return day, err
	}
	day.Files, day.Orders, day.Refunds = key.Files, key.OrderRows, key.RefundRows
	day.Lines[settlement.Alipay.String()], day.Lines[settlement.WeChat.String()] = key.Alipay.Lines(), key.WeChat.Lines()
	for _, p := range key.Planted {
		day.Planted[p.Kind.String()]++
	}
	for _, c := range generate.Askable() {
		if n := key.Cases[c]; n > 0 {
			day.Cases[c.String()] = n
		}
	}
	day.Key = []string{filepath.Join(folder, generatedKey, "answer_key.csv"), filepath.Join(folder, generatedKey, "answer_key.parquet")}
	if err := writeKey(key, day.Key[0], day.Key[1]); err != nil || !o.Bank {
		return day, err
	}
	path := filepath.Join(folder, generatedKey, "payouts.csv")
	day.Key = append(day.Key, path)
	var text bytes.Buffer
	if err := generate.WritePayouts(&text, key.Payouts); err != nil {
		return day, err
	}
	return day, writeNew(path, text.Bytes())
}

// writeKey writes the answer key in both forms.
func writeKey(key *generate.Key, csv, parquet string) error {
	if err := os.MkdirAll(filepath.Dir(csv), 0o777); err != nil {
		return err
	}
	var text bytes.Buffer
	if err := key.WriteCSV(&text); err != nil {
		return err
	}
	if err := writeNew(csv, text.Bytes()); err != nil {
		return err
	}
	batch := &settlement.AnswerKey{}
	for _, p := range key.Planted {
		addPlanted(batch, &p)
	}
	return writeKeyTable(parquet, settlement.AnswerKeyTable, batch)
}

// discard takes back what was written before a day failed, and the folders that
// are empty then. It is best effort: the first error is what counts.
func discard(dir string, days []generatedDay) {
	for _, day := range days {
		for _, path := range slices.Concat(day.Files, day.Key) {
			os.Remove(path)
		}
		folder := filepath.Dir(day.Inbox)
		for _, path := range []string{day.Inbox, filepath.Join(folder, generatedKey), folder} {
			os.Remove(path)
		}
	}
	os.Remove(dir)
}

func (a *app) printGenerated(dir string, days []generatedDay) error {
	switch {
	case a.json:
		return printJSON(a.out, struct {
			Days []generatedDay `json:"days"`
		}{days})
	case a.quiet:
		return nil
	}
	planted := map[string]int64{}
	for _, day := range days {
		for _, path := range slices.Concat(day.Files, day.Key) {
			fmt.Fprintf(a.out, "%s %s\n", a.say("wrote"), path)
		}
		for kind, n := range day.Planted {
			planted[kind] += n
		}
	}
	g := newGrid(a.say("breaks by kind"), a.say("count"))
	total := int64(0)
	for _, kind := range settlement.BreakWords[1:] {
		if n := planted[kind]; n > 0 {
			g.row(a.say(kind), groupedCount(n))
			total += n
		}
	}
	g.rule()
	g.row(a.say("total"), groupedCount(total))
	fmt.Fprintf(a.out, "\n%s\n%s\n", a.table(g, ""), a.say("Next:"))
	for i, day := range days {
		if i == 3 {
			fmt.Fprintln(a.out, "  …")
			break
		}
		folder := filepath.Dir(day.Inbox)
		fmt.Fprintf(a.out, "  %s run %s --out %s\n", programName(), shellWord(day.Inbox), shellWord(filepath.Join(folder, "result")))
	}
	fmt.Fprintf(a.out, "  %s show %s\n", programName(), shellWord(days[0].Key[1]))
	return nil
}
