package settlement

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseAmountReadsTheGrammarAndNothingElse(t *testing.T) {
	for _, c := range []struct {
		text string
		want Amount
		why  error
	}{
		{"0", 0, nil},
		{"-0", 0, nil},
		{"-0.00", 0, nil},
		{"7", 700, nil},
		{"12.3", 1230, nil},
		{"-12.34", -1234, nil},
		{"0.05", 5, nil},
		{"-0.5", -50, nil},
		{"007.10", 710, nil},
		{"9999999999999999.99", MaxAmount, nil},
		{"-9999999999999999.99", -MaxAmount, nil},
		{"000000000000000000000000000000.01", 1, nil},

		// the known traps
		{"1.-5", 0, ErrNumberSyntax},
		{"--1", 0, ErrNumberSyntax},
		{"1.+5", 0, ErrNumberSyntax},
		{"1e2", 0, ErrNumberScientific},
		{"1E+18", 0, ErrNumberScientific},
		{"1.2e3", 0, ErrNumberScientific},
		{"1.005", 0, ErrNumberSyntax},
		{"1.000", 0, ErrNumberSyntax},
		{"１２", 0, ErrNumberFullWidth},
		{"1２", 0, ErrNumberFullWidth},
		{"1．5", 0, ErrNumberFullWidth},
		{"−1", 0, ErrNumberSyntax}, // U+2212, not a hyphen
		{"1,000.00", 0, ErrNumberThousands},
		{"1,5", 0, ErrNumberThousands},
		{" 1", 0, ErrNumberBlank},
		{"1 ", 0, ErrNumberBlank},
		{"1\t", 0, ErrNumberBlank},
		{" ", 0, ErrNumberBlank},
		{"1 000", 0, ErrNumberSyntax},
		{"+", 0, ErrNumberSyntax},
		{"+1", 0, ErrNumberSyntax},
		{"-", 0, ErrNumberSyntax},
		{"", 0, ErrNumberEmpty},
		{".", 0, ErrNumberSyntax},
		{".5", 0, ErrNumberSyntax},
		{"5.", 0, ErrNumberSyntax},
		{"-.5", 0, ErrNumberSyntax},
		{"1.2.3", 0, ErrNumberSyntax},
		{"1-", 0, ErrNumberSyntax},
		{"¥1", 0, ErrNumberSyntax},
		{"0x10", 0, ErrNumberSyntax},
		{"1_000", 0, ErrNumberSyntax},
		{"NaN", 0, ErrNumberSyntax},
		{"Inf", 0, ErrNumberSyntax},
		{"1\x00", 0, ErrNumberSyntax},

		{"10000000000000000.00", 0, ErrNumberRange},
		{"-10000000000000000", 0, ErrNumberRange},
		{"92233720368547758.08", 0, ErrNumberRange},
		{"184467440737095516.16", 0, ErrNumberRange}, // 2^64 fen
		{strings.Repeat("9", 400), 0, ErrNumberRange},
	} {
		got, err := ParseAmount([]byte(c.text))
		if got != c.want || !errors.Is(err, c.why) {
			t.Errorf("%q: got %d, %v; want %d, %v", c.text, got, err, c.want, c.why)
		}
	}
}

func TestParseLongAmountTakesMoreDecimalsOnlyAsZeros(t *testing.T) {
	for _, c := range []struct {
		text string
		want Amount
		why  error
	}{
		{"0.04000", 4, nil},
		{"-0.30000", -30, nil},
		{"0.01000", 1, nil},
		{"0", 0, nil},
		{"0.08", 8, nil},
		{"1.00000000", 100, nil},
		{"9999999999999999.99000", MaxAmount, nil},
		{"0.04500", 0, ErrNumberFractions},
		{"0.00001", 0, ErrNumberFractions},
		{"1.000000000", 0, ErrNumberSyntax},
		{"1.00+", 0, ErrNumberSyntax},
		{"1.000e1", 0, ErrNumberScientific},
		{"", 0, ErrNumberEmpty},
	} {
		got, err := ParseLongAmount([]byte(c.text))
		if got != c.want || !errors.Is(err, c.why) {
			t.Errorf("%q: got %d, %v; want %d, %v", c.text, got, err, c.want, c.why)
		}
	}
}

