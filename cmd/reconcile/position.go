package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"reconcile/output"
	"reconcile/output/journal"
	"reconcile/pipeline"
	"reconcile/settlement"
)

const positionHelp = `Tells where the money is at the end of a day, to the fen (资金头寸).

The first part is by account: what lies in it, what is on its way to the bank
and in the bank, what the trade bill has and the account has not booked, what
orders still wait for, and what is older than it should be.

The second part says where the day's money went: what was sold, less discounts,
refunds, fees and withdrawals, is what is left. It is worked out from the trade
bills and the charges on one side and from the accounts on the other, and the
last line, the difference of the two, is nothing. Of an account without a fund
flow nobody knows the balance: its sales stay under “not booked”.

The third part is by shop. Money in an account belongs to no shop: there stands
what was sold, refunded and charged, and what is waited for.`

const positionExamples = `  reconcile position --out demo/out
  reconcile position --out days --date 2024-09-12
  reconcile position --out days --json | jq '.total.in_transit'`

const positionCodes = `  0    printed
  1    the result cannot be read
  2    usage, or no result there
  130  interrupted`

// accountPosition is where the money of one account is. Money that is not known is nil.
type accountPosition struct {
	Wallet  string `json:"wallet"`
	Account string `json:"account"`

	InWallet       *output.Money `json:"in_wallet"`
	PendingRelease output.Money  `json:"pending_release"` // of it, what may not be withdrawn yet
	Releasable     *output.Money `json:"releasable"`      // of it, what may
	InTransit      output.Money  `json:"in_transit"`
	Overdue        output.Money  `json:"in_transit_overdue"`
	NotBooked      output.Money  `json:"not_booked"` // billed, and not in the account
	Awaited        output.Money  `json:"awaited"`    // of orders, in no statement yet
	Broken         output.Money  `json:"missing"`    // of it, what is overdue: breaks
	Oldest         int64         `json:"oldest_break_days"`

	// The day.
	Sold            output.Money  `json:"sold"`
	Discounts       output.Money  `json:"discounts"`
	Refunded        output.Money  `json:"refunded"`
	Settled         output.Money  `json:"settled"` // what the account booked of payments and refunds
	Fees            output.Money  `json:"fees"`
	PlatformFees    output.Money  `json:"platform_fees"`
	WithdrawalFees  output.Money  `json:"withdrawal_fees"`
	Withdrawn       output.Money  `json:"withdrawn"`
	Other           output.Money  `json:"other_movements"`
	Unexplained     *output.Money `json:"unexplained"`
	Change          *output.Money `json:"change_of_wallet"`
	ChangeNotBooked output.Money  `json:"change_of_not_booked"`
	FeesElsewhere   output.Money  `json:"fees_not_booked"`
	Difference      output.Money  `json:"difference"`
}

// shopPosition is what is known of a shop.
type shopPosition struct {
	Shop     string       `json:"shop"`
	Sold     output.Money `json:"sold"`
	Refunded output.Money `json:"refunded"`
	Fees     output.Money `json:"fees"`
	Net      output.Money `json:"net"`
	Awaited  output.Money `json:"awaited"`
	Breaks   int64        `json:"breaks"`
}

// moneyPosition is where the money is.
type moneyPosition struct {
	Day      string             `json:"day"`
	Accounts []*accountPosition `json:"accounts"`
	Total    *accountPosition   `json:"total"`
	Banks    []bankPosition     `json:"banks"`
	Shops    []*shopPosition    `json:"shops"`
}

type bankPosition struct {
	Account string        `json:"account"`
	Held    *output.Money `json:"held"`
}

func (a *app) positionCommand() *cobra.Command {
	var out string
	flags := &dayFlags{}
	cmd := &cobra.Command{
		Use:     "position",
		Short:   "Tell where the money is at the end of a day",
		Long:    positionHelp + exitCodes(positionCodes),
		Example: positionExamples,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := readPosition(cmd.Context(), out, flags)
			if err != nil {
				return err
			}
			if a.json {
				return printJSON(a.out, p)
			}
			_, err = io.WriteString(a.out, a.positionText(p))
			return err
		},
	}
	cmd.Flags().StringVarP(&out, "out", "o", defaultOut, "folder of the result, or of the days")
	cmd.Flags().StringVar(&flags.date, "date", "", "the end of this day (default: the newest)")
	a.withOutput(cmd, "print JSON, money as text", "")
	return cmd
}

