package settlement

// AnswerKey is the breaks that were planted in a generated day: what a run over its
// files must find. It is not among Tables, because no run writes it.
type AnswerKey struct {
	Kind      []BreakKind
	OrderNo   Text
	RefundNo  Text
	Expected  []Amount
	Actual    []Amount
	PlantedAs Text
}

// Columns implements Batch.
func (b *AnswerKey) Columns() []Column {
	return []Column{
		wordColumn("kind", &b.Kind),
		textColumn("order_no", &b.OrderNo),
		textColumn("refund_no", &b.RefundNo),
		moneyColumn("expected_amount", &b.Expected),
		moneyColumn("actual_amount", &b.Actual),
		textColumn("planted_as", &b.PlantedAs),
	}
}

// Len implements Batch.
func (b *AnswerKey) Len() int { return len(b.Kind) }

// AnswerKeyTable describes the table of an AnswerKey. The columns that it shares
// with breaks mean the same.
var AnswerKeyTable = Table{
	Name:  "answer_key",
	Grain: "one planted break",
	Key:   []string{"kind", "order_no", "refund_no"},
	Doc:   "The breaks that a run over the files of a generated day must find, and no other, in the order of the purchases.",
	Columns: []TableColumn{
		{Name: "kind", Type: TypeWord, Words: BreakWords,
			Doc: "The kind of break, as in breaks."},
		{Name: "order_no", Type: TypeText,
			Doc: "The merchant's order number (商户订单号), without the prefix that Taobao's have in Alipay's files."},
		{Name: "refund_no", Type: TypeText, Nullable: true,
			Doc: "The merchant's refund number (商户退款单号). Null where the break is a payment's, or a revoke's, which has none."},
		{Name: "expected_amount", Type: TypeMoney, Nullable: true, Unit: unitYuan, Sign: signMerchant,
			Doc: "What was expected; of a fee, as in statement_lines. Null where nothing was."},
		{Name: "actual_amount", Type: TypeMoney, Nullable: true, Unit: unitYuan, Sign: signMerchant,
			Doc: "What the statements say. Null where they say nothing."},
		{Name: "planted_as", Type: TypeText, Repeats: true,
			Doc: "The case that was planted: two breaks of one case and order are one purchase with two faults."},
	},
}
