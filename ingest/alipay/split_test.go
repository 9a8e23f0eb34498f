package alipay

import (
	"bytes"
	"testing"
)

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
