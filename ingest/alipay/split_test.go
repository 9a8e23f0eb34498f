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
