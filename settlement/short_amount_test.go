package settlement

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// numberish are texts that are nearly amounts.
func numberish(forms ...string) *rapid.Generator[[]byte] {
	return rapid.Custom(func(t *rapid.T) []byte {
		text := []byte(rapid.SampledFrom(forms).Draw(t, "form"))
		for i, c := range text {
			if c == '0' {
				text[i] = byte(rapid.IntRange('0', '9').Draw(t, "digit"))
			}
		}
		for range rapid.IntRange(0, 2).Draw(t, "changes") {
			if len(text) > 0 {
				at := rapid.IntRange(0, len(text)-1).Draw(t, "at")
				text[at] = rapid.OneOf(rapid.SampledFrom([]byte("0.-,: /;")), rapid.Byte()).Draw(t, "to")
			}
		}
		return text
	})
}

func TestShortAmountsAreReadAsThePlainReaderDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := numberish("0.00", "00.00", "000.00", "0000.00", "00000.00", "000000.00", "-0.00", "-00000.00", "0.0", "0", ".00", "0.", "--0.00", "").Draw(t, "text")
		sameAmount(t, text)
	})
	for fen := range 10_000_100 {
		if fen%997 < 3 {
			text := fmt.Appendf(nil, "%d.%02d", fen/100, fen%100)
			if got, ok := shortAmount(text); ok != (fen < 10_000_000) || ok && got != Amount(fen) {
				t.Fatalf("%s: %d, %v", text, got, ok)
			}
		}
	}
}

// sameAmount compares what the short way reads with what the plain one does.
func sameAmount(t interface{ Fatalf(string, ...any) }, text []byte) {
	want, wantErr := parseDecimal(text, 2, 2)
	if got, ok := shortAmount(text); ok && (wantErr != nil || got != want) {
		t.Fatalf("%q: %v where the plain reader has %v, %v", text, got, want, wantErr)
	}
	if got, err := ParseAmount(text); got != want || err != wantErr {
		t.Fatalf("%q: %v, %v where the plain reader has %v, %v", text, got, err, want, wantErr)
	}
	want, wantErr = parseDecimal(text, 2, 8)
	if got, err := ParseLongAmount(text); got != want || err != wantErr {
		t.Fatalf("%q, long: %v, %v where the plain reader has %v, %v", text, got, err, want, wantErr)
	}
}

func TestLongAmountsAreReadAsThePlainReaderDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sameAmount(t, numberish("0.00000", "0.00", "00000.00000", "0.00000000", "-0.00000", "00000", "000", "0.000").Draw(t, "text"))
	})
}

func FuzzShortAmount(f *testing.F) {
	for _, seed := range []string{"0.00", "12345.67", "-0.28", "0.21000", "٣.00"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		sameAmount(t, text)
	})
}

func BenchmarkParseAmount(b *testing.B) {
	for _, text := range []string{"0.00", "47.43", "12726.21", "-0.28", "1250303101.56"} {
		b.Run(text, func(b *testing.B) {
			b.ReportAllocs()
			amount := []byte(text)
			for b.Loop() {
				if _, err := ParseAmount(amount); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
