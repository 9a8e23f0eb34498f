package match_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"reconcile/match"
	"reconcile/settlement"
)

// The cases under testdata are dialogues: rows of statements and of the merchant's
// extracts, one a row, then what the match makes of them.
//
//	line WALLET ACCOUNT KIND ORDER AMOUNT @TIME [txn=] [refund=] [refundid=] [status=] [settled=] [raw=] [sub=] [fee=] [coupon=] [file=]
//	event ORDER WALLET AMOUNT STATUS [@TIME] [account=] [pay=] [txn=] [platform=] [shop=] [escrow] [confirmed=] [payout=] [file=]
//	refund ORDER NUMBER WALLET AMOUNT STATUS [@TIME] [succeeded=] [account=] [pay=] [txn=] [link=] [file=]
//
// "-" stands for a number, wallet or account that is not there. Amounts are signed
// towards the merchant. A time is of 12 September 2024, or of another day of that
// month: 14T10:00. Orders and refunds of the 12th are all delivered, and the bills
// of wechat a1 and alipay b1 for it, unless the case says otherwise:
//
//	rules [watermark=TIME|none] [refunds=unlisted] [window=MINUTES] [pass3] [aggregated=PLATFORM]
//	covers WALLET ACCOUNT FROM UNTIL [payments|refunds]    days of the month, UNTIL is not in it
//	refused [WALLET [ACCOUNT]]

// scene is one case: rows and rules.
type scene struct {
	rules  match.Rules
	lines  settlement.Lines
	events settlement.Events
	names  map[settlement.ID]string // of lines
	files  int32
	pass3  bool
	hash   settlement.IDHasher
}

func dayOfMonth(text string) settlement.Day {
	n, err := strconv.Atoi(text)
	if err != nil {
		panic(err)
	}
	day, err := settlement.CivilDay(2024, 9, n)
	if err != nil {
		panic(err)
	}
	return day
}

func instant(text string) settlement.Instant {
	if text == "none" {
		return settlement.NoInstant
	}
	day := "12"
	if before, after, ok := strings.Cut(text, "T"); ok {
		day, text = before, after
	}
	if strings.Count(text, ":") == 1 {
		text += ":00"
	}
	at, err := settlement.ParseInstant([]byte("2024-09-12 " + text))
	if err != nil {
		panic(fmt.Sprintf("%q: %v", text, err))
	}
	return at + dayOfMonth(day).Start() - dayOfMonth("12").Start()
}

func amount(text string) settlement.Amount {
	a, err := settlement.ParseAmount([]byte(text))
	if err != nil {
		panic(fmt.Sprintf("%q: %v", text, err))
	}
	return a
}

// code returns the code of a word of a dictionary; "-" and "" are 0.
func code[T ~uint8](words []string, word string) T {
	if word == "-" || word == "" {
		return 0
	}
	i := slices.Index(words, word)
	if i < 0 {
		panic(fmt.Sprintf("%q is none of %q", word, words))
	}
	return T(i)
}

func id(text string) []byte {
	if text == "-" {
		return nil
	}
	return []byte(text)
}

// words are the fields of a row: by place, and by name.
type words struct {
	place []string
	named map[string]string
}

func split(row string) words {
	w := words{named: map[string]string{}}
	for _, field := range strings.Fields(row) {
		name, value, ok := strings.Cut(field, "=")
		switch {
		case ok:
			w.named[name] = value
		case field[0] == '@':
			w.named["at"] = field[1:]
		default:
			w.place = append(w.place, field)
		}
	}
	return w
}

func (w words) instant(name string) settlement.Instant {
	if text, ok := w.named[name]; ok {
		return instant(text)
	}
	return settlement.NoInstant
}

func (w words) amount(name string, otherwise settlement.Amount) settlement.Amount {
	if text, ok := w.named[name]; ok {
		return amount(text)
	}
	return otherwise
}

// file is the number of the file a row stands in.
func (s *scene) file(w words) int32 {
	n, _ := strconv.Atoi(w.named["file"])
	s.files = max(s.files, int32(n)+1)
	return int32(n)
}