func TestParseRate(t *testing.T) {
	for _, c := range []struct {
		text string
		want Rate
		bad  string
	}{
		{"0.60%", 6000, ""},
		{"0.6%", 6000, ""},
		{"0%", 0, ""},
		{"0.38%", 3800, ""},
		{"0.6005%", 6005, ""},
		{"100%", 1_000_000, ""},
		{"100.0001%", 0, "not between"},
		{"-0.60%", 0, "not between"},
		{"0.60", 0, "not a percentage"},
		{"0.60％", 0, "not a percentage"},
		{"0.00605%", 0, "not a plain decimal"},
		{"%", 0, "no number"},
		{"", 0, "no number"},
		{"6e-1%", 0, "scientific"},
	} {
		got, err := ParseRate([]byte(c.text))
		if got != c.want || (err == nil) != (c.bad == "") || err != nil && !strings.Contains(err.Error(), c.bad) {
			t.Errorf("%q: got %d, %v; want %d, %q", c.text, got, err, c.want, c.bad)
		}
	}
}

func TestParseCount(t *testing.T) {
	for _, c := range []struct {
		text string
		want int64
		bad  string
	}{
		{"48", 48, ""},
		{"45.0", 45, ""},
		{"0", 0, ""},
		{"45.00000000", 45, ""},
		{"45.5", 0, "a count with a fraction"},
		{"-1", 0, "a negative count"},
		{"45.", 0, "not a plain decimal"},
		{"1,000", 0, "thousands"},
		{"", 0, "no number"},
		{"9999999999999999999", 0, "larger"},
	} {
		got, err := ParseCount([]byte(c.text))
		if got != c.want || (err == nil) != (c.bad == "") || err != nil && !strings.Contains(err.Error(), c.bad) {
			t.Errorf("%q: got %d, %v; want %d, %q", c.text, got, err, c.want, c.bad)
		}
	}
}

// amounts favours the edges.
func amounts() *rapid.Generator[Amount] {
	return rapid.OneOf(
		rapid.Custom(func(t *rapid.T) Amount {
			return Amount(rapid.Int64Range(-int64(MaxAmount), int64(MaxAmount)).Draw(t, "any"))
		}),
		rapid.Custom(func(t *rapid.T) Amount { return Amount(rapid.Int64Range(-1000, 1000).Draw(t, "small")) }),
		rapid.SampledFrom([]Amount{0, 1, -1, 99, -99, 100, MaxAmount, -MaxAmount}))
}

func TestAnAmountReadsBackFromItsText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := amounts().Draw(t, "amount")
		if got, err := ParseAmount([]byte(a.String())); err != nil || got != a {
			t.Fatalf("%s reads as %d, %v instead of %d", a, got, err, a)
		}
		if got, err := ParseLongAmount([]byte(a.String() + "000")); err != nil || got != a {
			t.Fatalf("%s000 reads as %d, %v instead of %d", a, got, err, a)
		}
	})
}

func TestAmountString(t *testing.T) {
	for a, want := range map[Amount]string{
		0: "0.00", 5: "0.05", -5: "-0.05", 100: "1.00", -1230: "-12.30", MaxAmount: "9999999999999999.99",
		NoAmount: "-92233720368547758.08",
	} {
		if got := a.String(); got != want {
			t.Errorf("%d: %q, want %q", int64(a), got, want)
		}
	}
	if got := string(Amount(7).Append([]byte("x"))); got != "x0.07" {
		t.Errorf("Append gives %q", got)
	}
}

func TestAddIsExactOrAnOverflow(t *testing.T) {
	any64 := rapid.OneOf(rapid.Int64(), rapid.SampledFrom([]int64{0, 1, -1, math.MaxInt64, math.MinInt64, math.MinInt64 + 1}))
	rapid.Check(t, func(t *rapid.T) {
		a, b := any64.Draw(t, "a"), any64.Draw(t, "b")
		exact := new(big.Int).Add(big.NewInt(a), big.NewInt(b))
		got, err := Amount(a).Add(Amount(b))
		if fits := exact.IsInt64() && exact.Int64() != int64(NoAmount); fits != (err == nil) || fits && int64(got) != exact.Int64() {
			t.Fatalf("%d + %d = %s, got %d, %v", a, b, exact, got, err)
		}
		if err != nil && !errors.Is(err, ErrOverflow) {
			t.Fatalf("got %v", err)
		}
	})
}

