package ingest

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"

	"reconcile/ingest/alipay"
	"reconcile/settlement"
)

// Intake is what was delivered and what of it may be used. Statements stand under
// the index that their rows carry.
type Intake struct {
	Statements []*settlement.Statement // nil where the delivery was refused
	Refusals   []*settlement.Refusal
	// CopyOf is, for a statement whose content was delivered before, the index of
	// the one that counts, else −1.
	CopyOf []int32
	// Supersede names the files that take the place of others for the same account,
	// kind and period.
	Supersede []string
	// Superseded is what was decided so before: the SHA-256 of a statement that was not
	// used, and of the one that took its place. It holds where nothing is named.
	Superseded map[string]string
}

// Accepted says that the rows of statement i go on.
func (in *Intake) Accepted(i int32) bool {
	return in.Statements[i] != nil && in.CopyOf[i] < 0
}

// Settle applies the rules that need all files: the same content counts once,
// parts of a bill tie together, a 汇总 is a second control total of its bills, and
// two different statements for one account, kind and period are refused, since
// nothing says which is right; neither is a portal export used beside the account log
// of its days. It is called once, after everything was read.
func (in *Intake) Settle() {
	in.CopyOf = slices.Repeat([]int32{-1}, len(in.Statements))
	in.dropCopies()
	in.tieParts()
	in.tieSummaries()
	in.refuseRivals()
	in.refusePortals()
}

// accepted returns the indices of the statements that still count and that which
// asks for, in the order of their names, so that nothing depends on the order of
// delivery.
func (in *Intake) accepted(which func(*settlement.Statement) bool) []int32 {
	var list []int32
	for i, s := range in.Statements {
		if s != nil && in.CopyOf[i] < 0 && which(s) {
			list = append(list, int32(i))
		}
	}
	slices.SortFunc(list, func(a, b int32) int {
		return cmp.Or(cmp.Compare(in.Statements[a].SHA256, in.Statements[b].SHA256),
			cmp.Compare(in.Statements[a].Source(), in.Statements[b].Source()))
	})
	return list
}

// content identifies what was delivered. An empty bill of WeChat Pay does not say
// whose it is nor of which day: the same bytes are then as many statements as its
// names say.
type content struct {
	kind   settlement.StatementKind
	sha256 string
	empty  period
}

func contentOf(s *settlement.Statement) content {
	c := content{kind: s.Kind, sha256: s.SHA256}
	if s.Rows == 0 {
		c.empty = periodOf(s, s.Kind, 0)
	}
	return c
}

// dropCopies lets the same content count once. Of copies the one counts of which
// the day and the account are known, from its name where the content lacks them.
func (in *Intake) dropCopies() {
	list := in.accepted(func(*settlement.Statement) bool { return true })
	unknown := func(i int32) int {
		n := 0
		if in.Statements[i].From == settlement.NoDay {
			n += 2
		}
		if in.Statements[i].Account == "" {
			n++
		}
		return n
	}
	slices.SortStableFunc(list, func(a, b int32) int { return unknown(a) - unknown(b) })
	first := map[content]int32{}
	for _, i := range list {
		s := in.Statements[i]
		key := contentOf(s)
		if kept, ok := first[key]; ok {
			in.CopyOf[i] = kept
			s.Notef("the same content as %s: counted once", in.Statements[kept].Source())
			continue
		}
		first[key] = i
	}
}

// refuse takes a statement back.
func (in *Intake) refuse(i int32, refusal *settlement.Refusal) {
	refusal.Statement = in.Statements[i]
	if refusal.Source == "" {
		refusal.Source = in.Statements[i].Source()
	}
	in.Statements[i] = nil
	in.Refusals = append(in.Refusals, refusal)
}

// Refuse takes a statement back whose rows turned out to contradict another's,
// together with its copies.
func (in *Intake) Refuse(i int32, what, do string) {
	if in.Statements[i] == nil {
		return
	}
	in.refuse(i, in.refusal(i, what, do))
	for copy, of := range in.CopyOf {
		if of == i {
			in.CopyOf[copy] = -1
			in.refuse(int32(copy), in.refusal(int32(copy), what, do))
		}
	}
}