// read reads the rows of a case.
func read(rows string) *scene {
	s := &scene{names: map[settlement.ID]string{}, files: 1, rules: match.Rules{
		Day: dayOfMonth("12"), Watermark: dayOfMonth("13").Start(), RefundWatermark: dayOfMonth("13").Start(), RefundsListed: true,
		Window: match.DefaultWindow, SuccessWindow: match.DefaultSuccessWindow,
		AggregatedPlatforms: map[string]bool{},
	}}
	covered := false
	for n, row := range strings.Split(rows, "\n") {
		w := split(row)
		if len(w.place) == 0 {
			continue
		}
		switch w.place[0] {
		case "line":
			s.addLine(w, int64(n+1))
		case "event":
			s.addEvent(w, int64(n+1))
		case "refund":
			s.addRefund(w, int64(n+1))
		case "covers":
			covered = true
			s.covers(w)
		case "refused":
			account := ""
			if len(w.place) > 2 {
				account = w.place[2]
			}
			s.rules.Coverage.AddRefused(code[settlement.Wallet](settlement.WalletWords, append(w.place, "-")[1]), account)
		case "rules":
			s.rule(w)
		default:
			panic("no such row: " + row)
		}
	}
	if !covered {
		s.covers(split("covers wechat a1 12 13"))
		s.covers(split("covers alipay b1 12 13"))
	}
	for i := range s.files {
		s.rules.FileRank = append(s.rules.FileRank, i)
	}
	return s
}

func (s *scene) rule(w words) {
	if w.named["watermark"] != "" {
		s.rules.Watermark = instant(w.named["watermark"])
		s.rules.RefundWatermark = s.rules.Watermark
	}
	s.rules.OrdersIncomplete = w.named["orders"] == "incomplete"
	if w.named["refunds"] == "unlisted" {
		s.rules.RefundsListed = false
	}
	if minutes, err := strconv.Atoi(w.named["window"]); err == nil {
		s.rules.Window = settlement.Instant(minutes) * settlement.Minute
	}
	if platform := w.named["aggregated"]; platform != "" {
		s.rules.AggregatedPlatforms[platform] = true
	}
	s.pass3 = slices.Contains(w.place, "pass3")
}

func (s *scene) covers(w words) {
	kind := settlement.TradeBill
	switch w.place[len(w.place)-1] {
	case "payments":
		kind = settlement.TradeBillSuccess
	case "refunds":
		kind = settlement.TradeBillRefund
	}
	s.rules.Coverage.AddStatement(&settlement.Statement{
		Kind: kind, Wallet: code[settlement.Wallet](settlement.WalletWords, w.place[1]), Account: string(id(w.place[2])),
		From: dayOfMonth(w.place[3]), Until: dayOfMonth(w.place[4]),
	})
}

