package bank

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"

	"reconcile/ingest/delimited"
	"reconcile/ingest/ingesttest"
	"reconcile/settlement"
)

// csvSample is a statement in the plain layout: of each three rows a payout received, a
// charge and interest.
func csvSample(rows int, seed uint64) string {
	random := rand.New(rand.NewPCG(seed, 0))
	var b strings.Builder
	b.WriteString(plainHeader)
	balance := settlement.Amount(5_000_000_000)
	for i := range rows {
		amount := settlement.Amount(random.Int64N(90_000) + 1_000)
		purpose := []string{"商户提现 1230000109", "账户管理费", "结息"}[i%3]
		if i%3 == 1 {
			amount = -amount
		}
		balance += amount
		fmt.Fprintf(&b, "110900000010001,2024-09-12 %02d:%02d:%02d,%s,%s,B%08d,财付通支付科技有限公司,%s\n", 8+i/3600%10, i/60%60, i%60, amount, balance, i, purpose)
	}
	return b.String()
}

// A statement in CSV states no totals, but for those of the configuration; a balance that
// does not follow is noted. The columns are the bank's own words.
func TestCSVConforms(t *testing.T) {
	ingesttest.Run(t, ingesttest.Provider{
		Recognise: func(head []byte) bool { return Recognise(head, Mapping{}) },
		Read: func(ctx context.Context, in delimited.Input, emit func(arrow.Record) error) (*settlement.Statement, error) {
			return Read(ctx, in, Mapping{}, emit)
		},
		Sample: csvSample, NoTotals: true,
		Uncovered: []string{"account", "amount", "balance", "category", "direction", "flow_no", "occurred_at", "period", "raw_note", "settled_on"},
		Bad: []ingesttest.Bad{
			{Column: "booked_at", Find: `,(2024-09-12 [0-9:]+),`, Put: "2024-09-31 10:00:00"},
			{Column: "amount", Find: `:[0-9]{2},(-?[0-9.]+),`, Put: "1E2"},
			{Column: "reference", Find: `,(B[0-9]{8}),`, Put: "4.0E+27"},
		},
	})
}

// camtSample is a camt.053 whose totals are true.
func camtSample(rows int, seed uint64) string {
	random := rand.New(rand.NewPCG(seed, 0))
	var entries strings.Builder
	var credit, debit settlement.Amount
	credits := 0
	for i := range rows {
		amount := settlement.Amount(random.Int64N(90_000) + 1_000)
		side := "CRDT"
		if i%3 == 1 {
			side, debit = "DBIT", debit+amount
		} else {
			credit, credits = credit+amount, credits+1
		}
		fmt.Fprintf(&entries, `<Ntry><Amt Ccy="CNY">%s</Amt><CdtDbtInd>%s</CdtDbtInd><Sts>BOOK</Sts><BookgDt><DtTm>2024-09-12T%02d:%02d:%02d</DtTm></BookgDt><AcctSvcrRef>B%08d</AcctSvcrRef></Ntry>`+"\n",
			amount, side, 8+i/3600%10, i/60%60, i%60, i)
	}
	totals := fmt.Sprintf(`<TxsSummry><TtlNtries><NbOfNtries>%d</NbOfNtries><Sum>%s</Sum></TtlNtries><TtlCdtNtries><NbOfNtries>%d</NbOfNtries><Sum>%s</Sum></TtlCdtNtries><TtlDbtNtries><NbOfNtries>%d</NbOfNtries><Sum>%s</Sum></TtlDbtNtries></TxsSummry>`,
		rows, credit+debit, credits, credit, rows-credits, debit)
	closed := strings.Replace(closing, "894.50", (credit - debit).String(), 1)
	opened := strings.NewReplacer("100.00", "0.00", "DBIT", "CRDT").Replace(opening)
	return document("08", "<Stmt><Id>S1</Id>"+period+accountOf1+"\n"+opened+"\n"+closed+"\n"+totals+"\n"+entries.String()+"</Stmt>")
}

// The entries' count and sums and the balances cover amount and direction.
func TestCAMTConforms(t *testing.T) {
	ingesttest.Run(t, ingesttest.Provider{
		Recognise: RecogniseCAMT,
		Read: func(ctx context.Context, in delimited.Input, emit func(arrow.Record) error) (*settlement.Statement, error) {
			return ReadCAMT(ctx, in, Mapping{}, emit)
		},
		Sample:    camtSample,
		LinesOnly: true,
		Uncovered: []string{"account", "flow_no", "occurred_at", "period", "settled_on"},
		Bad: []ingesttest.Bad{
			{Column: "Ntry/BookgDt", Find: `<DtTm>(2024-09-12T[0-9:]+)</DtTm></BookgDt>`, Put: "2024-09-31T10:00:00"},
			{Column: "Ntry/Amt", Find: `<Ntry><Amt Ccy="CNY">([0-9.]+)<`, Put: "1E2"},
		},
	})
}
