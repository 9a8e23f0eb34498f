package pipeline

import (
	"reconcile/output"
	"reconcile/settlement"
)

// askCharges reads what the lines that were found were charged.
func (s *search) askCharges(path string, ids []settlement.ID) error {
	if len(ids) == 0 {
		return nil
	}
	wanted := map[string]bool{}
	for _, id := range ids {
		wanted[id.String()] = true
	}
	return readPart(path, "charges", func(in *output.BatchReader, _ int) error {
		var rows []int32
		if err := in.Texts("line_id", func(row int, id string) {
			if wanted[id] {
				rows = append(rows, int32(row))
			}
		}); err != nil || len(rows) == 0 {
			return err
		}
		return in.Append(s.charges, rows, func(string) int32 { return s.run.settledFile })
	})
}

// prior is the payments among settled lines as the fees know them: what each was
// charged, and what its refunds so far have taken and brought back.
func (s *search) prior(lines *settlement.Lines, events *settlement.Events) *settlement.Prior {
	charge := map[settlement.ID]int{}
	for i, id := range s.charges.LineID {
		if s.charges.Component[i] == settlement.ChannelFee {
			charge[id] = i
		}
	}
	event := map[settlement.ID]int{}
	for i, id := range events.ID {
		event[id] = i
	}
	p := &settlement.Prior{}
	for i, kind := range lines.Kind {
		if kind != settlement.Payment || !lines.Settles(i) {
			continue
		}
		p.Wallet = append(p.Wallet, lines.Wallet[i])
		p.Account.Append(lines.Account.At(i))
		p.ProviderTxnID.Append(lines.ProviderTxnID.At(i))
		p.OrderNo.Append(lines.OrderNo.At(i))
		p.PaidAt = append(p.PaidAt, lines.OccurredAt[i])
		p.Gross = append(p.Gross, lines.Gross[i])
		p.Settled = append(p.Settled, lines.Settled[i])
		p.Coupon = append(p.Coupon, lines.Coupon[i])
		p.Rate = append(p.Rate, lines.FeeRate[i])
		p.Key = append(p.Key, lines.Key[i])
		s.addCharged(p, lines, i, charge)
		s.addOrder(p, lines, i, events, event)
	}
	return p
}

// addCharged fills what payment line i was charged, and what its refunds have brought
// back.
func (s *search) addCharged(p *settlement.Prior, lines *settlement.Lines, i int, charge map[settlement.ID]int) {
	charged, rule, version := settlement.NoAmount, "", ""
	if at, ok := charge[lines.ID[i]]; ok {
		charged, rule, version = s.charges.Charged[at], s.charges.RuleID.StringAt(at), s.charges.RuleVer.StringAt(at)
	}
	var refunded, returned settlement.Amount
	for j, kind := range lines.Kind {
		if kind == settlement.Payment || !lines.Settles(j) || lines.Key[j] != lines.Key[i] || lines.Wallet[j] != lines.Wallet[i] ||
			lines.ProviderTxnID.StringAt(j) != lines.ProviderTxnID.StringAt(i) {
			continue
		}
		refunded += lines.Settled[j].Abs()
		if at, ok := charge[lines.ID[j]]; ok && s.charges.Charged[at] != settlement.NoAmount {
			returned -= s.charges.Charged[at]
		}
	}
	p.Refunded = append(p.Refunded, refunded)
	p.FeeCharged = append(p.FeeCharged, charged)
	p.FeeReturned = append(p.FeeReturned, returned)
	p.RuleID.AppendString(rule)
	p.RuleVer.AppendString(version)
}

// addOrder fills what is known of the order of payment line i, and what it would have
// cost in its home wallet so far.
func (s *search) addOrder(p *settlement.Prior, lines *settlement.Lines, i int, events *settlement.Events, event map[settlement.ID]int) {
	home, paying := settlement.NoWallet, settlement.NoWallet
	if at, ok := event[s.pairs[lines.ID[i]]]; ok {
		p.Shop.Append(events.Shop.At(at))
		p.Platform.Append(events.Platform.At(at))
		home, paying = events.HomeWallet[at], events.Wallet[at]
	} else {
		p.Shop.Append(nil)
		p.Platform.Append(nil)
	}
	atHome, back := settlement.NoAmount, settlement.NoAmount
	number := lines.OrderNo.StringAt(i)
	for j, of := range s.cross.Of {
		if of != settlement.CostOrder || s.cross.Wallet[j] != lines.Wallet[i] || s.cross.OrderNo.StringAt(j) != number || number == "" {
			continue
		}
		home, paying = s.cross.Home[j], s.cross.Paying[j]
		fee := s.cross.HomeFee[j]
		if fee == settlement.NoAmount {
			atHome, back = settlement.NoAmount, settlement.NoAmount
			break
		}
		if atHome == settlement.NoAmount {
			atHome, back = 0, 0
		}
		if fee >= 0 {
			atHome += fee
		} else {
			back -= fee
		}
	}
	p.HomeWallet = append(p.HomeWallet, home)
	p.Paying = append(p.Paying, paying)
	p.HomeFee = append(p.HomeFee, atHome)
	p.HomeReturned = append(p.HomeReturned, back)
}
