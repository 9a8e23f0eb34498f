package delimited

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// plainSeparators is what Separators does, byte by byte.
func plainSeparators(text []byte, c byte, at []int32) []int32 {
	for i, have := range text {
		if have == c {
			at = append(at, int32(i))
		}
	}
	return at
}

func checkSeparators(t *testing.T, text []byte, c byte) {
	t.Helper()
	before := []int32{-7}
	want := plainSeparators(text, c, slices.Clone(before))
	if got := Separators(text, c, slices.Clone(before)); !slices.Equal(got, want) {
		t.Fatalf("%q in %q: %v instead of %v", c, text, got, want)
	}
	// Room that is there already, as a worker keeps it.
	if got := Separators(text, c, append(make([]int32, 0, 200), before...)); !slices.Equal(got, want) {
		t.Fatalf("%q in %q with room: %v instead of %v", c, text, got, want)
	}
}

func TestSeparatorsAreFoundAtEveryPlace(t *testing.T) {
	for length := range 200 {
		for place := range length {
			text := bytes.Repeat([]byte{'-'}, length) // one bit away from a comma
			text[place] = ','
			checkSeparators(t, text, ',')
			checkSeparators(t, text, '-')
		}
	}
}

func TestSeparatorsAreToldFromEveryOtherByte(t *testing.T) {
	var all [256]byte
	for i := range all {
		all[i] = byte(i)
	}
	for c := range 256 {
		checkSeparators(t, all[:], byte(c))
		checkSeparators(t, bytes.Repeat([]byte{byte(c), ',', byte(c)}, 50), ',')
	}
}

func FuzzSeparators(f *testing.F) {
	f.Add([]byte("a,b,,c"), byte(','))
	f.Add([]byte(strings.Repeat(",", 150)), byte(','))
	f.Add([]byte(strings.Repeat("`2024,`", 40)), byte('`'))
	f.Fuzz(func(t *testing.T, text []byte, c byte) { checkSeparators(t, text, c) })
}

func BenchmarkSeparators(b *testing.B) {
	for _, of := range []struct {
		name, text string
		c          byte
	}{
		{"wechatpay", "`2024-09-12 21:14:15,`wx3f5a0c9d1e7b2468,`1600123456,`0,`,`4200002090202409129536945745,`S202409120844283154972,`oX5wtw39R5EPNCjCU6t7ZXD1jANV,`JSAPI,`SUCCESS,`OTHERS,`CNY,`35.00,`0.00,`0,`0,`0.00,`0.00,`,`,`显示器,`,`0.21000,`0.60%,`35.00,`0.00,`", '`'},
		{"alipay", "2024091222001024324828192972\t,T200P2203217412862700098\t,交易\t,儿童雨靴,2024-09-12 20:45:27,2024-09-12 20:45:58,\t,\t,\t,\t,*杨(137****9393)\t,47.43,47.43,0.00,0.00,0.00,0.00,0.00,,0.00\t,0.00,\t,-0.28,0.00,", ','},
		{"orders", "2203217412862700098,alipay,47.43,2024-09-12 20:45:58,paid,晴禾天猫旗舰店,tmall,2088601234567890,,2024091222001024324828192972,alipay", ','},
	} {
		text := []byte(of.text)
		b.Run(of.name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			var at []int32
			for b.Loop() {
				at = Separators(text, of.c, at[:0])
			}
		})
	}
}

func TestDigitsAreTold(t *testing.T) {
	for length := range 40 {
		text := bytes.Repeat([]byte{'7'}, length)
		if !IsDigits(text) {
			t.Errorf("%d digits are digits", length)
		}
		for place := range text {
			for c := range 256 {
				text[place] = byte(c)
				if want := c >= '0' && c <= '9'; IsDigits(text) != want {
					t.Fatalf("byte %#x at %d of %d: %v", c, place, length, !want)
				}
			}
			text[place] = '7'
		}
	}
}

func TestASCIIIsTold(t *testing.T) {
	for n := range 20 {
		text := bytes.Repeat([]byte{0x7f}, n)
		if !IsASCII(text) {
			t.Errorf("%d bytes are ASCII", n)
		}
		for i := range text {
			text[i] = 0x80
			if IsASCII(text) {
				t.Errorf("byte %d of %d is not ASCII", i, n)
			}
			text[i] = 0x7f
		}
	}
}