func (s *scene) addLine(w words, row int64) {
	l := &s.lines
	wallet, kind := code[settlement.Wallet](settlement.WalletWords, w.place[1]), code[settlement.Kind](settlement.KindWords, w.place[3])
	account, order, gross := id(w.place[2]), id(w.place[4]), amount(w.place[5])
	txn, refund := w.named["txn"], w.named["refund"]
	refundID := w.named["refundid"]
	if refundID == "" {
		refundID = refund
	}
	own := settlement.LineID(&s.hash, settlement.TradeBill, wallet, account, []byte(txn), []byte(refundID), []byte(kind.String()))
	name := strings.TrimSuffix(txn+"/"+refund, "/")
	if kind == settlement.Revoke {
		name += "/revoke"
	}
	s.names[own] = name
	status := settlement.Success
	if word := w.named["status"]; word != "" {
		status = code[settlement.Status](settlement.StatusWords, word)
	}
	at := w.instant("at")
	settled := settlement.DayOf(at)
	if day := w.named["settled"]; day == "none" {
		settled = settlement.NoDay
	} else if day != "" {
		settled = dayOfMonth(day)
	}
	l.ID = append(l.ID, own)
	l.Wallet = append(l.Wallet, wallet)
	l.Account.Append(account)
	l.SubAccount.AppendString(w.named["sub"])
	l.Kind = append(l.Kind, kind)
	l.OrderNo.Append(order)
	l.OrderNoRaw.AppendString(w.named["raw"])
	l.RefundNo.AppendString(refund)
	l.ProviderTxnID.AppendString(txn)
	l.ProviderRefundID.AppendString(refundID)
	l.OccurredAt = append(l.OccurredAt, at)
	l.TimeBasis = append(l.TimeBasis, settlement.BasisSuccess)
	l.SettledOn = append(l.SettledOn, settled)
	l.Gross = append(l.Gross, gross)
	l.Settled = append(l.Settled, gross)
	l.Fee = append(l.Fee, w.amount("fee", 0))
	l.Net = append(l.Net, gross+w.amount("fee", 0))
	l.FeeRate = append(l.FeeRate, settlement.NoRate)
	l.Currency = append(l.Currency, settlement.CNY)
	l.MatchState = append(l.MatchState, settlement.NoState)
	l.RawType.AppendString("")
	l.File = append(l.File, s.file(w))
	l.Line = append(l.Line, row)
	l.Status = append(l.Status, status)
	l.Coupon = append(l.Coupon, w.amount("coupon", 0))
	l.Key = append(l.Key, settlement.PaymentKey(order, []byte(txn)))
}

func (s *scene) addEvent(w words, row int64) {
	s.event(w, row, settlement.Payment, id(w.place[1]), nil, w.place[2:])
}

func (s *scene) addRefund(w words, row int64) {
	s.event(w, row, settlement.Refund, id(w.place[1]), id(w.place[2]), w.place[3:])
}

func (s *scene) event(w words, row int64, kind settlement.Kind, order, refund []byte, rest []string) {
	e := &s.events
	links := []string{"stated", "found", "ambiguous", "alias", "listed"}
	e.ID = append(e.ID, settlement.ID{})
	e.Kind = append(e.Kind, kind)
	e.OrderNo.Append(order)
	e.PaymentNo.AppendString(w.named["pay"])
	e.RefundNo.Append(refund)
	e.Wallet = append(e.Wallet, code[settlement.Wallet](settlement.WalletWords, rest[0]))
	e.Account.AppendString(w.named["account"])
	e.Shop.AppendString(w.named["shop"])
	e.Platform.AppendString(w.named["platform"])
	e.ExpectedAt = append(e.ExpectedAt, settlement.NoInstant)
	e.Amount = append(e.Amount, amount(rest[1]))
	e.Status = append(e.Status, code[settlement.Status](settlement.StatusWords, rest[2]))
	e.MatchState = append(e.MatchState, settlement.NoState)
	e.ProviderTxnID.AppendString(w.named["txn"])
	e.HomeWallet = append(e.HomeWallet, settlement.NoWallet)
	e.PaidAt = append(e.PaidAt, w.instant("at"))
	e.ConfirmedAt = append(e.ConfirmedAt, w.instant("confirmed"))
	e.SucceededAt = append(e.SucceededAt, w.instant("succeeded"))
	e.File = append(e.File, s.file(w))
	e.Line = append(e.Line, row)
	e.Payout = append(e.Payout, w.amount("payout", settlement.NoAmount))
	escrow := uint8(0)
	if _, confirmed := w.named["confirmed"]; confirmed || slices.Contains(rest, "escrow") {
		escrow = 1
	}
	e.Escrow = append(e.Escrow, escrow)
	e.Link = append(e.Link, code[settlement.EventLink](links, w.named["link"]))
	e.Key = append(e.Key, settlement.EventKey([]byte(w.named["pay"]), order, []byte(w.named["txn"])))
}

// tables is what a run makes of a scene.
type tables struct {
	outcomes []*match.Outcome
	// of pass 3
	matches []*settlement.Matches
	breaks  []*settlement.Breaks
}

