package orders

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"reconcile/ingest/delimited"
	"reconcile/settlement"
)

// tables are the words and fixed values of a mapping, made ready for lookups.
type tables struct {
	statuses      map[string]settlement.Status
	wallets       map[string]settlement.Wallet
	statusKnown   string // for messages
	walletKnown   string
	account       []byte
	shop          []byte
	platform      []byte
	wallet        settlement.Wallet
	homeWallet    settlement.Wallet
	defaultStatus settlement.Status
}

func newTables(m Mapping, kind settlement.StatementKind, account string) tables {
	t := tables{
		statuses: m.statusWords(kind), wallets: m.walletWords(),
		account: []byte(account), shop: []byte(m.Defaults["shop"]), platform: []byte(m.Defaults["platform"]),
	}
	t.statusKnown = strings.Join(sortedKeys(t.statuses), ", ")
	t.walletKnown = strings.Join(sortedKeys(t.wallets), ", ")
	if stated := m.Defaults["account"]; stated != "" {
		t.account = []byte(stated)
	}
	t.wallet, _ = parseWallet(m.Defaults["wallet"])
	t.homeWallet, _ = parseWallet(m.Defaults["home_wallet"])
	t.defaultStatus, _ = parseStatus(m.Defaults["status"], statusesOf(kind))
	return t
}

// positionIn is where the byte at offset of data stands, which begins with line.
func positionIn(in delimited.Input, data []byte, line int64, offset int, gb18030 bool) settlement.Position {
	before := data[:offset]
	start := bytes.LastIndexByte(before, '\n') + 1
	return settlement.Position{
		File: in.File, Member: in.Member,
		Line:   line + int64(bytes.Count(before, []byte{'\n'})),
		Column: delimited.ColumnAt(data[start:], offset-start, gb18030),
	}
}

// position is where the byte at offset of the current record stands.
func (w *worker) position(offset int) settlement.Position {
	if w.cells { // a field begins at its number
		return settlement.Position{File: w.in.File, Member: w.in.Member, Line: w.line, Column: int64(offset) + 1}
	}
	return positionIn(w.in, w.data, w.line, offset, w.gb18030)
}

// shown is a text of the file in a message: decoded, quoted and not too long.
func (w *worker) shown(text []byte) string {
	if w.gb18030 {
		if decoded, err := simplifiedchinese.GB18030.NewDecoder().Bytes(text); err == nil {
			text = decoded
		}
	}
	return fmt.Sprintf("%q", settlement.Masked(string(text)))
}

// fault records what is wrong with column c of the current record.
func (w *worker) fault(c column, do, format string, args ...any) {
	w.bad = true
	if w.told&(1<<c) != 0 {
		return
	}
	e := &settlement.InputError{ColumnName: w.layout.names[c], What: fmt.Sprintf(format, args...), Do: do}
	offset := 0
	if w.layout.has(c) {
		offset = w.start(w.layout.at[c])
	}
	e.Position = w.position(offset)
	w.problems.Add(e)
}

// quoteFault records what is wrong with the last field that was split.
func (w *worker) quoteFault(what, do string) {
	w.broken.Store(true)
	offset := 0
	if n := w.count(); n > 0 && what != recordLong {
		offset = w.start(n - 1)
	}
	w.problems.Add(&settlement.InputError{Position: w.position(offset), What: what, Do: do})
}

// fieldCount records that the current record has another number of fields than
// the header, or takes it for a blank line where it is one.
func (w *worker) fieldCount() {
	if w.count() == 1 && len(bytes.TrimSpace(w.at(0))) == 0 {
		if w.blank == 0 {
			w.blank = w.line
		}
		return
	}
	w.lastData = w.line
	w.broken.Store(true)
	do := "a field with a comma stands in quotes"
	if w.count() < w.layout.fields {
		do = "is the line cut off? export the file again"
	}
	w.problems.Add(&settlement.InputError{Position: w.position(0), Do: do,
		What: fmt.Sprintf("%d fields where the header has %d", w.count(), w.layout.fields)})
}

// field is column c of the current record, nil where the file lacks it.
func (w *worker) field(c column) []byte {
	if at := w.layout.at[c]; at >= 0 {
		return w.splitter.at(at)
	}
	return nil
}

