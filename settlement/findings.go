package settlement

// Matches is a batch of claimed pairs: the table matches.
type Matches struct {
	ID          []ID
	Wallet      []Wallet
	Account     Text
	Kind        []Kind
	OrderNo     Text
	RefundNo    Text
	LineID      []ID
	EventID     []ID
	OrderAmount []Amount
	LineAmount  []Amount
	Difference  []Amount // line − order
	Rule        Text     // which rule claimed the pair, for people
	Verdict     []Verdict
	SettledOn   []Day
	PaymentNo   Text
}

// Columns implements Batch.
func (b *Matches) Columns() []Column {
	return []Column{
		idColumn("match_id", &b.ID),
		wordColumn("wallet", &b.Wallet),
		textColumn("account", &b.Account),
		wordColumn("kind", &b.Kind),
		textColumn("order_no", &b.OrderNo),
		textColumn("refund_no", &b.RefundNo),
		idColumn("line_id", &b.LineID),
		idColumn("event_id", &b.EventID),
		moneyColumn("order_amount", &b.OrderAmount),
		moneyColumn("line_amount", &b.LineAmount),
		moneyColumn("difference", &b.Difference),
		textColumn("rule", &b.Rule),
		wordColumn("verdict", &b.Verdict),
		dayColumn("settled_on", &b.SettledOn),
		textColumn("payment_no", &b.PaymentNo),
	}
}

// Len implements Batch.
func (b *Matches) Len() int { return len(b.ID) }

// BreakStatus is the status of a break.
type BreakStatus uint8

const (
	NoBreakStatus BreakStatus = iota
	BreakOpen
	BreakClosed
	BreakAccepted
	BreakWrittenOff
)

// BreakStatusWords is the dictionary of BreakStatus.
var BreakStatusWords = []string{"", "open", "closed", "accepted", "written_off"}

func (s BreakStatus) String() string { return word(BreakStatusWords, uint8(s)) }

// Breaks is a batch of findings: the table breaks. Difference is actual −
// expected: negative always hurts the merchant.
type Breaks struct {
	ID          []ID
	Kind        []BreakKind
	Wallet      []Wallet
	Account     Text
	OrderNo     Text
	RefundNo    Text
	LineID      []ID // zero where the break has no line
	EventID     []ID // zero where the break has no event
	Expected    []Amount
	Actual      []Amount
	Difference  []Amount
	Currency    []Currency
	FirstSeenOn []Day
	AgeDays     []int64
	Status      []BreakStatus
	ClosedOn    []Day
	Reason      Text
	Suggestion  Text
	File        []int32 // of the line, else of the event
	Line        []int64
	PaymentNo   Text
	ProviderID  Text
	Shop        Text
	// What people decided of it; empty and NoInstant where nobody has.
	Decision  Text
	DecidedBy Text
	DecidedAt []Instant
	Assignee  Text
	Note      Text
}

// Columns implements Batch.
func (b *Breaks) Columns() []Column {
	return []Column{
		idColumn("break_id", &b.ID),
		wordColumn("kind", &b.Kind),
		wordColumn("wallet", &b.Wallet),
		textColumn("account", &b.Account),
		textColumn("order_no", &b.OrderNo),
		textColumn("refund_no", &b.RefundNo),
		idColumn("line_id", &b.LineID),
		idColumn("event_id", &b.EventID),
		moneyColumn("expected_amount", &b.Expected),
		moneyColumn("actual_amount", &b.Actual),
		moneyColumn("difference", &b.Difference),
		wordColumn("currency", &b.Currency),
		dayColumn("first_seen_on", &b.FirstSeenOn),
		countColumn("age_days", &b.AgeDays),
		wordColumn("status", &b.Status),
		dayColumn("closed_on", &b.ClosedOn),
		textColumn("reason", &b.Reason),
		textColumn("suggestion", &b.Suggestion),
		fileColumn("source_file", &b.File),
		countColumn("source_line", &b.Line),
		textColumn("payment_no", &b.PaymentNo),
		textColumn("provider_txn_id", &b.ProviderID),
		textColumn("shop", &b.Shop),
		textColumn("decision", &b.Decision),
		textColumn("decided_by", &b.DecidedBy),
		instantColumn("decided_at", &b.DecidedAt),
		textColumn("assignee", &b.Assignee),
		textColumn("note", &b.Note),
	}
}

// Len implements Batch.
func (b *Breaks) Len() int { return len(b.ID) }

// Side says which side an open item waits for the other of.
type Side uint8

const (
	NoSide Side = iota
	LineSide
	EventSide
)

// SideWords is the dictionary of Side.
var SideWords = []string{"", "line", "event"}

func (s Side) String() string { return word(SideWords, uint8(s)) }

