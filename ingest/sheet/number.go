package sheet

import (
	"strings"
	"time"
)

// keptDigits is how many digits of a number a spreadsheet shows; those behind them are
// what binary fractions leave over (19.379999999999999 was typed as 19.38).
const keptDigits = 15

// decimal writes a stored number without exponent, its fraction rounded to what is
// left of 15 digits. ok is false where text is no number.
func decimal(text string) (plain string, ok bool) {
	mantissa, exponent, ok := scientific(text)
	if !ok {
		return text, false
	}
	sign := ""
	if rest, negative := strings.CutPrefix(mantissa, "-"); negative {
		sign, mantissa = "-", rest
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := whole + fraction
	point := len(whole) + exponent // digits before the point
	if point < 0 {
		digits, point = strings.Repeat("0", -point)+digits, 0
	}
	if point > len(digits) {
		digits += strings.Repeat("0", point-len(digits))
	}
	for point > 1 && digits[0] == '0' {
		digits, point = digits[1:], point-1
	}
	digits, point = rounded(digits, point)
	whole, fraction = digits[:point], strings.TrimRight(digits[point:], "0")
	if whole == "" {
		whole = "0"
	}
	if fraction == "" {
		if strings.Trim(whole, "0") == "" {
			return "0", true
		}
		return sign + whole, true
	}
	return sign + whole + "." + fraction, true
}

// scientific splits text into digits with a point, and an exponent of up to two digits.
func scientific(text string) (mantissa string, exponent int, ok bool) {
	mantissa = text
	if at := strings.IndexAny(text, "eE"); at >= 0 {
		mantissa = text[:at]
		power := strings.TrimPrefix(text[at+1:], "+")
		power, negative := strings.CutPrefix(power, "-")
		if len(power) == 0 || len(power) > 2 || strings.Trim(power, "0123456789") != "" {
			return "", 0, false
		}
		for _, c := range power {
			exponent = exponent*10 + int(c-'0')
		}
		if negative {
			exponent = -exponent
		}
	}
	digits := strings.Replace(strings.TrimPrefix(mantissa, "-"), ".", "", 1)
	if digits == "" || len(digits) > 40 || strings.Trim(digits, "0123456789") != "" {
		return "", 0, false
	}
	return mantissa, exponent, true
}

// rounded cuts the fraction of digits, of which point stand before the point, so that
// 15 digits are left.
func rounded(digits string, point int) (string, int) {
	leading := len(digits) - len(strings.TrimLeft(digits, "0"))
	keep := max(leading+keptDigits, point)
	if len(digits) <= keep {
		return digits, point
	}
	up := digits[keep] >= '5'
	out := []byte(digits[:keep])
	for i := keep - 1; up && i >= 0; i-- {
		if out[i]++; out[i] <= '9' {
			up = false
		} else {
			out[i] = '0'
		}
	}
	if up {
		return "1" + string(out), point + 1
	}
	return string(out), point
}

// moment writes the serial number of a day and time (days since 1899-12-30, since
// 1904-01-01 in workbooks that say so) as 2006-01-02 15:04:05, that of a time alone as
// 15:04:05. ok is false where plain is none.
func moment(plain string, since1904 bool) (text string, ok bool) {
	whole, fraction, _ := strings.Cut(plain, ".")
	const firstReal, last = 61, 2_958_465 // 1900-03-01: the calendar before has a day too many
	day := 0
	for _, c := range whole {
		if c < '0' || c > '9' || day > last {
			return "", false
		}
		day = day*10 + int(c-'0')
	}
	const places = 12
	if len(fraction) > places {
		fraction = fraction[:places]
	}
	var part int64
	for _, c := range fraction + strings.Repeat("0", places-len(fraction)) {
		part = part*10 + int64(c-'0')
	}
	const one = 1_000_000_000_000
	seconds := (part*86_400 + one/2) / one
	if day == 0 && !since1904 {
		return time.Unix(seconds, 0).UTC().Format("15:04:05"), true
	}
	if since1904 {
		day += 1462
	}
	if day < firstReal || day > last {
		return "", false
	}
	return time.Date(1899, 12, 30+day, 0, 0, int(seconds), 0, time.UTC).Format("2006-01-02 15:04:05"), true
}

// showsTime says that a number format shows days or times.
func showsTime(format string) bool {
	format, _, _ = strings.Cut(format, ";")
	for i := 0; i < len(format); i++ {
		switch c := format[i]; c {
		case '"':
			end := strings.IndexByte(format[i+1:], '"')
			if end < 0 {
				return false
			}
			i += end + 1
		case '\\', '_', '*':
			i++
		case '[':
			end := strings.IndexByte(format[i:], ']')
			if end < 0 {
				return false
			}
			switch strings.ToLower(format[i+1 : i+end]) {
			case "h", "hh", "m", "mm", "s", "ss":
				return true // elapsed time
			}
			i += end
		case 'y', 'Y', 'm', 'M', 'd', 'D', 'h', 'H', 's', 'S':
			return true
		}
	}
	return false
}

// builtinTime says that a number format without text, known by its number alone, shows
// days or times. 27 to 36 and 50 to 58 do in Chinese.
func builtinTime(id int) bool {
	return id >= 14 && id <= 22 || id >= 27 && id <= 36 || id >= 45 && id <= 47 || id >= 50 && id <= 58
}
