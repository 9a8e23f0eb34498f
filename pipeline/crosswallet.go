package pipeline

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"math/bits"
	"slices"

	"reconcile/fees"
	"reconcile/funds"
	"reconcile/match"
	"reconcile/output"
	"reconcile/settlement"
)

// costInput is what the cost of a bucket's orders is worked out from.
func costInput(rules *Rules, out *BucketOutput, prior *settlement.Prior, carried *settlement.Proceeds, resolved *match.Resolution) fees.CostInput {
	e := out.Events
	return fees.CostInput{
		Lines: out.Lines, Charges: out.Charges, Funds: out.Funds, Prior: prior, Carried: carried,
		Today: out.ofToday(),
		OrderOf: func(line int) (o fees.Order, ok bool) {
			if event := int(out.EventOfLine[line]); event >= 0 {
				return fees.Order{Shop: e.Shop.At(event), Platform: e.Platform.At(event), Home: e.HomeWallet[event], Paying: e.Wallet[event], Escrow: e.Escrow[event] != 0}, true
			}
			claim, ok := resolved.Line(out.Lines.ID[line])
			return fees.Order{Shop: []byte(claim.Shop)}, ok
		},
		Flows: func(wallet settlement.Wallet, account []byte) bool {
			return len(rules.Flows) > 0 && rules.Flows[flowAccount{wallet, string(account)}]
		},
	}
}

// span is the time of proceeds, which cuts them into partitions.
type span struct{ from, until settlement.Instant }

// spanOf is the time that the run's fund flows lie in.
func (r *run) spanOf() span {
	s := span{settlement.NoInstant, settlement.NoInstant}
	for i, st := range r.intake.Statements {
		if r.intake.Accepted(int32(i)) && st.Kind.IsFunds() && st.From != settlement.NoDay {
			if s.from == settlement.NoInstant || st.From.Start() < s.from {
				s.from = st.From.Start()
			}
			s.until = max(s.until, st.Until.Start())
		}
	}
	return s
}

// key maps an instant to a key that keeps its order.
func (s span) key(at settlement.Instant) uint64 {
	switch {
	case at < s.from || s.until <= s.from:
		return 0
	case at >= s.until:
		return ^uint64(0)
	}
	key, _ := bits.Div64(uint64(at-s.from), 0, uint64(s.until-s.from))
	return key
}

// openCosts makes the exchanges of what the costs of orders need beside the bills.
func (r *run) openCosts() error {
	r.accruing = accruing(r.rules.Terms)
	if err := r.takeCarried(); err != nil {
		return err
	}
	byKey := func(p *settlement.Proceeds) []uint64 { return p.Key }
	r.prior = newExchange[settlement.Prior]("prior", r.partitions, r.budget, func(p *settlement.Prior) []uint64 { return p.Key })
	r.carried = newExchange[settlement.Proceeds]("carried", r.partitions, r.budget, byKey)
	within, err := r.takeProceeds()
	if err != nil {
		return err
	}
	r.cross = newExchange[settlement.CrossWallet]("cross", r.partitions, r.budget, func(c *settlement.CrossWallet) []uint64 { return c.Key })
	r.proceeds = newExchange[settlement.Proceeds]("proceeds", r.partitions, r.budget, func(p *settlement.Proceeds) []uint64 {
		return rowKeys(p, func(p *settlement.Proceeds, i int) uint64 { return within.key(p.SettledAt[i]) })
	})
	if p := r.job.Carried.Prior; p != nil {
		return r.prior.scatter(p)
	}
	return nil
}

// takeProceeds takes what former days left in accounts, and returns the time that it and
// the run's fund flows lie in.
func (r *run) takeProceeds() (span, error) {
	within := r.spanOf()
	take := func(p *settlement.Proceeds) error {
		for _, at := range p.SettledAt {
			if within.from == settlement.NoInstant || at < within.from {
				within.from = at
			}
			within.until = max(within.until, at+1)
		}
		return r.carried.scatter(p)
	}
	if p := r.job.Carried.Proceeds; p != nil {
		return within, take(p)
	}
	if r.state == nil || r.state.previous == nil {
		return within, nil
	}
	err := readBatches(r.state.days[0].dir, "proceeds", func(in *output.BatchReader, rows int) error {
		p := &settlement.Proceeds{}
		if err := in.Append(p, allRows(rows), noSource); err != nil {
			return err
		}
		for i := range p.Len() {
			p.Key[i] = settlement.PaymentKey(p.OrderNo.At(i), nil)
		}
		return take(p)
	})
	return within, err
}

// noSource is the number of files of earlier days whose rows are not written again.
func noSource(string) int32 { return -1 }

