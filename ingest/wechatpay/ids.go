package wechatpay

import (
	"errors"
	"unicode/utf8"

	"reconcile/ingest/delimited"
)

var (
	errIDScientific = errors.New("a number in scientific notation: its last digits are lost")
	errIDCharacter  = errors.New("a character that no number of WeChat Pay has")
	errIDControl    = errors.New("a blank or a control character in a number")
	errIDEncoding   = errors.New("not UTF-8")
)

// Classes of the bytes of an id.
const (
	idNever = iota // blanks, control characters
	idAlnum
	idOther // printable ASCII
	idHigh  // part of a longer character
)

var idClass = func() (class [256]uint8) {
	for c := range class {
		switch {
		case c >= 0x80:
			class[c] = idHigh
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
			class[c] = idAlnum
		case c > ' ' && c < 0x7f:
			class[c] = idOther
		}
	}
	return class
}()

// checkID refuses what cannot be an id. own ids are WeChat Pay's: letters and
// digits; the merchant's may hold any visible characters. Empty is accepted.
func checkID(text []byte, own bool) error {
	plain := true
	for _, c := range text {
		if idClass[c] != idAlnum {
			plain = false
			break
		}
	}
	if plain {
		return nil
	}
	if delimited.IsScientific(text) {
		return errIDScientific
	}
	if own {
		return errIDCharacter
	}
	for _, c := range text {
		if idClass[c] == idNever {
			return errIDControl
		}
	}
	if !utf8.Valid(text) {
		return errIDEncoding
	}
	return nil
}
