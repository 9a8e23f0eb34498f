package main

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"reconcile/output"
	"reconcile/settlement"
)

// comparison reads a value by the type of its column and returns how a row that is
// not null there compares with it: negative where the row is less.
func comparison(column settlement.TableColumn, value string) (func(output.Row) int, error) {
	name := column.Name
	switch column.Type {
	case settlement.TypeMoney:
		fen, err := settlement.ParseAmount([]byte(value))
		if err != nil {
			return nil, fmt.Errorf("%q is no amount: %w", value, err)
		}
		return func(r output.Row) int {
			have, _ := r.Money(name)
			return cmp.Compare(have, fen)
		}, nil
	case settlement.TypeRate:
		ppm, err := parseFraction(value)
		if err != nil {
			return nil, err
		}
		return compareBy(name, parseFraction, ppm), nil
	case settlement.TypeCount:
		n, err := parseWhole(value)
		if err != nil {
			return nil, err
		}
		return compareBy(name, parseWhole, n), nil
	case settlement.TypeDay:
		day, err := parseDay(value)
		if err != nil {
			return nil, err
		}
		return compareBy(name, parseDay, day), nil
	case settlement.TypeInstant:
		return compareInstant(name, value)
	case settlement.TypeFlag:
		if value != "true" && value != "false" {
			return nil, fmt.Errorf("%q is neither true nor false", value)
		}
	case settlement.TypeWord:
		if known := column.Words[1:]; !contains(known, value) {
			return nil, fmt.Errorf("%q is no word of this column (%s)", value, nearest(value, known))
		}
	}
	return func(r output.Row) int { return strings.Compare(r.Text(name), value) }, nil
}

func contains(words []string, word string) bool {
	for _, w := range words {
		if w == word {
			return true
		}
	}
	return false
}

// compareBy compares values that parse reads from the row's text.
func compareBy[T cmp.Ordered](column string, parse func(string) (T, error), with T) func(output.Row) int {
	return func(r output.Row) int {
		have, _ := parse(r.Text(column))
		return cmp.Compare(have, with)
	}
}

func parseWhole(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is no whole number", text)
	}
	return n, nil
}

func parseDay(text string) (settlement.Day, error) {
	day, err := settlement.ParseDay([]byte(text))
	if err != nil {
		return 0, fmt.Errorf("%q is no day such as 2024-09-12", text)
	}
	return day, nil
}

// compareInstant compares with a time of Asia/Shanghai: to the second, the minute,
// or by the day, so that a day equals all of its instants.
func compareInstant(column, value string) (func(output.Row) int, error) {
	if day, err := settlement.ParseDay([]byte(value)); err == nil {
		return func(r output.Row) int {
			have, _ := settlement.ParseInstant([]byte(r.Text(column)))
			return cmp.Compare(settlement.DayOf(have), day)
		}, nil
	}
	text := strings.Replace(value, "T", " ", 1)
	if len(text) == len("2006-01-02 15:04") {
		text += ":00"
	}
	at, err := settlement.ParseInstant([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("%q is no time such as 2024-09-12, '2024-09-12 08:30' or '2024-09-12 08:30:00'", value)
	}
	return func(r output.Row) int {
		have, _ := settlement.ParseInstant([]byte(r.Text(column)))
		return cmp.Compare(have, at)
	}, nil
}

var errFraction = errors.New("is no rate such as 0.006 or 0.6%")

// parseFraction reads a rate as millionths, from a fraction of at most six decimals
// or a percentage of at most four.
func parseFraction(text string) (settlement.Rate, error) {
	number, percent := strings.CutSuffix(text, "%")
	decimals := 6
	if percent {
		decimals = 4
	}
	whole, fraction, pointed := strings.Cut(number, ".")
	if len(fraction) > decimals || pointed && fraction == "" || whole == "" {
		return 0, fmt.Errorf("%q %w", text, errFraction)
	}
	n, err := strconv.ParseUint(whole+fraction+strings.Repeat("0", decimals-len(fraction)), 10, 31)
	if err != nil {
		return 0, fmt.Errorf("%q %w", text, errFraction)
	}
	return settlement.Rate(n), nil
}