// OpenItems is a batch of items that wait for their counterpart: the table
// open_items, carried to the next day.
type OpenItems struct {
	ID          []ID // of the line or the event
	Side        []Side
	Kind        []Kind
	Wallet      []Wallet
	Account     Text
	OrderNo     Text
	PaymentNo   Text
	RefundNo    Text
	ProviderID  Text
	Amount      []Amount
	At          []Instant
	FirstSeenOn []Day
	Shop        Text
	Reason      Text
	File        []int32
	Line        []int64
}

// Columns implements Batch.
func (b *OpenItems) Columns() []Column {
	return []Column{
		idColumn("item_id", &b.ID),
		wordColumn("side", &b.Side),
		wordColumn("kind", &b.Kind),
		wordColumn("wallet", &b.Wallet),
		textColumn("account", &b.Account),
		textColumn("order_no", &b.OrderNo),
		textColumn("payment_no", &b.PaymentNo),
		textColumn("refund_no", &b.RefundNo),
		textColumn("provider_txn_id", &b.ProviderID),
		moneyColumn("amount", &b.Amount),
		instantColumn("at", &b.At),
		dayColumn("first_seen_on", &b.FirstSeenOn),
		textColumn("shop", &b.Shop),
		textColumn("reason", &b.Reason),
		fileColumn("source_file", &b.File),
		countColumn("source_line", &b.Line),
	}
}

// Len implements Batch.
func (b *OpenItems) Len() int { return len(b.ID) }

// Component is a part of a charge.
type Component uint8

const (
	NoComponent   Component = iota
	ChannelFee              // 收单手续费; of withdrawals and deposits their fee
	InstalmentFee           // 分期手续费
	PlatformFee             // 平台服务费: no wallet's, so outside channel and cross-wallet costs
)

// ComponentWords is the dictionary of Component.
var ComponentWords = []string{"", "channel", "instalment", "platform"}

func (c Component) String() string { return word(ComponentWords, uint8(c)) }

// Charges is a batch of expected and charged fees: the table charges. Here a fee
// is a cost: +0.60 on a payment, −0.30 on a refund. Variance is expected −
// charged: negative hurts the merchant.
type Charges struct {
	LineID    []ID
	Wallet    []Wallet
	Account   Text
	OrderNo   Text
	Event     []Kind // payment, refund, revoke
	Component []Component
	RuleID    Text
	RuleVer   Text
	Base      []Amount
	Rate      []Rate
	Expected  []Amount // NoAmount where no rule gives an expectation
	Charged   []Amount
	Variance  []Amount // NoAmount where Expected is
	Class     []VarianceClass
	Assumed   []uint8 // 1 where the expectation comes from a preset
	SettledOn []Day
	// Billed is what the bill's own column says where Moved is known: fee rows of the
	// fund flow are the truth about what was charged. NoAmount elsewhere. Of a fee
	// row that stands alone, what the day before charged for its line.
	Billed []Amount
	// Moved is what the fee rows of the fund flow that name the line come to, and so
	// Charged; NoAmount where no fund flow tells.
	Moved []Amount
}

// Columns implements Batch.
func (b *Charges) Columns() []Column {
	return []Column{
		idColumn("line_id", &b.LineID),
		wordColumn("wallet", &b.Wallet),
		textColumn("account", &b.Account),
		textColumn("order_no", &b.OrderNo),
		wordColumn("event", &b.Event),
		wordColumn("component", &b.Component),
		textColumn("rule_id", &b.RuleID),
		textColumn("rule_version", &b.RuleVer),
		moneyColumn("base_amount", &b.Base),
		rateColumn("rate", &b.Rate),
		moneyColumn("expected_fee", &b.Expected),
		moneyColumn("charged_fee", &b.Charged),
		moneyColumn("variance", &b.Variance),
		wordColumn("variance_class", &b.Class),
		wordColumn("assumed", &b.Assumed),
		dayColumn("settled_on", &b.SettledOn),
		moneyColumn("billed_fee", &b.Billed),
		moneyColumn("moved_fee", &b.Moved),
	}
}

// Len implements Batch.
func (b *Charges) Len() int { return len(b.LineID) }

// ControlTotals is the table control_totals. Counts are shown as decimals with
// two zeros, so that one column type serves counts and sums.
type ControlTotals struct {
	File       []int32
	SHA256     Text
	Wallet     []Wallet
	Account    Text
	Kind       Text
	SettledOn  []Day
	Name       Text
	Stated     []Amount
	Computed   []Amount
	Difference []Amount
}

// Columns implements Batch.
func (b *ControlTotals) Columns() []Column {
	return []Column{
		fileColumn("source_file", &b.File),
		textColumn("sha256", &b.SHA256),
		wordColumn("wallet", &b.Wallet),
		textColumn("account", &b.Account),
		textColumn("statement_kind", &b.Kind),
		dayColumn("settled_on", &b.SettledOn),
		textColumn("name", &b.Name),
		moneyColumn("stated", &b.Stated),
		moneyColumn("computed", &b.Computed),
		moneyColumn("difference", &b.Difference),
	}
}