// isEmpty says that column c is missing or holds nothing but blanks.
func (w *worker) isEmpty(c column) bool { return len(bytes.TrimSpace(w.field(c))) == 0 }

// plainByte marks the bytes that say nothing odd about an id. Blanks, quotes,
// = + . ' and \ are left to oddID.
var plainByte = func() (plain [256]bool) {
	for c := range plain {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		plain[c] = letter || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '/' || c == ':' || c == '#' || c == '*' || c == '|' || c == '@'
	}
	return plain
}()

// shortID is the length up to which an id may be a word such as NULL.
const shortID = 4

// id reads a number that identifies something. It is kept as it is, without
// blanks around it or a spreadsheet's text form.
func (w *worker) id(c column) []byte {
	text := w.field(c)
	if len(text) <= shortID {
		if len(text) == 0 {
			return text
		}
		return w.oddID(c, text)
	}
	if delimited.IsDigits(text) {
		return text
	}
	for _, char := range text {
		if !plainByte[char] {
			return w.oddID(c, text)
		}
	}
	return text
}

// oddID reads an id that has unusual characters or is very short.
func (w *worker) oddID(c column, text []byte) []byte {
	if inner := bytes.Trim(text, " \t"); len(inner) < len(text) {
		text = inner
		w.tally.trimmed++
	}
	if isSpreadsheetText(text) {
		text = bytes.Trim(text[2:len(text)-1], " \t")
		w.tally.sheetText++
	} else if len(text) > 1 && text[0] == '\'' {
		text = text[1:]
		w.tally.sheetText++
	}
	switch {
	case delimited.IsScientific(text):
		w.fault(c, "the file was saved by a spreadsheet and its digits are lost: export it again and do not open it before", "%s is a number in scientific notation", w.shown(text))
	case isFloat(text):
		w.fault(c, "the number was held as a floating-point number, which loses digits: export it as text", "%s is a number with a decimal point", w.shown(text))
	case isNullWord(text):
		w.fault(c, "write nothing where there is no number", "%q is a word for nothing", settlement.MaskedWord(string(text)))
	}
	for i, char := range text {
		if char < ' ' || char == 0x7f || char == '"' || char == '=' && i == 0 {
			w.fault(c, "export it again as plain text", "%s has a character that no number has", w.shown(text))
			break
		}
	}
	return w.decode(c, text)
}

// isFloat knows 2701860591234567168.0.
func isFloat(text []byte) bool {
	whole, zeros, found := bytes.Cut(text, []byte{'.'})
	return found && delimited.IsDigits(whole) && len(whole) > 0 && len(zeros) > 0 && len(bytes.Trim(zeros, "0")) == 0
}

func isNullWord(text []byte) bool {
	switch string(text) {
	case "NULL", "null", "Null", "None", "none", "nil", "NaN", "nan", "NA", "N/A", "#N/A", `\N`:
		return true
	}
	return false
}

// textCache holds decoded texts by their GB18030 bytes.
type textCache map[string]string

// textCacheSize bounds a textCache; a full one is emptied.
const textCacheSize = 1 << 14

// decode returns text as UTF-8.
func (w *worker) decode(c column, text []byte) []byte {
	if !w.gb18030 || isASCII(text) {
		return text
	}
	decoded, known := w.texts[string(text)]
	if !known {
		utf, err := simplifiedchinese.GB18030.NewDecoder().Bytes(text)
		if err != nil || bytes.ContainsRune(utf, utf8.RuneError) {
			w.fault(c, fmt.Sprintf("is %s.encoding right?", w.kind), "not GB18030")
			return nil
		}
		if w.texts == nil || len(w.texts) >= textCacheSize {
			w.texts = make(textCache)
		}
		decoded = string(utf)
		w.texts[string(text)] = decoded
	}
	begin := len(w.unescaped)
	w.unescaped = append(w.unescaped, decoded...)
	return w.unescaped[begin:len(w.unescaped):len(w.unescaped)]
}

// text reads a name without the blanks around it; fixed stands in for nothing.
func (w *worker) text(c column, fixed []byte) []byte {
	text := w.field(c)
	if n := len(text); n > 0 && (text[0] <= ' ' || text[n-1] <= ' ') {
		text = bytes.Trim(text, " \t\r\n")
	}
	if len(text) == 0 {
		return fixed
	}
	return w.decode(c, text)
}