func TestHalfUpRoundsHalfAwayFromZero(t *testing.T) {
	for _, c := range []struct {
		rate       Rate
		base, want Amount
	}{
		{6000, 10_000, 60},
		{6000, 83, 0},    // 0.498 fen
		{6000, 84, 1},    // 0.504
		{5000, 100, 1},   // exactly half a fen
		{5000, -100, -1}, // and away from zero below it
		{5000, 300, 2},   // 1.5
		{5000, 99, 0},    // 0.495
		{6000, -5000, -30},
		{0, MaxAmount, 0},
		{1_000_000, MaxAmount, MaxAmount},
		{1_000_000, -MaxAmount, -MaxAmount},
	} {
		if got := c.rate.HalfUp(c.base); got != c.want {
			t.Errorf("%s of %s = %s, want %s", c.rate, c.base, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		r, base := Rate(rapid.Int32Range(0, 1_000_000).Draw(t, "rate")), amounts().Draw(t, "base")
		// ⌊(2·|base|·r + 10^6) / (2·10^6)⌋
		n := new(big.Int).Mul(big.NewInt(2*int64(r)), big.NewInt(int64(base.Abs())))
		n.Add(n, big.NewInt(1_000_000)).Div(n, big.NewInt(2_000_000))
		if base < 0 {
			n.Neg(n)
		}
		if got := r.HalfUp(base); big.NewInt(int64(got)).Cmp(n) != 0 {
			t.Fatalf("%s of %s = %s, want %s fen", r, base, got, n)
		}
	})
}

func TestARateReadsBackFromItsText(t *testing.T) {
	for r := Rate(0); r <= 1_000_000; r += 7 {
		if got, err := ParseRate([]byte(r.String())); err != nil || got != r {
			t.Fatalf("%d prints as %s and reads as %d, %v", int32(r), r, got, err)
		}
	}
	for r, want := range map[Rate]string{6000: "0.60%", 6050: "0.605%", 6005: "0.6005%", 1_000_000: "100.00%", NoRate: ""} {
		if r.String() != want {
			t.Errorf("%d prints as %q, want %q", int32(r), r, want)
		}
	}
}

func FuzzParseAmount(f *testing.F) {
	for _, text := range []string{"1.-5", "--1", "1.+5", "1e2", "1.005", "１２", "1,000.00", " 1", "+", "", "-12.34", "0.05", "9999999999999999.99"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := ParseAmount([]byte(text))
		// An independent reading of the grammar.
		digits := strings.TrimPrefix(text, "-")
		whole, fraction, point := strings.Cut(digits, ".")
		valid := whole != "" && strings.Trim(whole, "0123456789") == "" && strings.Trim(fraction, "0123456789") == "" &&
			len(fraction) <= 2 && point == (fraction != "")
		exact, ok := new(big.Int).SetString(whole+(fraction + "00")[:min(2, len(fraction)+2)], 10)
		fits := valid && ok && exact.Cmp(big.NewInt(int64(MaxAmount))) <= 0
		if fits != (err == nil) {
			t.Fatalf("%q: got %d, %v", text, got, err)
		}
		if !fits {
			return
		}
		if digits != text {
			exact.Neg(exact)
		}
		if exact.Int64() != int64(got) {
			t.Fatalf("%q: got %d, want %s", text, got, exact)
		}
	})
}

// FuzzLongAmountsAndCounts: a long amount is the short one of the same value and its zeros;
// a count is a whole number that prints as it is read.
func FuzzLongAmountsAndCounts(f *testing.F) {
	for _, text := range []string{"0.04000", "0.08", "-0.10000", "0.00001", "45.0", "48", "1e2", "-1", "", ".0", "99999999999999999999"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if fen, err := ParseLongAmount([]byte(text)); err == nil {
			short := text
			if _, fraction, ok := strings.Cut(text, "."); ok && len(fraction) > 2 {
				if strings.Trim(fraction[2:], "0") != "" || len(fraction) > 8 {
					t.Fatalf("%q is read as %s", text, fen)
				}
				short = text[:len(text)-len(fraction)+2]
			}
			if same, err := ParseAmount([]byte(short)); err != nil || same != fen {
				t.Fatalf("%q is read as %s, and %q as %s, %v", text, fen, short, same, err)
			}
		}
		if n, err := ParseCount([]byte(text)); err == nil {
			if again, err := ParseCount(fmt.Append(nil, n)); err != nil || again != n || n < 0 {
				t.Fatalf("%q is read as %d, and that as %d, %v", text, n, again, err)
			}
		}
	})
}