// account names an account of a wallet.
type walletAccount struct {
	wallet  settlement.Wallet
	account string
}

// positions collects a position.
type positions struct {
	day      settlement.Day
	accounts map[walletAccount]*accountPosition
	shops    map[string]*shopPosition
	banks    []bankPosition
	books    *books
	before   map[walletAccount]settlement.Amount // not booked at the end of the day before
}

func (p *positions) of(wallet settlement.Wallet, account string) *accountPosition {
	key := walletAccount{wallet, account}
	if p.accounts[key] == nil {
		p.accounts[key] = &accountPosition{Wallet: wallet.String(), Account: account}
	}
	return p.accounts[key]
}

func (p *positions) shop(name string) *shopPosition {
	if p.shops[name] == nil {
		p.shops[name] = &shopPosition{Shop: name}
	}
	return p.shops[name]
}

func readPosition(ctx context.Context, out string, flags *dayFlags) (*moneyPosition, error) {
	dirs, days, err := chosenDays(out, flags)
	if err != nil {
		return nil, err
	}
	if err := verifiedResults(ctx, dirs[len(dirs)-1:]); err != nil {
		return nil, err
	}
	dir, day := dirs[len(dirs)-1], days[len(days)-1]
	p := &positions{day: day, accounts: map[walletAccount]*accountPosition{}, shops: map[string]*shopPosition{}, books: newBooks(), before: map[walletAccount]settlement.Amount{}}
	if err := p.books.add(dir, day); err != nil {
		return nil, err
	}
	if day != settlement.NoDay {
		if err := p.readBefore(ctx, out, day); err != nil {
			return nil, err
		}
	}
	if err := p.read(dir); err != nil {
		return nil, err
	}
	return p.finish(), nil
}

// readBefore reads what was not booked at the end of the day before.
func (p *positions) readBefore(ctx context.Context, dataset string, day settlement.Day) error {
	committed, err := pipeline.Days(dataset)
	if err != nil {
		return err
	}
	before := settlement.NoDay
	for _, d := range committed {
		if d < day {
			before = d
		}
	}
	if before == settlement.NoDay {
		return nil
	}
	if _, err := verifiedResult(ctx, pipeline.DayFolder(dataset, before), "unsettled"); err != nil {
		return err
	}
	return eachBatch(pipeline.DayFolder(dataset, before), "unsettled", func(u *settlement.Unsettled) error {
		for i := range u.Len() {
			p.before[walletAccount{u.Wallet[i], u.Account.StringAt(i)}] += notBooked(u, i)
		}
		return nil
	})
}

// notBooked is what row i of the unsettled says that the account should have had beside
// what it has: of a trade line what it settles less its fee, of a fund line without a
// trade the opposite of what it has.
func notBooked(u *settlement.Unsettled, i int) (sum settlement.Amount) {
	for _, a := range [...]settlement.Amount{u.Expected[i], u.Fee[i]} {
		if a != settlement.NoAmount {
			sum += a
		}
	}
	if u.Booked[i] != settlement.NoAmount {
		sum -= u.Booked[i]
	}
	return sum
}