// Len implements Batch.
func (b *ControlTotals) Len() int { return len(b.File) }

// Summary is the table summary.
type Summary struct {
	SettledOn  []Day
	Wallet     []Wallet
	Account    Text
	Shop       Text
	Currency   []Currency
	Events     []int64
	Lines      []int64
	Matched    []int64
	Breaks     []int64
	Gross      []Amount
	Refunds    []Amount
	Expected   []Amount
	Charged    []Amount
	Variance   []Amount
	Net        []Amount
	Withdrawal []Amount
	Cross      []Amount
	CostBps    []int64 // NoCount where nothing was taken
	Open       []int64
	Platform   []Amount
}

// NoCount stands for a count that cannot be given.
const NoCount int64 = -1 << 63

// Columns implements Batch.
func (b *Summary) Columns() []Column {
	return []Column{
		dayColumn("settled_on", &b.SettledOn),
		wordColumn("wallet", &b.Wallet),
		textColumn("account", &b.Account),
		textColumn("shop", &b.Shop),
		wordColumn("currency", &b.Currency),
		countColumn("events", &b.Events),
		countColumn("lines", &b.Lines),
		countColumn("matched", &b.Matched),
		countColumn("breaks", &b.Breaks),
		moneyColumn("gross", &b.Gross),
		moneyColumn("refunds", &b.Refunds),
		moneyColumn("expected_fees", &b.Expected),
		moneyColumn("charged_fees", &b.Charged),
		moneyColumn("fee_variance", &b.Variance),
		moneyColumn("net", &b.Net),
		moneyColumn("withdrawal_fees", &b.Withdrawal),
		moneyColumn("cross_wallet_fees", &b.Cross),
		countColumn("cost_bps", &b.CostBps),
		countColumn("open_items", &b.Open),
		moneyColumn("platform_fees", &b.Platform),
	}
}

// Len implements Batch.
func (b *Summary) Len() int { return len(b.SettledOn) }

// Break is one row of Breaks before its identity and differences are worked out.
type Break struct {
	Kind       BreakKind
	Wallet     Wallet
	Account    []byte
	OrderNo    []byte
	PaymentNo  []byte
	RefundNo   []byte
	ProviderID []byte
	Shop       []byte
	LineID     ID
	EventID    ID
	// Nth tells apart findings that agree in everything else, such as two payments
	// of one order that carry no numbers of their own.
	Nth      int
	Expected Amount // NoAmount where nothing is on that side
	Actual   Amount
	SeenOn   Day
	Reason   string
	Suggest  string
	File     int32
	FileLine int64
}

// Add appends a finding of day on, the settlement day of the run, as open.
func (b *Breaks) Add(h *IDHasher, f Break, on Day) {
	h.Start("break").Code(uint64(f.Kind)).Code(uint64(f.Wallet)).Text(f.Account).Text(f.OrderNo).
		Text(f.PaymentNo).Text(f.RefundNo).Text(f.ProviderID)
	if f.Nth > 0 {
		h.Code(uint64(f.Nth))
	}
	b.ID = append(b.ID, h.ID())
	b.Kind = append(b.Kind, f.Kind)
	b.Wallet = append(b.Wallet, f.Wallet)
	b.Account.Append(f.Account)
	b.OrderNo.Append(f.OrderNo)
	b.PaymentNo.Append(f.PaymentNo)
	b.RefundNo.Append(f.RefundNo)
	b.ProviderID.Append(f.ProviderID)
	b.Shop.Append(f.Shop)
	b.LineID = append(b.LineID, f.LineID)
	b.EventID = append(b.EventID, f.EventID)
	b.Expected = append(b.Expected, f.Expected)
	b.Actual = append(b.Actual, f.Actual)
	expected, actual := f.Expected, f.Actual
	if expected == NoAmount {
		expected = 0
	}
	if actual == NoAmount {
		actual = 0
	}
	b.Difference = append(b.Difference, actual-expected)
	b.Currency = append(b.Currency, CNY)
	b.FirstSeenOn = append(b.FirstSeenOn, f.SeenOn)
	age := int64(0)
	if on != NoDay && f.SeenOn != NoDay {
		age = max(int64(on)-int64(f.SeenOn), 0)
	}
	b.AgeDays = append(b.AgeDays, age)
	b.Status = append(b.Status, BreakOpen)
	b.ClosedOn = append(b.ClosedOn, NoDay)
	b.Reason.AppendString(f.Reason)
	b.Suggestion.AppendString(f.Suggest)
	b.File = append(b.File, f.File)
	b.Line = append(b.Line, f.FileLine)
	b.DecidedAt = append(b.DecidedAt, NoInstant)
	for _, text := range [...]*Text{&b.Decision, &b.DecidedBy, &b.Assignee, &b.Note} {
		text.Append(nil)
	}
}
