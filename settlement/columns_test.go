package settlement

import (
	"slices"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
)

// batches is the batch of each table, in the registry's order.
func batches() map[string]Batch {
	return map[string]Batch{
		"statement_lines": new(Lines), "fund_lines": new(FundLines), "unsettled": new(Unsettled), "order_events": new(Events), "matches": new(Matches),
		"breaks": new(Breaks), "open_items": new(OpenItems), "charges": new(Charges),
		"withdrawals": new(Withdrawals), "payouts": new(Payouts), "quotas": new(Quotas), "proceeds": new(Proceeds), "cross_wallet": new(CrossWallet), "balances": new(Balances),
		"control_totals": new(ControlTotals), "summary": new(Summary),
		"carried_lines": new(Lines), "carried_events": new(Events), "carried_transfers": new(Transfers), "payment_keys": new(PaymentKeys), "payment_numbers": new(Events),
	}
}

// fits is the Arrow type of the batch column a table column is written from.
var fits = map[ColumnType]arrow.Type{
	TypeID: arrow.FIXED_SIZE_BINARY, TypeText: arrow.STRING, TypeWord: arrow.UINT8, TypeFile: arrow.INT32,
	TypeMoney: arrow.INT64, TypeRate: arrow.INT32, TypeInstant: arrow.INT64, TypeDay: arrow.INT32,
	TypeCount: arrow.INT64, TypeFlag: arrow.UINT8,
}

func TestEveryTableColumnExistsInItsBatch(t *testing.T) {
	all := batches()
	if len(all) != len(Tables) {
		t.Fatalf("%d tables and %d batches", len(Tables), len(all))
	}
	for _, table := range Tables {
		t.Run(table.Name, func(t *testing.T) {
			schema := SchemaOf(all[table.Name])
			for _, c := range table.Columns {
				fields, ok := schema.FieldsByName(c.Name)
				if !ok || len(fields) != 1 {
					t.Errorf("%s: the batch has %d columns of this name", c.Name, len(fields))
					continue
				}
				if got := fields[0].Type.ID(); got != fits[c.Type] {
					t.Errorf("%s: a %s column over a batch column of type %s", c.Name, c.Type, got)
				}
			}
		})
	}
}

// The batch's Go types tell what Arrow types do not: an instant from an amount.
func TestColumnTypesFollowTheBatchesGoTypes(t *testing.T) {
	for _, table := range Tables {
		for _, column := range batches()[table.Name].Columns() {
			c, ok := table.Column(column.Name)
			if !ok {
				continue // internal to the stages
			}
			var want []ColumnType
			switch column.Values().(type) {
			case *Text:
				want = []ColumnType{TypeText}
			case []ID:
				want = []ColumnType{TypeID}
			case []Amount:
				want = []ColumnType{TypeMoney}
			case []Rate:
				want = []ColumnType{TypeRate}
			case []Instant:
				want = []ColumnType{TypeInstant}
			case []Day:
				want = []ColumnType{TypeDay}
			case []int64:
				want = []ColumnType{TypeCount}
			case []int32:
				want = []ColumnType{TypeFile}
			case []uint8:
				want = []ColumnType{TypeWord, TypeFlag}
			}
			if !slices.Contains(want, c.Type) {
				t.Errorf("%s.%s: type %s over %T", table.Name, c.Name, c.Type, column.Values())
			}
		}
	}
}

// The tables of the contract begin with these columns in this order; what is
// ours follows.
func TestContractColumnsComeFirst(t *testing.T) {
	contract := map[string][]string{
		"statement_lines": {"line_id", "wallet", "account", "sub_account", "kind", "order_no", "order_no_raw", "refund_no",
			"provider_txn_id", "provider_refund_id", "occurred_at", "time_basis", "settled_on", "gross_amount", "settled_amount",
			"fee_amount", "net_amount", "fee_rate", "currency", "match_state", "raw_type", "source_file", "source_line"},
		"fund_lines": {"line_id", "wallet", "account", "category", "order_no", "refund_no", "provider_txn_id", "occurred_at",
			"settled_on", "amount", "balance", "currency", "state", "raw_type", "raw_note", "source_file", "source_line"},
		"order_events": {"event_id", "kind", "order_no", "payment_no", "refund_no", "wallet", "shop", "platform",
			"expected_at", "amount", "status", "match_state"},
		"matches": {"match_id", "wallet", "account", "kind", "order_no", "refund_no", "line_id", "event_id",
			"order_amount", "line_amount", "difference", "rule", "verdict"},
		"breaks": {"break_id", "kind", "wallet", "account", "order_no", "refund_no", "line_id", "event_id",
			"expected_amount", "actual_amount", "difference", "currency", "first_seen_on", "age_days", "status", "closed_on",
			"reason", "suggestion", "source_file", "source_line"},
		"charges": {"line_id", "wallet", "account", "order_no", "event", "component", "rule_id", "rule_version",
			"base_amount", "rate", "expected_fee", "charged_fee", "variance", "variance_class", "assumed"},
		"control_totals": {"source_file", "sha256", "wallet", "account", "statement_kind", "settled_on", "name",
			"stated", "computed", "difference"},
		"summary": {"settled_on", "wallet", "account", "shop", "currency", "events", "lines", "matched", "breaks", "gross",
			"refunds", "expected_fees", "charged_fees", "fee_variance", "net", "withdrawal_fees", "cross_wallet_fees", "cost_bps"},
	}
	for name, want := range contract {
		table, ok := TableNamed(name)
		if !ok {
			t.Fatalf("no table %s", name)
		}
		for i, column := range want {
			if i >= len(table.Columns) || table.Columns[i].Name != column {
				t.Errorf("%s: column %d is not %s", name, i, column)
			}
		}
	}
}

func TestRegistryIsComplete(t *testing.T) {
	for _, table := range Tables {
		t.Run(table.Name, func(t *testing.T) {
			if table.Grain == "" || table.Doc == "" || len(table.Key) == 0 || len(table.SortedBy) == 0 {
				t.Error("grain, meaning, key or order is missing")
			}
			for _, name := range slices.Concat(table.Key, table.SortedBy) {
				if _, ok := table.Column(name); !ok {
					t.Errorf("key or order names %s, which is no column", name)
				}
			}
			seen := map[string]bool{}
			for _, c := range table.Columns {
				if seen[c.Name] {
					t.Errorf("%s stands twice", c.Name)
				}
				seen[c.Name] = true
				if c.Doc == "" {
					t.Errorf("%s: no meaning", c.Name)
				}
				if (c.Type == TypeWord) != (len(c.Words) > 1 && c.Words[0] == "") {
					t.Errorf("%s: words belong to word columns and begin with the empty one", c.Name)
				}
				if c.Type == TypeMoney && (c.Unit == "" || c.Sign == "") {
					t.Errorf("%s: money without unit or sign", c.Name)
				}
				if c.Unit == "" && slices.Contains([]ColumnType{TypeRate, TypeInstant, TypeDay, TypeCount}, c.Type) {
					t.Errorf("%s: no unit", c.Name)
				}
				if c.Repeats && c.Type != TypeText {
					t.Errorf("%s: the hint is for texts", c.Name)
				}
			}
		})
	}
}

func TestTableNamedRefusesUnknownNames(t *testing.T) {
	if _, ok := TableNamed("no_such_table"); ok {
		t.Error("found a table that is not in the registry")
	}
}