func (p *positions) read(dir string) error {
	end := settlement.NoInstant
	if p.day != settlement.NoDay {
		end = (p.day + 1).Start()
	}
	return errors.Join(
		eachBatch(dir, "unsettled", func(u *settlement.Unsettled) error {
			for i := range u.Len() {
				p.of(u.Wallet[i], u.Account.StringAt(i)).NotBooked += output.Money(notBooked(u, i))
			}
			return nil
		}),
		eachBatch(dir, "payouts", func(t *settlement.Payouts) error {
			for i := range t.Len() {
				if t.Status[i] == settlement.InTransit {
					of := p.of(t.Wallet[i], t.Account.StringAt(i))
					of.InTransit += output.Money(t.Amount[i])
					if t.Broken[i] != settlement.NoBreak {
						of.Overdue += output.Money(t.Amount[i])
					}
				}
			}
			return nil
		}),
		eachBatch(dir, "proceeds", func(t *settlement.Proceeds) error {
			for i := range t.Len() {
				if t.Wallet[i] == settlement.TaobaoAggregated && end != settlement.NoInstant && t.SettledAt[i]+releasedAfter > end {
					p.of(t.Wallet[i], t.Account.StringAt(i)).PendingRelease += output.Money(t.Net[i])
				}
			}
			return nil
		}),
		eachBatch(dir, "open_items", func(t *settlement.OpenItems) error {
			for i := range t.Len() {
				if t.Side[i] == settlement.EventSide && t.Amount[i] != settlement.NoAmount {
					p.of(t.Wallet[i], t.Account.StringAt(i)).Awaited += output.Money(t.Amount[i])
					p.shop(t.Shop.StringAt(i)).Awaited += output.Money(t.Amount[i])
				}
			}
			return nil
		}),
		eachBatch(dir, "breaks", p.takeBreaks),
		eachBatch(dir, "summary", func(t *settlement.Summary) error {
			for i := range t.Len() {
				s := p.shop(t.Shop.StringAt(i))
				s.Sold += output.Money(t.Gross[i])
				s.Refunded += output.Money(t.Refunds[i])
				if t.Charged[i] != settlement.NoAmount { // the row is of breaks or open items alone
					s.Fees += output.Money(t.Charged[i])
				}
				s.Net += output.Money(t.Net[i])
				s.Breaks += t.Breaks[i]
			}
			return nil
		}),
		eachBatch(dir, "balances", func(t *settlement.Balances) error {
			for i := range t.Len() {
				if t.Wallet[i] != settlement.Bank {
					continue
				}
				b := bankPosition{Account: t.Account.StringAt(i)}
				if held := t.Closing[i]; held != settlement.NoAmount {
					money := output.Money(held)
					b.Held = &money
				}
				p.banks = append(p.banks, b)
			}
			return nil
		}))
}

// releasedAfter is how long Taobao's aggregated account keeps an order's money after it
// was confirmed (确认收货).
const releasedAfter = 7 * 24 * 60 * settlement.Minute

func (p *positions) takeBreaks(b *settlement.Breaks) error {
	for i := range b.Len() {
		if b.Status[i] != settlement.BreakOpen {
			continue
		}
		of := p.of(b.Wallet[i], b.Account.StringAt(i))
		of.Oldest = max(of.Oldest, b.AgeDays[i])
		if kind := b.Kind[i]; (kind == settlement.MissingInStatement || kind == settlement.RefundMissingInStatement) && b.Expected[i] != settlement.NoAmount {
			of.Awaited += output.Money(b.Expected[i])
			of.Broken += output.Money(b.Expected[i])
			p.shop(b.Shop.StringAt(i)).Awaited += output.Money(b.Expected[i])
		}
	}
	return nil
}

// finish works out the day of each account.
func (p *positions) finish() *moneyPosition {
	out := &moneyPosition{Banks: p.banks, Total: &accountPosition{Wallet: "total"}}
	if p.day != settlement.NoDay {
		out.Day = p.day.String()
	}
	last := map[walletAccount]journal.Account{}
	for _, a := range p.books.all() {
		key := walletAccount{a.Wallet, a.Account}
		before, known := last[key]
		if known { // several days of one result
			a = togetherOf(before, a)
		}
		last[key] = a
	}
	for key, a := range last {
		p.fillDay(p.of(key.wallet, key.account), a, p.books.flows[bookKey{a.Wallet, a.Account, a.On}], p.before[key])
	}
	for _, of := range p.accounts {
		out.Accounts = append(out.Accounts, of)
	}
	slices.SortFunc(out.Accounts, func(x, y *accountPosition) int {
		return cmp.Or(strings.Compare(x.Wallet, y.Wallet), strings.Compare(x.Account, y.Account))
	})
	for _, of := range out.Accounts {
		out.Total.add(of)
	}
	for _, s := range p.shops {
		out.Shops = append(out.Shops, s)
	}
	slices.SortFunc(out.Shops, func(x, y *shopPosition) int {
		return cmp.Or(cmp.Compare(y.Sold, x.Sold), strings.Compare(x.Shop, y.Shop))
	})
	return out
}

// togetherOf is two days of an account as one: what it held before the first and after the
// second.
func togetherOf(a, b journal.Account) journal.Account {
	a.PaidGross += b.PaidGross
	a.PaidSettled += b.PaidSettled
	a.BackGross += b.BackGross
	a.BackSettled += b.BackSettled
	for c := range a.By {
		a.By[c] += b.By[c]
	}
	for c := range a.Charged {
		a.Charged[c] += b.Charged[c]
		a.Moved[c] += b.Moved[c]
	}
	a.Unexplained = sumKnown(a.Unexplained, b.Unexplained, false)
	a.Closing, a.On = b.Closing, b.On
	return a
}