// reconcile runs all passes over the rows in 1<<bits buckets.
func reconcile(s *scene, bits int) (*tables, error) {
	buckets, rules := 1<<bits, s.rules
	lineParts := scatter[settlement.Lines](&s.lines, buckets, func(i int) uint64 { return s.lines.Key[i] })
	eventParts := scatter[settlement.Events](&s.events, buckets, func(i int) uint64 { return s.events.Key[i] })
	resolved := make([]*match.Resolution, buckets)
	all := &tables{}
	if s.pass3 {
		var left settlement.Lines
		var waiting settlement.Events
		for b := range buckets {
			out, err := match.Left(context.Background(), &rules, nil, lineParts[b], eventParts[b])
			if err != nil {
				return nil, err
			}
			settlement.AppendAll(&left, out.Lines)
			settlement.AppendAll(&waiting, out.Events)
			resolved[b] = &match.Resolution{Lines: map[settlement.ID]match.ClaimedLine{}, Events: map[settlement.ID]match.ClaimedEvent{}}
		}
		leftParts := scatter[settlement.Lines](&left, buckets, func(i int) uint64 {
			return match.ResidueKey(left.Kind[i], left.ProviderTxnID.At(i), left.RefundNo.At(i), left.OrderNoRaw.At(i))
		})
		waitingParts := scatter[settlement.Events](&waiting, buckets, func(i int) uint64 {
			return match.ResidueKey(waiting.Kind[i], waiting.ProviderTxnID.At(i), waiting.RefundNo.At(i), waiting.OrderNo.At(i))
		})
		take := func(found *match.ResidueOutcome) error {
			if len(found.MatchKey) != found.Matches.Len() || len(found.BreakKey) != found.Breaks.Len() {
				return fmt.Errorf("%d keys of %d matches, %d keys of %d breaks",
					len(found.MatchKey), found.Matches.Len(), len(found.BreakKey), found.Breaks.Len())
			}
			all.matches, all.breaks = append(all.matches, found.Matches), append(all.breaks, found.Breaks)
			for _, c := range found.Claimed {
				resolved[bucketOf(c.LineKey, buckets)].Lines[c.LineID] = c.Line
				resolved[bucketOf(c.EventKey, buckets)].Events[c.EventID] = c.Event
			}
			return nil
		}
		left, waiting = settlement.Lines{}, settlement.Events{}
		for b := range buckets {
			found := match.Residue(&rules, leftParts[b], waitingParts[b])
			settlement.AppendAll(&left, found.LeftLines)
			settlement.AppendAll(&waiting, found.LeftEvents)
			if err := take(found); err != nil {
				return nil, err
			}
		}
		leftParts = scatter[settlement.Lines](&left, buckets, func(i int) uint64 { return match.OrderKey(left.OrderNoRaw.At(i)) })
		waitingParts = scatter[settlement.Events](&waiting, buckets, func(i int) uint64 { return match.OrderKey(waiting.OrderNo.At(i)) })
		for b := range buckets {
			if err := take(match.ResidueByOrder(&rules, leftParts[b], waitingParts[b])); err != nil {
				return nil, err
			}
		}
	}
	for b := range buckets {
		out, err := match.Bucket(context.Background(), &rules, nil, lineParts[b], eventParts[b], resolved[b])
		if err != nil {
			return nil, err
		}
		all.outcomes = append(all.outcomes, out)
		all.matches, all.breaks = append(all.matches, out.Matches), append(all.breaks, out.Breaks)
	}
	return all, nil
}

// bucketOf is the bucket of a key: its top bits.
func bucketOf(key uint64, buckets int) int {
	for n := 1; n < buckets; n *= 2 {
		key = key>>63 | key<<1
	}
	return int(key & uint64(buckets-1))
}

type batchOf[T any] interface {
	*T
	settlement.Batch
}

func scatter[T any, B batchOf[T]](batch B, buckets int, key func(i int) uint64) []B {
	parts := make([]B, buckets)
	for b := range parts {
		parts[b] = new(T)
	}
	for i := range batch.Len() {
		settlement.AppendRows(parts[bucketOf(key(i), buckets)], batch, []int32{int32(i)})
	}
	return parts
}
