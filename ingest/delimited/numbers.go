package delimited

// NumberFault says what is wrong with a text that should be the number of an order, a
// payment or a movement, and what to do; "" where nothing is. Letters and other signs
// may stand in such numbers.
func NumberFault(text []byte) (what, do string) {
	switch {
	case IsDigits(text):
	case IsScientific(text):
		return "scientific notation, as a spreadsheet program saves long numbers: the digits are lost",
			"fetch the file again and do not open it in a spreadsheet program before"
	case HasControl(text):
		return "a control character, which no number has", "fetch the file again; do not edit it"
	}
	return "", ""
}

// IsScientific tells what spreadsheets make of long numbers: 4.00123E+27, 4E+27,
// 2.70186e18; not 4E27, which may be a genuine number.
func IsScientific(text []byte) bool {
	digits, point, i := 0, false, 0
	for ; i < len(text) && (text[i]-'0' <= 9 || text[i] == '.' && !point); i++ {
		if text[i] == '.' {
			point = true
		} else {
			digits++
		}
	}
	if digits == 0 || i == len(text) || text[i]|0x20 != 'e' {
		return false
	}
	i++
	sign := i < len(text) && text[i] == '+'
	if sign {
		i++
	}
	return (sign || point) && i < len(text) && IsDigits(text[i:])
}

// HasControl says that an ASCII control character stands in text.
func HasControl(text []byte) bool {
	for _, c := range text {
		if c < ' ' || c == 0x7f {
			return true
		}
	}
	return false
}
