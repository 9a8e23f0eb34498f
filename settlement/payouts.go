package settlement

// Arrival says how a payout arrived at the bank.
type Arrival uint8

const (
	NoArrival       Arrival = iota
	ArrivedWhole            // one credit of its amount
	ArrivedNet              // one credit of its amount less the fee
	ArrivedTogether         // one credit for several payouts
	ArrivedInParts          // several credits
	ArrivedOther            // a credit that names it, or can be no other's, differs in amount
	ArrivedUnclear          // several credits or sets of them could be it
)

// ArrivalWords is the dictionary of Arrival.
var ArrivalWords = []string{"", "whole", "net_of_fee", "part_of_credit", "several_credits", "differs", "ambiguous"}

func (a Arrival) String() string { return word(ArrivalWords, uint8(a)) }

// Movement says how sure it is that a payout went on into another wallet.
type Movement uint8

const (
	NoMovement  Movement = iota
	MovedProven          // through the bank, by its lines
	MovedMaybe           // by equal amounts alone
)

// MovementWords is the dictionary of Movement.
var MovementWords = []string{"", "proven", "suggested"}

func (m Movement) String() string { return word(MovementWords, uint8(m)) }

// Payouts is a batch of the table payouts: withdrawals on their way to a bank, and those
// that arrived or came back of late. Amounts are magnitudes.
type Payouts struct {
	Wallet      []Wallet
	Account     Text
	PayoutNo    Text
	TxnID       Text // another number of the wallet for it
	WithdrawnAt []Instant
	Amount      []Amount
	Fee         []Amount // charged
	DueOn       []Day
	Status      []WithdrawalStatus
	Arrival     []Arrival
	ArrivedOn   []Day
	Arrived     []Amount // NoAmount where nothing came
	BankAccount Text
	BankRef     Text
	BankLine    []ID // the first of its bank lines
	Broken      []BreakKind
	Note        Text
	Movement    []Movement
	LegOf       Text // the number of the deposit in the other wallet
	LegWallet   []Wallet
	LegAccount  Text
	LegFee      []Amount // of the deposit, NoAmount where no row tells one
	SettledOn   []Day
	LineID      []ID
	File        []int32
	Line        []int64
}

// Columns implements Batch.
func (b *Payouts) Columns() []Column {
	return []Column{
		wordColumn("wallet", &b.Wallet),
		textColumn("account", &b.Account),
		textColumn("payout_no", &b.PayoutNo),
		textColumn("provider_txn_id", &b.TxnID),
		instantColumn("withdrawn_at", &b.WithdrawnAt),
		moneyColumn("amount", &b.Amount),
		moneyColumn("charged_fee", &b.Fee),
		dayColumn("due_on", &b.DueOn),
		wordColumn("status", &b.Status),
		wordColumn("arrival", &b.Arrival),
		dayColumn("arrived_on", &b.ArrivedOn),
		moneyColumn("arrived_amount", &b.Arrived),
		textColumn("bank_account", &b.BankAccount),
		textColumn("bank_reference", &b.BankRef),
		idColumn("bank_line_id", &b.BankLine),
		wordColumn("break_kind", &b.Broken),
		textColumn("note", &b.Note),
		wordColumn("movement", &b.Movement),
		textColumn("leg_of", &b.LegOf),
		wordColumn("leg_wallet", &b.LegWallet),
		textColumn("leg_account", &b.LegAccount),
		moneyColumn("leg_fee", &b.LegFee),
		dayColumn("settled_on", &b.SettledOn),
		idColumn("line_id", &b.LineID),
		fileColumn("source_file", &b.File),
		countColumn("source_line", &b.Line),
	}
}

// Len implements Batch.
func (b *Payouts) Len() int { return len(b.Wallet) }

// TransferSide says what a movement outside the wallets' trades is.
type TransferSide uint8

const (
	NoTransfer TransferSide = iota
	BankCredit
	BankDebit
	Deposit // 充值 into a wallet
)

// TransferWords is the dictionary of TransferSide.
var TransferWords = []string{"", "bank_credit", "bank_debit", "deposit"}

func (s TransferSide) String() string { return word(TransferWords, uint8(s)) }

// Transfers is a batch of the table carried_transfers: lines of banks and deposits into
// wallets that nothing explains yet. Amounts are magnitudes.
type Transfers struct {
	Side      []TransferSide
	Wallet    []Wallet
	Account   Text
	FlowNo    Text
	TxnID     Text
	At        []Instant
	SettledOn []Day
	Amount    []Amount
	Fee       []Amount // of a deposit, NoAmount where no row tells one
	Note      Text     // the bank's text
	Broken    []uint8  // 1 where it is a break
	LineID    []ID
	File      []int32
	Line      []int64
}

// Columns implements Batch.
func (b *Transfers) Columns() []Column {
	return []Column{
		wordColumn("side", &b.Side),
		wordColumn("wallet", &b.Wallet),
		textColumn("account", &b.Account),
		textColumn("flow_no", &b.FlowNo),
		textColumn("provider_txn_id", &b.TxnID),
		instantColumn("occurred_at", &b.At),
		dayColumn("settled_on", &b.SettledOn),
		moneyColumn("amount", &b.Amount),
		moneyColumn("fee_amount", &b.Fee),
		textColumn("raw_note", &b.Note),
		wordColumn("broken", &b.Broken),
		idColumn("line_id", &b.LineID),
		fileColumn("source_file", &b.File),
		countColumn("source_line", &b.Line),
	}
}

// Len implements Batch.
func (b *Transfers) Len() int { return len(b.Side) }
