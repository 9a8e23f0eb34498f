package settlement

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"unicode/utf8"
)

// Amount is a sum of money in fen. What is positive depends on the column that
// holds it; in lines and events it is towards the merchant.
type Amount int64

// NoAmount stands for an amount that the input does not give. It is never a
// valid amount: the largest magnitude a DECIMAL(18,2) holds is 10^18-1 fen.
const NoAmount Amount = math.MinInt64

// MaxAmount is the largest magnitude that the tables' DECIMAL(18,2) can hold.
const MaxAmount Amount = 999_999_999_999_999_999

// Why a number was refused. Each is a complete clause that follows "is" or
// stands after a colon in a message.
var (
	ErrNumberEmpty      = errors.New("no number where one is required")
	ErrNumberSyntax     = errors.New("not a plain decimal number (an optional minus, digits, an optional point with one or two digits)")
	ErrNumberScientific = errors.New("scientific notation, as a spreadsheet writes it: the digits are lost")
	ErrNumberThousands  = errors.New("thousands separators are not part of these files")
	ErrNumberBlank      = errors.New("blanks around the number")
	ErrNumberFullWidth  = errors.New("full-width digits or signs")
	ErrNumberFractions  = errors.New("a fraction of a fen")
	ErrNumberRange      = errors.New("larger than DECIMAL(18,2) can hold")
	ErrOverflow         = errors.New("the sum does not fit 64 bits")
)

// ParseAmount reads yuan with at most two decimals ("-12.3", "0.05", "7") as
// fen. It accepts exactly: an optional minus, one or more digits, optionally a
// point with one or two digits. No floating point is involved.
func ParseAmount(text []byte) (Amount, error) {
	if fen, ok := shortAmount(text); ok {
		return fen, nil
	}
	return parseDecimal(text, 2, 2)
}

// ParseLongAmount reads yuan with up to eight decimals of which everything
// beyond the fen must be zero: WeChat Pay prints fees as "0.04000" and totals as
// "0.08", "0.01000" or "0".
func ParseLongAmount(text []byte) (Amount, error) {
	if n := len(text); n > 3 && string(text[n-3:]) == "000" {
		if fen, ok := shortAmount(text[:n-3]); ok {
			return fen, nil
		}
	}
	return parseDecimal(text, 2, 8)
}

// ParseRate reads a percentage such as "0.60%" as millionths (6000).
func ParseRate(text []byte) (Rate, error) {
	n := len(text)
	if n == 0 {
		return 0, ErrNumberEmpty
	}
	if text[n-1] != '%' {
		return 0, errors.New("not a percentage such as 0.60%")
	}
	v, err := parseDecimal(text[:n-1], 4, 4)
	if err != nil {
		return 0, err
	}
	if v < 0 || v > 1_000_000 {
		return 0, errors.New("not between 0% and 100%")
	}
	return Rate(v), nil
}

// ParseCount reads a count of rows. WeChat Pay prints it as "48" or "45.0".
func ParseCount(text []byte) (int64, error) {
	v, err := parseDecimal(text, 0, 8)
	if err != nil {
		if errors.Is(err, ErrNumberFractions) {
			return 0, errors.New("a count with a fraction")
		}
		return 0, err
	}
	if v < 0 {
		return 0, errors.New("a negative count")
	}
	return int64(v), nil
}

// parseDecimal reads text as an integer of 10^-scale units. Up to maxDecimals
// digits may follow the point; those beyond scale must be zero.
func parseDecimal(text []byte, scale, maxDecimals int) (Amount, error) {
	i, n := 0, len(text)
	negative := n > 0 && text[0] == '-'
	if negative {
		i = 1
	}
	var value uint64
	first := i
	for ; i < n; i++ {
		d := text[i] - '0'
		if d > 9 {
			break
		}
		if value > uint64(MaxAmount) {
			return 0, ErrNumberRange
		}
		value = value*10 + uint64(d)
	}
	if i == first {
		return 0, whyNotANumber(text)
	}
	decimals := 0
	if i < n {
		if text[i] != '.' || i+1 == n {
			return 0, whyNotANumber(text)
		}
		for i++; i < n; i++ {
			d := text[i] - '0'
			if d > 9 || decimals == maxDecimals {
				return 0, whyNotANumber(text)
			}
			decimals++
			if decimals > scale {
				if d != 0 {
					return 0, ErrNumberFractions
				}
				continue
			}
			if value > uint64(MaxAmount) {
				return 0, ErrNumberRange
			}
			value = value*10 + uint64(d)
		}
	}
	for ; decimals < scale; decimals++ {
		if value > uint64(MaxAmount) {
			return 0, ErrNumberRange
		}
		value *= 10
	}
	if value > uint64(MaxAmount) {
		return 0, ErrNumberRange
	}
	if negative {
		return -Amount(value), nil
	}
	return Amount(value), nil
}