// takeCosts hands on what a bucket says of the costs of its orders. Where no fund flow
// was delivered, no withdrawal can cost anything, and its part of cross_wallet is
// written at once.
func (r *run) takeCosts(staging *output.Staging, b int, costs *fees.OrderCosts) error {
	if len(r.rules.Flows) == 0 {
		costs.Cross = fees.MergeCross(costs.Cross)
		return r.writeCost(staging, "cross_wallet", b, costs.Cross)
	}
	if err := r.proceeds.scatter(costs.Proceeds); err != nil {
		return err
	}
	return r.cross.scatter(costs.Cross)
}

// queueOf is the proceeds and payouts of one account.
type queueOf struct {
	*fees.Queue
	orders, home []settlement.Amount // fees by payout that fall to orders paid across wallets, and to others
	other        map[settlement.Day]settlement.Amount
}

// settleCosts prices the withdrawals, divides what they cost, and writes the tables
// withdrawals, quotas, proceeds and cross_wallet.
func (r *run) settleCosts(ctx context.Context, staging *output.Staging) error {
	w, err := r.priceWithdrawals()
	if err != nil {
		return err
	}
	settled := r.settlePayouts(w)
	table := w.table()
	r.tally.addWithdrawals(table)
	found := w.breaks(r.rules.Match.Day)
	ofPayouts := r.payoutHistory(&settled)
	settlement.AppendRows(found, ofPayouts, allRows(ofPayouts.Len()))
	if found.Len() > 0 {
		r.tally.addBreaks(found)
		if err := r.writeCost(staging, "breaks", r.buckets, match.SortBreaks(found)); err != nil {
			return err
		}
	}
	if err := r.writeCost(staging, "withdrawals", 0, table); err != nil {
		return err
	}
	if err := r.writeCost(staging, "payouts", 0, payoutTable(settled.Payouts)); err != nil {
		return err
	}
	if r.state != nil {
		if err := r.writeCost(staging, "carried_transfers", 0, transferTable(settled.Transfers)); err != nil {
			return err
		}
	}
	if err := r.writeCost(staging, "quotas", 0, w.quotaTable(r.rules.Match.Day)); err != nil {
		return err
	}
	if len(r.rules.Flows) == 0 {
		return r.writeCost(staging, "proceeds", 0, &settlement.Proceeds{})
	}
	queues := r.queues(w)
	if err := r.moveProceeds(ctx, staging, queues); err != nil {
		return err
	}
	if err := r.scatterOther(queues, w); err != nil {
		return err
	}
	if err := r.scatterMovements(settled.Payouts); err != nil {
		return err
	}
	return r.eachBucket(ctx, func(_ context.Context, b int) error {
		from, until := r.bucketParts(b)
		rows, err := r.cross.load(from, until)
		if err != nil {
			return err
		}
		if err := r.writeCross(staging, b, fees.MergeCross(rows)); err != nil {
			return err
		}
		r.cross.release(from, until)
		return nil
	})
}

// scatterMovements hands on what it cost to put money from one wallet into the other, of
// the movements that are proven since the day before.
func (r *run) scatterMovements(payouts []funds.Payout) error {
	known := map[settlement.ID]bool{}
	for i, how := range r.payoutsBefore.Movement {
		known[r.payoutsBefore.LineID[i]] = how == settlement.MovedProven
	}
	rows := &settlement.CrossWallet{}
	for i := range payouts {
		p := &payouts[i]
		if p.Movement == settlement.MovedProven && !known[p.ID] && p.LegFee != settlement.NoAmount && p.LegFee != 0 {
			fees.MovementRow(p.LegWallet, p.LegAccount, r.rules.Match.Day, p.LegFee, rows)
		}
	}
	if rows.Len() == 0 {
		return nil
	}
	return r.cross.scatter(rows)
}

func (r *run) writeCost(staging *output.Staging, name string, b int, rows settlement.Batch) error {
	part, err := r.writePart(staging, name, b, rows)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.parts = append(r.parts, part)
	return nil
}

// writeCross writes bucket b's part of the table cross_wallet and adds it to the sums.
func (r *run) writeCross(staging *output.Staging, b int, rows *settlement.CrossWallet) error {
	if err := r.writeCost(staging, "cross_wallet", b, rows); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tally.addCross(rows)
	r.proof.costs.addCross(rows)
	return r.tally.overflow
}