func (in *Intake) refusal(i int32, what, do string) *settlement.Refusal {
	s := in.Statements[i]
	return settlement.Refuse(&settlement.InputError{
		Position: settlement.Position{File: s.File, Member: s.Member}, What: what, Do: do,
	})
}

// period identifies what a statement claims to be the statement of.
type period struct {
	wallet      settlement.Wallet
	account     string
	subAccount  string
	kind        settlement.StatementKind
	from, until settlement.Day
	part        int
}

func periodOf(s *settlement.Statement, kind settlement.StatementKind, part int) period {
	return period{s.Wallet, s.Account, s.SubAccount, kind, s.From, s.Until, part}
}

// tieParts lets the parts of a bill tie alone or together.
func (in *Intake) tieParts() {
	groups := map[period][]int32{}
	var order []period
	for _, i := range in.accepted(func(s *settlement.Statement) bool { return s.Part > 0 && s.Wallet == settlement.Alipay }) {
		s := in.Statements[i]
		key := periodOf(s, s.Kind, 0)
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], i)
	}
	for _, key := range order {
		parts := make([]*settlement.Statement, len(groups[key]))
		for n, i := range groups[key] {
			parts[n] = in.Statements[i]
		}
		together, refused := alipay.TieParts(parts)
		in.refuseEach(refused)
		for _, total := range together {
			parts[0].Notef("the parts tie together: %s stated %s, computed %s", total.Name, total.StatedText(), total.ComputedText())
		}
	}
}

// tieSummaries holds each 汇总 against the bills of its account and period.
func (in *Intake) tieSummaries() {
	for _, i := range in.accepted(func(s *settlement.Statement) bool { return s.Kind.IsSummary() }) {
		summary := in.Statements[i]
		kind, tie := settlement.TradeBill, alipay.TieSummary
		if summary.Kind == settlement.AccountSummary {
			kind, tie = settlement.AccountLog, alipay.TieLogSummary
		}
		bills := in.accepted(func(s *settlement.Statement) bool {
			return s.Kind == kind && s.Wallet == summary.Wallet && summarises(summary, s)
		})
		// Of two deliveries of a bill, a first one and its correction, each has its own.
		if own := slices.DeleteFunc(slices.Clone(bills), func(b int32) bool { return in.Statements[b].File != summary.File }); len(own) > 0 {
			bills = own
		}
		if len(bills) == 0 {
			summary.Totals = nil // there is nothing that they could be held against
			summary.Notef("a summary without its bill: used for nothing")
			continue
		}
		statements := make([]*settlement.Statement, len(bills))
		for n, b := range bills {
			statements[n] = in.Statements[b]
		}
		in.refuseEach(tie(summary, statements))
	}
}

// summarises says that a summary speaks of a bill: by account and period, or where
// it does not print them by lying in the same archive.
func summarises(summary, bill *settlement.Statement) bool {
	if summary.Account == "" || summary.From == settlement.NoDay {
		return summary.Member != "" && summary.File == bill.File
	}
	return summary.Account == bill.Account && summary.From == bill.From && summary.Until == bill.Until
}

// refuseEach takes back the statements that a provider refused after it saw them
// all.
func (in *Intake) refuseEach(refused []*settlement.Refusal) {
	for _, refusal := range refused {
		if i := slices.Index(in.Statements, refusal.Statement); i >= 0 {
			in.refuse(int32(i), refusal)
		}
	}
}

