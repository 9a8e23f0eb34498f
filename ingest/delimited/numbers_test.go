package delimited

import (
	"regexp"
	"testing"
)

func TestNumbersThatLostDigitsOrHoldControlsAreNone(t *testing.T) {
	const scientific, control = "scientific notation, as a spreadsheet program saves long numbers: the digits are lost", "a control character, which no number has"
	for text, want := range map[string]string{
		"": "", "4200001234": "", "S2024-1": "", "4E27": "", "4e": "", "E+27": "", ".E+27": "", "1.2.3E+5": "", "4E+27X": "", "4E+": "", "订单1": "", "S 1": "",
		"4.00123E+27": scientific, "4E+27": scientific, "2.70186e18": scientific, "4.E+27": scientific,
		"S\x011": control, "S\t1": control, "1\x7f": control, "1\n": control,
	} {
		if what, do := NumberFault([]byte(text)); what != want || (what == "") != (do == "") {
			t.Errorf("%q: %q (%q) instead of %q", text, what, do, want)
		}
	}
}

// FuzzNumberFault: what is accepted as a number has no control character, and is none that
// a spreadsheet has rounded.
func FuzzNumberFault(f *testing.F) {
	for _, seed := range []string{"4200001234", "4.00123E+27", "S-1", "1\x00", "2e7", "E+1"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		what, do := NumberFault(text)
		if (what == "") != (do == "") {
			t.Fatalf("%q without %q", what, do)
		}
		if what != "" {
			return
		}
		for _, c := range text {
			if c < ' ' || c == 0x7f {
				t.Fatalf("%q is accepted", text)
			}
		}
		if rounded.Match(text) {
			t.Fatalf("%q is accepted", text)
		}
	})
}

var rounded = regexp.MustCompile(`^([0-9]+[.][0-9]*[eE][+]?[0-9]+|[.][0-9]+[eE][+]?[0-9]+|[0-9]+[eE][+][0-9]+)$`)