// queues are the payouts of each account whose fund flow was delivered.
func (r *run) queues(w *withdrawals) map[flowAccount]*queueOf {
	payouts := map[flowAccount][]fees.Payout{}
	other := map[flowAccount]map[settlement.Day]settlement.Amount{}
	for i := range w.list {
		one := &w.list[i]
		at := flowAccount{one.Wallet, one.Account}
		if one.FeeAlone || one.Returns || one.CameBack || one.Amount == 0 || one.Fee < 0 {
			if other[at] == nil {
				other[at] = map[settlement.Day]settlement.Amount{}
			}
			other[at][one.SettledOn] += one.Fee
			continue
		}
		payouts[at] = append(payouts[at], fees.Payout{At: one.At, FlowNo: one.FlowNo, Amount: one.Amount, Fee: one.Fee, On: one.SettledOn})
	}
	queues := map[flowAccount]*queueOf{}
	accounts := maps.Clone(r.rules.Flows)
	for at := range payouts {
		accounts[at] = true
	}
	for at := range other {
		accounts[at] = true
	}
	for at := range accounts {
		n := len(payouts[at])
		queues[at] = &queueOf{Queue: fees.NewQueue(payouts[at]), orders: make([]settlement.Amount, n), home: make([]settlement.Amount, n), other: other[at]}
	}
	return queues
}

// moveProceeds passes the proceeds of all accounts through their queues, in the order of
// time, a partition at a time, and writes what is left of them.
func (r *run) moveProceeds(ctx context.Context, staging *output.Staging, queues map[flowAccount]*queueOf) error {
	each := func(work func(b int, p *settlement.Proceeds) error) error {
		for b := range r.buckets {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			from, until := r.bucketParts(b)
			p, err := r.proceeds.load(from, until)
			if err != nil {
				return err
			}
			if err := work(b, p); err != nil {
				return err
			}
		}
		return nil
	}
	err := each(func(_ int, p *settlement.Proceeds) error {
		eachAccount(p, func(at flowAccount, rows []int32) {
			for _, i := range rows {
				queues[at].Note(p.SettledAt[i], p.Net[i])
			}
		})
		return nil
	})
	if err != nil {
		return err
	}
	needs := false
	for _, q := range queues {
		q.Settle()
		needs = needs || q.NeedsRests()
	}
	if needs {
		err := each(func(_ int, p *settlement.Proceeds) error {
			eachAccount(p, func(at flowAccount, rows []int32) {
				if q := queues[at]; q.NeedsRests() {
					sortProceeds(p, rows)
					for _, i := range rows {
						q.Rest(p.Net[i])
					}
				}
			})
			return nil
		})
		if err != nil {
			return err
		}
		for _, q := range queues {
			if q.NeedsRests() {
				q.Divide()
			}
		}
	}
	return each(func(b int, p *settlement.Proceeds) error {
		left, repatriated := &settlement.Proceeds{}, &settlement.CrossWallet{}
		eachAccount(p, func(at flowAccount, rows []int32) { queues[at].move(p, rows, left, repatriated) })
		if err := r.cross.scatter(repatriated); err != nil {
			return err
		}
		from, until := r.bucketParts(b)
		r.proceeds.release(from, until)
		return r.writeCost(staging, "proceeds", b, left)
	})
}

// move passes proceeds of one account, and appends what is left of them, and what it
// cost to withdraw the money of orders that were paid across wallets.
func (q *queueOf) move(p *settlement.Proceeds, rows []int32, left *settlement.Proceeds, repatriated *settlement.CrossWallet) {
	var in, out settlement.Amount
	for _, i := range rows {
		if p.Net[i] > 0 {
			in += p.Net[i]
		} else {
			out -= p.Net[i]
		}
	}
	if q.Idle(in, out) {
		return
	}
	sortProceeds(p, rows)
	var shares []fees.PayoutShare
	var rest settlement.Amount
	for _, i := range rows {
		rest, shares = q.Move(p.Net[i], shares)
		if rest != 0 {
			settlement.AppendRows(left, p, []int32{i})
			left.Net[left.Len()-1] = rest
		}
		for _, s := range shares {
			switch {
			case s.Fee == 0:
			case p.Home[i] == settlement.NoWallet:
				q.home[s.Payout] += s.Fee
			default:
				q.orders[s.Payout] += s.Fee
				fees.RepatriationRow(p, int(i), s.Fee, q.Payouts()[s.Payout].On, repatriated)
			}
		}
	}
}

// eachAccount calls work with the rows of each account, in the order of the table.
func eachAccount(p *settlement.Proceeds, work func(at flowAccount, rows []int32)) {
	rows := map[flowAccount][]int32{}
	for i := range p.Len() {
		at := flowAccount{p.Wallet[i], p.Account.StringAt(i)}
		rows[at] = append(rows[at], int32(i))
	}
	for _, at := range slices.SortedFunc(maps.Keys(rows), compareAccounts) {
		work(at, rows[at])
	}
}

func compareAccounts(a, b flowAccount) int {
	return cmp.Or(cmp.Compare(a.wallet, b.wallet), cmp.Compare(a.account, b.account))
}