// refuseRivals refuses different statements for one account, kind and period.
func (in *Intake) refuseRivals() {
	rivals := map[period][]int32{}
	var order []period
	for _, i := range in.accepted(func(s *settlement.Statement) bool {
		return !s.IsExtract() && s.From != settlement.NoDay && s.Account != ""
	}) {
		s := in.Statements[i]
		key := periodOf(s, s.Kind, s.Part)
		if rivals[key] == nil {
			order = append(order, key)
		}
		rivals[key] = append(rivals[key], i)
	}
	for _, key := range order {
		list := rivals[key]
		if len(list) < 2 {
			continue
		}
		if winner := in.superseding(list); winner >= 0 {
			for _, i := range list {
				if i != winner {
					in.CopyOf[i] = winner
					in.Statements[i].Superseded = true
					in.Statements[i].Notef("superseded by %s: not used", in.Statements[winner].Source())
				}
			}
			continue
		}
		var names []string
		for _, i := range list {
			names = append(names, in.Statements[i].Source())
		}
		slices.Sort(names)
		for _, i := range list {
			own := in.Statements[i].Source()
			others := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name == own })
			in.Refuse(i, fmt.Sprintf("another statement for %s account %s, %s, %s differs from this one: %s",
				key.wallet, key.account, key.kind, periodText(key.from, key.until), others),
				"name the one that the wallet delivered last with --supersede FILE, or take the other out of the run")
		}
	}
}

// superseding returns the one of rival statements that was named to take the place of
// the others, −1 where none or several were.
func (in *Intake) superseding(rivals []int32) int32 {
	winner := int32(-1)
	for _, i := range rivals {
		s := in.Statements[i]
		if !slices.ContainsFunc(in.Supersede, func(name string) bool { return s.File == name || filepath.Base(s.File) == name }) {
			continue
		}
		if winner >= 0 {
			return -1
		}
		winner = i
	}
	if winner < 0 {
		return in.supersededBefore(rivals)
	}
	return winner
}

// supersededBefore returns the one of rival statements that took the place of every other
// one before, −1 where there is none: a further delivery is decided anew.
func (in *Intake) supersededBefore(rivals []int32) int32 {
	for _, winner := range rivals {
		if !slices.ContainsFunc(rivals, func(i int32) bool {
			return i != winner && in.Superseded[in.Statements[i].SHA256] != in.Statements[winner].SHA256
		}) {
			return winner
		}
	}
	return -1
}

// refusePortals refuses portal exports (账务组合查询) of days that an account log (账务明细)
// of the account shows too. Whether both give a movement the same number is not
// established; if not, each would count twice. The log has totals.
func (in *Intake) refusePortals() {
	withRows := func(kind settlement.StatementKind) []int32 {
		return in.accepted(func(s *settlement.Statement) bool { return s.Kind == kind && s.Rows > 0 })
	}
	logs := withRows(settlement.AccountLog)
	for _, i := range withRows(settlement.PortalFunds) {
		portal := in.Statements[i]
		at := slices.IndexFunc(logs, func(j int32) bool {
			log := in.Statements[j]
			return (portal.Account == log.Account || portal.Account == "" || log.Account == "") &&
				portal.From < log.Until && log.From < portal.Until
		})
		if at >= 0 {
			log := in.Statements[logs[at]]
			in.Refuse(i, fmt.Sprintf("the account log %s shows the movements of %s too: counted from both, they would move the account twice",
				log.Source(), periodText(log.From, log.Until)),
				"leave the portal export out, or export only days of which there is no account log (账务明细)")
		}
	}
}

func periodText(from, until settlement.Day) string {
	if until == from+1 {
		return from.String()
	}
	return from.String() + " to " + (until - 1).String()
}

// Overlapping returns the statements of wallets whose rows may show the same
// transaction as another's: same wallet, account and family, periods that touch.
func (in *Intake) Overlapping() map[int32]bool {
	list := in.accepted(func(s *settlement.Statement) bool { return !s.IsExtract() && s.Rows > 0 })
	overlapping := map[int32]bool{}
	for n, i := range list {
		a := in.Statements[i]
		for _, j := range list[n+1:] {
			b := in.Statements[j]
			if a.Wallet != b.Wallet || a.Account != b.Account || a.Kind.Family() != b.Kind.Family() {
				continue
			}
			if a.From == settlement.NoDay || b.From == settlement.NoDay || a.From < b.Until && b.From < a.Until {
				overlapping[i], overlapping[j] = true, true
			}
		}
	}
	return overlapping
}
