package settlement

import (
	"bytes"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Redacted is a text without phones, numbers of identity cards and bank cards, and mail
// addresses: their digits and letters are *. Numbers of orders and transactions stay. The
// result is text itself where there is nothing to hide.
func Redacted(text []byte) []byte {
	if !mayNameSomebody(text) {
		return text
	}
	plain, at := halfWidth(text)
	var hidden []bool
	hide := func(from, to int) {
		if hidden == nil {
			hidden = make([]bool, len(plain))
		}
		for i := from; i < to; i++ {
			hidden[i] = true
		}
	}
	if bytes.IndexByte(plain, '@') >= 0 {
		for _, m := range mail.FindAllIndex(plain, -1) {
			hide(m[0], m[1])
		}
	}
	hideNumbers(plain, hide)
	if hidden == nil {
		return text
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(plain); {
		size := 1
		if plain[i] >= utf8.RuneSelf {
			_, size = utf8.DecodeRune(plain[i:])
		}
		if hidden[i] && !strings.ContainsRune(shownMarks, rune(plain[i])) {
			out = append(out, '*')
		} else if at == nil {
			out = append(out, plain[i:i+size]...)
		} else {
			out = append(out, text[at[i]:at[i+size]]...)
		}
		i += size
	}
	return out
}

// shownMarks stay within what is hidden, so that its form is seen.
const shownMarks = "-. @()/"

// mail may have Chinese characters before its @.
var mail = regexp.MustCompile(`[\p{Han}A-Za-z0-9._%+-]+@[\p{Han}A-Za-z0-9-]+(?:\.[\p{Han}A-Za-z0-9-]+)+`)

// mayNameSomebody is a quick look, since most texts hide nothing: a run of seven digits,
// what may separate their groups not counted, or an @.
func mayNameSomebody(text []byte) bool {
	digits := 0
	for i, c := range text {
		switch {
		case c >= utf8.RuneSelf && c < 0xC0: // within a character
			continue
		case c >= '0' && c <= '9', c == 0xEF && isFullWidthDigit(text[i:]):
			if digits++; digits == 7 {
				return true
			}
		case c == '@', c == 0xEF && bytes.HasPrefix(text[i:], []byte("＠")):
			return true
		case c == '-', c == ' ', c == '.', c == '(', c == ')', c == '/', c == 0xEF, c == 0xE3: // or marks of full width
		default:
			digits = 0
		}
	}
	return false
}

func isFullWidthDigit(text []byte) bool {
	return len(text) > 2 && text[1] == 0xBC && text[2] >= 0x90 && text[2] <= 0x99
}

// halfWidth is text with the full-width forms of ASCII and the full-width blank as ASCII,
// and where in text each byte of it stands, and the end; nil where they are the same.
func halfWidth(text []byte) (plain []byte, at []int) {
	if bytes.IndexByte(text, 0xEF) < 0 && bytes.IndexByte(text, 0xE3) < 0 {
		return text, nil
	}
	plain, at = make([]byte, 0, len(text)), make([]int, 0, len(text)+1)
	for i := 0; i < len(text); {
		c, size := utf8.DecodeRune(text[i:])
		switch {
		case c >= 0xFF01 && c <= 0xFF5E:
			plain, at = append(plain, byte(c-0xFF01+'!')), append(at, i)
		case c == 0x3000:
			plain, at = append(plain, ' '), append(at, i)
		default:
			for j := range size {
				plain, at = append(plain, text[i+j]), append(at, i+j)
			}
		}
		i += size
	}
	return plain, append(at, len(text))
}

// digitGroup is a run of digits, with the X that ends an identity card's number.
type digitGroup struct {
	from, to int
	joined   bool // at most two marks stand between it and the group before
	dotted   bool // one of them is a dot
}

func (g digitGroup) len() int { return g.to - g.from }

// mostGroups is in how many groups a number of a person is written at most.
const mostGroups = 6

// hideNumbers hides the numbers of persons. Each begins and ends with a group of digits:
// one inside an order's number is none, and one behind other figures is found all the same.
func hideNumbers(text []byte, hide func(from, to int)) {
	var few [8]digitGroup
	groups := digitGroups(text, few[:0])
	var digits [24]byte
	for i := range groups {
		number := digits[:0]
		for n := 1; n <= mostGroups && i+n <= len(groups); n++ {
			g := groups[i+n-1]
			if n > 1 && !g.joined || len(number)+g.len() > len(digits) {
				break
			}
			number = append(number, text[g.from:g.to]...)
			if len(number) < 10 || !isPersonal(number, groups[i:i+n]) {
				continue
			}
			from := groups[i].from
			if from > 0 && text[from-1] == '+' {
				from--
			}
			hide(from, g.to)
		}
	}
}

func digitGroups(text []byte, groups []digitGroup) []digitGroup {
	isDigit := func(i int) bool { return i < len(text) && text[i]-'0' <= 9 }
	for i := 0; i < len(text); i++ {
		if !isDigit(i) {
			continue
		}
		g := digitGroup{from: i, to: i}
		for isDigit(g.to) {
			g.to++
		}
		if g.to < len(text) && text[g.to]|0x20 == 'x' && !isDigit(g.to+1) && g.len() >= 3 {
			g.to++
		}
		if len(groups) > 0 {
			between := text[groups[len(groups)-1].to:i]
			g.joined = len(between) <= 2 && len(bytes.Trim(between, "-. ()/")) == 0
			g.dotted = bytes.IndexByte(between, '.') >= 0
		}
		groups = append(groups, g)
		i = g.to - 1
	}
	return groups
}

// isPersonal says that number, which is written in groups, is a phone's, an identity card's
// or a bank card's.
func isPersonal(number []byte, groups []digitGroup) bool {
	x := bytes.IndexByte(bytes.ToLower(number), 'x')
	if x >= 0 {
		return x == 17 && len(number) == 18 && isWritten(groups, 18, "", "6 8 4", "6 4 4 4") && isIdentity(number)
	}
	return isPhone(number, groups) ||
		len(number) == 18 && isWritten(groups, 18, "", "6 8 4", "6 4 4 4") && isIdentity(number) ||
		len(number) == 15 && isWritten(groups, 15, "", "6 6 3") && isOldIdentity(number) ||
		isBankCard(number, groups)
}

// isWritten says that the groups are of these lengths: whole, as one, or as one of forms.
func isWritten(groups []digitGroup, whole int, forms ...string) bool {
	if len(groups) == 1 {
		return groups[0].len() == whole
	}
	return hasForm(groups, forms...)
}

func hasForm(groups []digitGroup, forms ...string) bool {
	for _, form := range forms {
		lengths := strings.Fields(form)
		if len(lengths) != len(groups) {
			continue
		}
		fits := true
		for i, text := range lengths {
			n := 0
			for _, c := range text {
				n = n*10 + int(c-'0')
			}
			fits = fits && groups[i].len() == n
		}
		if fits {
			return true
		}
	}
	return false
}

// isPhone knows mobile phones, with 86 before them too, and those of a place.
func isPhone(number []byte, groups []digitGroup) bool {
	if rest, ok := bytes.CutPrefix(number, []byte("00")); ok && bytes.HasPrefix(rest, []byte("86")) {
		number = rest
	}
	cut := false
	if len(number) >= 12 && bytes.HasPrefix(number, []byte("86")) {
		number, cut = number[2:], true
	}
	if len(number) == 11 && number[0] == '1' && number[1] >= '3' {
		dotted := false
		for _, g := range groups[1:] {
			dotted = dotted || g.dotted
		}
		if cut {
			return len(groups) <= 4
		}
		return hasForm(groups, "11", "3 4 4") || !dotted && hasForm(groups, "3 8", "7 4", "3 3 5")
	}
	if cut && number[0] != '0' {
		number = append([]byte{'0'}, number...)
	}
	if !isOfPlace(number) {
		return false
	}
	return cut || hasForm(groups, "10", "11", "12", "3 8", "4 7", "4 8", "3 7", "3 4 4", "4 4 4", "4 3 4")
}

// isOfPlace knows a number behind the code of its place: 010 and 02x have three digits.
func isOfPlace(number []byte) bool {
	if len(number) < 10 || len(number) > 12 || number[0] != '0' || number[1] == '0' {
		return false
	}
	code := 4
	if number[1] <= '2' {
		code = 3
	}
	local := number[code:]
	return (len(local) == 7 || len(local) == 8) && local[0] >= '2' && local[0] <= '8'
}

// isBankCard knows cards by their check digit, and by how they begin or are written:
// numbers of orders are as long, and one in ten has the digit by chance.
func isBankCard(number []byte, groups []digitGroup) bool {
	if len(number) < 15 || len(number) > 19 || !passesLuhn(number) {
		return false
	}
	if len(groups) > 1 {
		fours := true
		for i, g := range groups {
			fours = fours && (g.len() == 4 || i == len(groups)-1 && g.len() < 4)
		}
		return fours || hasForm(groups, "6 10", "6 13", "4 6 5") || number[0] == '6' && number[1] == '2' && len(number) >= 16
	}
	switch first := string(number[:2]); {
	case first == "62":
		return len(number) >= 16
	case len(number) == 16:
		return number[0] == '4' || first >= "51" && first <= "55" || first == "35" || number[0] == '6'
	case len(number) == 15:
		return first == "34" || first == "37"
	}
	return len(number) == 19 && (string(number[:4]) == "9558" || number[0] == '6')
}

// isIdentity proves the place, the day of birth and the check digit of an identity card's
// number (GB 11643).
func isIdentity(number []byte) bool {
	if !isPlaceAndDay(number[:6], number[8:14]) || string(number[6:8]) != "19" && string(number[6:8]) != "20" && string(number[6:8]) != "18" {
		return false
	}
	sum := 0
	for i, c := range number[:17] {
		weight := 1
		for range 17 - i { // 2^(17-i) mod 11
			weight = weight * 2 % 11
		}
		sum += weight * int(c-'0')
	}
	return "10X98765432"[sum%11] == bytes.ToUpper(number[17:])[0]
}

// isOldIdentity knows the numbers of before 1999, which have no check digit.
func isOldIdentity(number []byte) bool { return isPlaceAndDay(number[:6], number[6:12]) }

// isPlaceAndDay says that place begins with the code of a province (GB/T 2260), and that a
// day may be written YYMMDD.
func isPlaceAndDay(place, day []byte) bool {
	month, of := int(day[2]-'0')*10+int(day[3]-'0'), int(day[4]-'0')*10+int(day[5]-'0')
	return strings.Contains(" 11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83 ", " "+string(place[:2])+" ") &&
		month >= 1 && month <= 12 && of >= 1 && of <= 31
}

// passesLuhn proves the check digit of a bank card's number.
func passesLuhn(number []byte) bool {
	sum := 0
	for i := range number {
		d := int(number[len(number)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}