// fillDay fills in the day of an account. What the trade bill and the charges say must be
// what the account says, but for what is not booked.
func (p *positions) fillDay(of *accountPosition, a journal.Account, flow bool, before settlement.Amount) {
	of.Sold, of.Discounts = output.Money(a.PaidGross), output.Money(a.PaidSettled-a.PaidGross+a.BackSettled-a.BackGross)
	of.Refunded = output.Money(a.BackGross)
	of.Fees = -output.Money(a.Charged[settlement.ChannelFee] + a.Charged[settlement.InstalmentFee])
	of.PlatformFees = -output.Money(a.Charged[settlement.PlatformFee])
	of.Withdrawn, of.WithdrawalFees = output.Money(a.By[settlement.FundWithdrawal]), output.Money(a.By[settlement.FundWithdrawalFee])
	var movements settlement.Amount // all that the account says
	for _, amount := range a.By {
		movements += amount
	}
	of.Settled = output.Money(a.By[settlement.FundPayment] + a.By[settlement.FundRefund])
	trade := a.By[settlement.FundPayment] + a.By[settlement.FundRefund] + a.By[settlement.FundFee] + a.By[settlement.FundFeeReturn] + a.By[settlement.FundPlatformFee]
	of.Other = output.Money(movements-trade) - of.Withdrawn - of.WithdrawalFees
	net := of.Sold + of.Discounts + of.Refunded + of.Fees + of.PlatformFees
	if !flow {
		of.NotBooked += net
		of.ChangeNotBooked = net
		return
	}
	of.ChangeNotBooked = of.NotBooked - output.Money(before)
	// What is left is fees that the bill states and that were taken elsewhere.
	of.FeesElsewhere = net - output.Money(trade) - of.ChangeNotBooked
	if a.Unexplained != settlement.NoAmount {
		money := output.Money(a.Unexplained)
		of.Unexplained = &money
	}
	if a.Closing != settlement.NoAmount {
		held := output.Money(a.Closing)
		may := held - of.PendingRelease
		of.InWallet, of.Releasable = &held, &may
	}
	if a.Closing != settlement.NoAmount && a.Opening != settlement.NoAmount {
		change := output.Money(a.Closing - a.Opening)
		of.Change = &change
		left := net + of.Withdrawn + of.WithdrawalFees + of.Other
		if of.Unexplained != nil {
			left += *of.Unexplained
		}
		of.Difference = left - change - of.ChangeNotBooked - of.FeesElsewhere
	}
}

// add adds another account's to a total.
func (of *accountPosition) add(o *accountPosition) {
	for _, sum := range [...]struct{ to, more *output.Money }{
		{&of.PendingRelease, &o.PendingRelease}, {&of.InTransit, &o.InTransit}, {&of.Overdue, &o.Overdue}, {&of.NotBooked, &o.NotBooked},
		{&of.Awaited, &o.Awaited}, {&of.Broken, &o.Broken}, {&of.Sold, &o.Sold}, {&of.Discounts, &o.Discounts}, {&of.Refunded, &o.Refunded}, {&of.Settled, &o.Settled}, {&of.Fees, &o.Fees},
		{&of.PlatformFees, &o.PlatformFees}, {&of.WithdrawalFees, &o.WithdrawalFees}, {&of.Withdrawn, &o.Withdrawn}, {&of.Other, &o.Other},
		{&of.ChangeNotBooked, &o.ChangeNotBooked}, {&of.FeesElsewhere, &o.FeesElsewhere}, {&of.Difference, &o.Difference},
	} {
		*sum.to += *sum.more
	}
	for _, sum := range [...]struct{ to, more **output.Money }{{&of.InWallet, &o.InWallet}, {&of.Releasable, &o.Releasable}, {&of.Unexplained, &o.Unexplained}, {&of.Change, &o.Change}} {
		if *sum.more == nil {
			continue
		}
		known := **sum.more
		if *sum.to != nil {
			known += **sum.to
		}
		*sum.to = &known
	}
	of.Oldest = max(of.Oldest, o.Oldest)
}