// whyNotANumber names the trap that text fell into, for the message only.
func whyNotANumber(text []byte) error {
	if len(text) == 0 {
		return ErrNumberEmpty
	}
	if text[0] == ' ' || text[0] == '\t' || text[len(text)-1] == ' ' || text[len(text)-1] == '\t' {
		return ErrNumberBlank
	}
	digits := false
	for i, c := range text {
		switch {
		case c >= '0' && c <= '9':
			digits = true
		case c == ',':
			return ErrNumberThousands
		case (c == 'e' || c == 'E') && digits && i+1 < len(text):
			return ErrNumberScientific
		}
	}
	for _, r := range string(text) {
		// GB18030 bytes come here as they are; digits that are not ASCII are full-width.
		if r == utf8.RuneError || r >= '！' && r <= '～' || r == '\u3000' { // the full-width forms of ASCII
			return ErrNumberFullWidth
		}
	}
	return ErrNumberSyntax
}

// Add returns a+b, or ErrOverflow: also for a sum that would read as NoAmount.
func (a Amount) Add(b Amount) (Amount, error) {
	sum := a + b
	if (sum > a) != (b > 0) && b != 0 || sum == NoAmount {
		return 0, ErrOverflow
	}
	return sum, nil
}

// Abs returns the magnitude of a.
func (a Amount) Abs() Amount {
	if a < 0 {
		return -a
	}
	return a
}

// String prints a as yuan with two decimals and no separators: "-12.30".
func (a Amount) String() string { return string(a.Append(nil)) }

// Append appends the text of String to dst.
func (a Amount) Append(dst []byte) []byte {
	v := uint64(a)
	if a < 0 {
		dst = append(dst, '-')
		v = -v
	}
	var digits [24]byte
	i := len(digits)
	for n := 0; n < 3 || v > 0; n++ {
		if n == 2 {
			i--
			digits[i] = '.'
		}
		i--
		digits[i] = byte('0' + v%10)
		v /= 10
	}
	return append(dst, digits[i:]...)
}

// MarshalJSON writes a as text in yuan ("-12.30"), since a JSON number may pass through
// a float; NoAmount as null.
func (a Amount) MarshalJSON() ([]byte, error) {
	if a == NoAmount {
		return []byte("null"), nil
	}
	return append(a.Append([]byte{'"'}), '"'), nil
}

// UnmarshalJSON reads what MarshalJSON writes, and nothing else.
func (a *Amount) UnmarshalJSON(raw []byte) (err error) {
	if string(raw) == "null" {
		*a = NoAmount
		return nil
	}
	if len(raw) < 2 || raw[0] != '"' || raw[len(raw)-1] != '"' {
		return errors.New("an amount that is not text")
	}
	if *a, err = ParseAmount(raw[1 : len(raw)-1]); err != nil {
		return fmt.Errorf("amount %s: %w", raw, err)
	}
	return nil
}

// PartsOf is part in scale-ths of whole, rounded half away from zero; NoCount where whole
// is not positive, and where the result does not fit.
func PartsOf(part, whole Amount, scale int64) int64 {
	if whole <= 0 || scale <= 0 {
		return NoCount
	}
	hi, lo := bits.Mul64(uint64(part.Abs()), uint64(scale))
	lo, carry := bits.Add64(lo, uint64(whole)/2, 0)
	if hi += carry; hi >= uint64(whole) {
		return NoCount
	}
	quotient, _ := bits.Div64(hi, lo, uint64(whole))
	if quotient > math.MaxInt64 {
		return NoCount
	}
	if part < 0 {
		return -int64(quotient)
	}
	return int64(quotient)
}

// PartsDown is part in scale-ths of whole, rounded down, so that all of the scale is said of
// nothing but the whole; 0 where whole is none. Both are magnitudes.
func PartsDown(part, whole, scale int64) int64 {
	if part <= 0 || whole <= 0 {
		return 0
	}
	hi, lo := bits.Mul64(uint64(part), uint64(scale))
	if hi >= uint64(whole) {
		return scale
	}
	quotient, _ := bits.Div64(hi, lo, uint64(whole))
	return int64(quotient)
}

// Rate is a share in millionths: 0.60 % is 6000.
type Rate int32

// NoRate stands for a rate that the input does not give.
const NoRate Rate = -1

// HalfUp returns r of the magnitude of base, rounded half away from zero to the
// fen, with the sign of base. This is how both wallets round a fee: per
// transaction, never on a total. The product is taken in 128 bits.
func (r Rate) HalfUp(base Amount) Amount {
	hi, lo := bits.Mul64(uint64(base.Abs()), uint64(r))
	lo, carry := bits.Add64(lo, 500_000, 0)
	quotient, _ := bits.Div64(hi+carry, lo, 1_000_000)
	if base < 0 {
		return -Amount(quotient)
	}
	return Amount(quotient)
}

// String prints r as a percentage with at least two decimals: "0.60%".
func (r Rate) String() string {
	if r == NoRate {
		return ""
	}
	out := Amount(r / 100).Append(nil)
	if rest := r % 100; rest != 0 {
		out = append(out, byte('0'+rest/10))
		if rest%10 != 0 {
			out = append(out, byte('0'+rest%10))
		}
	}
	return string(append(out, '%'))
}
