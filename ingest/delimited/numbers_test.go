package delimited

import "testing"

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