// recentWords remembers the words looked up first: there are few, and most rows
// have one of them.
type recentWords[T any] []struct {
	word  string // as the file has it
	value T
}

func (r recentWords[T]) find(word []byte) (value T, ok bool) {
	for i := range r {
		if r[i].word == string(word) {
			return r[i].value, true
		}
	}
	return value, false
}

func (r *recentWords[T]) keep(word []byte, value T) {
	const most = 8
	if len(*r) < most && len(word) > 0 {
		*r = append(*r, struct {
			word  string
			value T
		}{string(word), value})
	}
}

// status reads the row's status; an unknown word is gathered.
func (w *worker) status() settlement.Status {
	if !w.layout.has(colStatus) {
		return w.tables.defaultStatus
	}
	field := w.field(colStatus)
	if value, ok := w.statuses.find(field); ok {
		return value
	}
	word := w.text(colStatus, nil)
	value, known := w.tables.statuses[string(word)]
	switch {
	case !known && w.isEmpty(colStatus):
		w.fault(colStatus, "known: "+w.tables.statusKnown, "empty")
		return settlement.NoStatus
	case !known:
		w.unknownWord(colStatus, word)
		return settlement.NoStatus
	}
	w.statuses.keep(field, value)
	return value
}

// wallet reads a wallet; fixed stands in for nothing.
func (w *worker) wallet(c column, fixed settlement.Wallet) settlement.Wallet {
	field := w.field(c)
	if value, ok := w.wallets.find(field); ok {
		return value
	}
	word := w.text(c, nil)
	if len(word) == 0 {
		return fixed
	}
	value, known := w.tables.wallets[string(word)]
	if !known {
		w.unknownWord(c, word)
		return value
	}
	w.wallets.keep(field, value)
	return value
}

func (w *worker) unknownWord(c column, word []byte) {
	if len(word) == 0 {
		return // it could not be decoded, which was said
	}
	w.bad = true
	w.unknown.add(c, settlement.MaskedWord(string(word)), w.position(w.start(w.layout.at[c])))
}

// currency checks that the row is in yuan, where the file says so.
func (w *worker) currency() {
	if !w.layout.has(colCurrency) {
		return
	}
	switch word := w.text(colCurrency, nil); string(word) {
	case "", "CNY", "RMB", "人民币":
	default:
		w.fault(colCurrency, "leave rows of other currencies out of the extract", "%q where only CNY is read", settlement.MaskedWord(string(word)))
	}
}

// amount reads yuan of at most two decimals, zero included; NoAmount where the
// cell is empty and need not be given.
func (w *worker) amount(c column, required bool) settlement.Amount {
	text := w.field(c)
	if len(text) == 0 && !required {
		return settlement.NoAmount
	}
	amount, err := settlement.ParseAmount(text)
	if err != nil && w.known != nil {
		amount, err = w.withUnit(text, required)
	}
	switch {
	case err != nil:
		w.fault(c, amountAdvice(err), "%s: %v", w.shown(text), err)
		return 0
	case amount < 0 && amount != settlement.NoAmount:
		do := "an order's amount is what the wallet was asked for"
		if w.kind == settlement.RefundExtract {
			do = "refunds are positive in this file"
		}
		w.fault(c, do, "%s is negative", w.shown(text))
		return 0
	}
	if c == colAmount {
		if w.tally.amount, err = w.tally.amount.Add(amount); err != nil {
			w.fault(c, "is this the right column?", "%v", err)
		}
	}
	return amount
}

// withUnit reads an amount of a known layout, which may have the unit behind it,
// or blanks around it.
func (w *worker) withUnit(text []byte, required bool) (settlement.Amount, error) {
	text = bytes.TrimSpace(bytes.TrimSuffix(bytes.TrimSpace(text), w.words.unit))
	if len(text) == 0 && !required {
		return settlement.NoAmount, nil
	}
	return settlement.ParseAmount(text)
}

func amountAdvice(err error) string {
	if errors.Is(err, settlement.ErrNumberEmpty) {
		return "every row needs an amount"
	}
	return "write yuan with at most two decimals: 1234.50"
}
