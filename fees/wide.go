package fees

import (
	"math/big"
	"math/bits"

	"reconcile/settlement"
)

// wide is an unsigned integer of 128 bits: the product of an amount and a rate, and
// sums of such.
type wide struct{ hi, lo uint64 }

func product(a, b uint64) wide {
	hi, lo := bits.Mul64(a, b)
	return wide{hi, lo}
}

func (w wide) plus(v wide) wide {
	lo, carry := bits.Add64(w.lo, v.lo, 0)
	hi, _ := bits.Add64(w.hi, v.hi, carry)
	return wide{hi, lo}
}

// divide returns w/d and the remainder. The quotient must fit 64 bits.
func (w wide) divide(d uint64) (quotient, rest uint64) { return bits.Div64(w.hi, w.lo, d) }

// Sum is a signed sum of 128 bits, for totals that pass int64: of 10^8 payments of
// 200,000.00 at 0.6 % the shares in millionths of a fen are 1.2×10^19. The zero
// value is 0. It cannot overflow by fewer than 2^63 additions.
type Sum struct {
	hi int64
	lo uint64
}

// Add adds an amount in fen.
func (s *Sum) Add(a settlement.Amount) {
	var carry uint64
	s.lo, carry = bits.Add64(s.lo, uint64(a), 0)
	s.hi += int64(a)>>63 + int64(carry)
}

// AddTimes adds n times an amount.
func (s *Sum) AddTimes(a settlement.Amount, n uint64) {
	p := product(uint64(a.Abs()), n)
	if a < 0 {
		p = wide{^p.hi, ^p.lo}.plus(wide{0, 1})
	}
	s.add(p)
}

// Merge adds another sum.
func (s *Sum) Merge(other Sum) { s.add(wide{uint64(other.hi), other.lo}) }

func (s *Sum) add(w wide) {
	total := wide{uint64(s.hi), s.lo}.plus(w)
	s.hi, s.lo = int64(total.hi), total.lo
}

// Amount returns s where it is an amount that the tables can hold.
func (s Sum) Amount() (a settlement.Amount, ok bool) {
	a = settlement.Amount(s.lo)
	ok = s.hi == int64(a)>>63 && a <= settlement.MaxAmount && a >= -settlement.MaxAmount
	return a, ok
}

// Int returns s in fen.
func (s Sum) Int() *big.Int {
	v := new(big.Int).Lsh(big.NewInt(s.hi), 64)
	return v.Add(v, new(big.Int).SetUint64(s.lo))
}

// String prints s as yuan with two decimals, as an Amount.
func (s Sum) String() string {
	v := s.Int()
	sign := ""
	if v.Sign() < 0 {
		sign = "-"
		v.Neg(v)
	}
	yuan, fen := new(big.Int).QuoRem(v, big.NewInt(100), new(big.Int))
	text := fen.String()
	if len(text) < 2 {
		text = "0" + text
	}
	return sign + yuan.String() + "." + text
}

// ratio is scale × a/b rounded half away from zero; ok is false where b is 0 or the
// result does not fit.
func ratio(a, b Sum, scale int64) (value int64, ok bool) {
	divisor := b.Int()
	if divisor.Sign() == 0 {
		return 0, false
	}
	twice := new(big.Int).Mul(a.Int(), big.NewInt(2*scale))
	negative := twice.Sign()*divisor.Sign() < 0
	twice.Abs(twice)
	divisor.Abs(divisor)
	twice.Add(twice, divisor)
	quotient := twice.Quo(twice, divisor.Lsh(divisor, 1))
	if !quotient.IsInt64() {
		return 0, false
	}
	value = quotient.Int64()
	if negative {
		value = -value
	}
	return value, true
}
