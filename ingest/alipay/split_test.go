package alipay

import (
	"bytes"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestCommasAreAllFound, at every alignment and beside every byte.
func TestCommasAreAllFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOfN(rapid.SampledFrom([]byte{',', ',', ',' + 1, ',' - 1, ',' | 0x80, 0, 0xff, 'a'}), 0, 60).Draw(t, "text")
		var want []int32
		for i, c := range text {
			if c == ',' {
				want = append(want, int32(i))
			}
		}
		var ends [60]int32
		if n := commas(text, ends[:]); !slices.Equal(ends[:n], want) {
			t.Fatalf("found %v, want %v", ends[:n], want)
		}
		if len(want) > 0 {
			if n := commas(text, ends[:len(want)-1]); n != len(want) {
				t.Fatalf("%d of %d commas without room", n, len(want))
			}
		}
	})
}

func TestASCIIIsTold(t *testing.T) {
	for n := range 20 {
		text := bytes.Repeat([]byte{0x7f}, n)
		if !isASCII(text) {
			t.Errorf("%d bytes are ASCII", n)
		}
		for i := range text {
			text[i] = 0x80
			if isASCII(text) {
				t.Errorf("byte %d of %d is not ASCII", i, n)
			}
			text[i] = 0x7f
		}
	}
}

func TestScientificNotationIsTold(t *testing.T) {
	for text, want := range map[string]bool{
		"2.02409E+27": true, "2E+27": true, "2.02409e+27": true, "1.5E+100": true, "2.02409E+7": false, "2024091222001400001234500001": false,
		"A1E+27": false, "E+27": false, "1E27": false, "ORDER+27": false, "12+34": false, "": false, "+": false, "E+1": false,
	} {
		if got := isScientific([]byte(text)); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}