// sortProceeds brings rows of one account into the order in which they are withdrawn.
func sortProceeds(p *settlement.Proceeds, rows []int32) {
	slices.SortFunc(rows, func(x, y int32) int {
		return cmp.Or(cmp.Compare(p.SettledAt[x], p.SettledAt[y]), bytes.Compare(p.OrderNo.At(int(x)), p.OrderNo.At(int(y))), cmp.Compare(p.Net[y], p.Net[x]))
	})
}

// scatterOther adds what withdrawals cost that is of no order across wallets.
func (r *run) scatterOther(queues map[flowAccount]*queueOf, w *withdrawals) error {
	rows := &settlement.CrossWallet{}
	for _, at := range slices.SortedFunc(maps.Keys(queues), compareAccounts) {
		q := queues[at]
		type sums struct{ home, residual settlement.Amount }
		byDay := map[settlement.Day]sums{}
		for k, p := range q.Payouts() {
			s := byDay[p.On]
			s.home += q.home[k]
			s.residual += p.Fee - q.home[k] - q.orders[k]
			byDay[p.On] = s
		}
		for on, fee := range q.other {
			s := byDay[on]
			s.residual += fee
			byDay[on] = s
		}
		for _, on := range slices.Sorted(maps.Keys(byDay)) {
			if s := byDay[on]; s.home != 0 {
				fees.OtherRow(settlement.CostHome, at.wallet, at.account, on, s.home, rows)
			}
			if s := byDay[on]; s.residual != 0 {
				fees.OtherRow(settlement.CostResidual, at.wallet, at.account, on, s.residual, rows)
			}
		}
	}
	for i := range w.list {
		r.proof.costs.addWithdrawal(w.list[i].Wallet, w.list[i].Fee)
	}
	return r.cross.scatter(rows)
}

// costProof is what the proof adds up of the cost of orders, by wallet.
type costProof struct {
	// channel is the channel fees of charges; cross, home and residual what they are
	// by order. written is the channel_fee of the rows of cross_wallet, where known.
	channel, cross, home, residual, written [settlement.Bank + 1]settlement.Amount
	// withdrawn is the fees of withdrawals, divided what cross_wallet holds of them.
	withdrawn, divided [settlement.Bank + 1]settlement.Amount
	unknown            bool // a channel fee of a row of cross_wallet is not known
}

// addBucket adds what one bucket says.
func (p *costProof) addBucket(out *BucketOutput) {
	c := out.Charges
	for i, component := range c.Component {
		if i < out.Lines.Len() && out.Lines.File[i] >= out.FirstCarried {
			continue // of an earlier day
		}
		if component == settlement.ChannelFee && c.Charged[i] != settlement.NoAmount {
			p.channel[c.Wallet[i]] += c.Charged[i]
		}
	}
	for w, sums := range out.Costs.Channel {
		p.cross[w] += sums.Cross
		p.home[w] += sums.Home
		p.residual[w] += sums.Residual
	}
}

func (p *costProof) addWithdrawal(wallet settlement.Wallet, fee settlement.Amount) {
	p.withdrawn[wallet] += fee
}

func (p *costProof) addCross(rows *settlement.CrossWallet) {
	for i, of := range rows.Of {
		wallet := rows.Wallet[i]
		if rows.Repatriation[i] != settlement.NoAmount {
			p.divided[wallet] += rows.Repatriation[i]
		}
		switch {
		case of != settlement.CostOrder:
		case rows.ChannelFee[i] == settlement.NoAmount:
			p.unknown = true
		default:
			p.written[wallet] += rows.ChannelFee[i]
		}
	}
}

// merge adds what another bucket's sums say.
func (p *costProof) merge(o *costProof) {
	for w := range p.channel {
		p.channel[w] += o.channel[w]
		p.cross[w] += o.cross[w]
		p.home[w] += o.home[w]
		p.residual[w] += o.residual[w]
	}
}

// checks states that each fee of a wallet is of one order, or residual, and each fee of
// a withdrawal too.
func (p *costProof) checks() (checks []output.Check) {
	for w := range p.channel {
		name := settlement.Wallet(w).String()
		if p.channel[w] != 0 || p.cross[w] != 0 || p.home[w] != 0 || p.residual[w] != 0 {
			checks = append(checks, check("channel fees charged − returned = Σ over orders + residual, "+name, p.channel[w], p.cross[w]+p.home[w]+p.residual[w]))
		}
		if !p.unknown && (p.cross[w] != 0 || p.written[w] != 0) {
			checks = append(checks, check("channel fees of orders paid across wallets = Σ cross_wallet, "+name, p.cross[w], p.written[w]))
		}
		if p.withdrawn[w] != 0 || p.divided[w] != 0 {
			checks = append(checks, check("fees of withdrawals = Σ divided over orders + residual, "+name, p.withdrawn[w], p.divided[w]))
		}
	}
	return checks
}
