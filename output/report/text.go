package report

import (
	"fmt"
	"html"
	"html/template"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"reconcile/output/words"
	"reconcile/settlement"
)

// functions are what the templates call. Those that return template.HTML escape what they
// are given.
var functions = template.FuncMap{
	"t": say, "tf": sayf, "word": word, "money": money, "cost": cost, "count": count, "share": share,
	"css":   func() template.CSS { return template.CSS(cssText) },
	"js":    func() template.JS { return template.JS(jsText) },
	"short": clip, "why": reason, "code": code, "shell": shell,
	"sub": func(a, b int64) int64 { return a - b },
}

// both is a text in both languages; the style shows one of them.
func both(en, zh string) template.HTML {
	if en == zh {
		return template.HTML(html.EscapeString(en))
	}
	return template.HTML(`<span lang="en">` + html.EscapeString(en) + `</span><span lang="zh-CN">` + html.EscapeString(zh) + `</span>`)
}

// say is one of the report's own texts in both languages.
func say(text string) template.HTML { return both(text, inChinese[text]) }

// sayf is say for a text with %s. Values are texts, or HTML of these functions.
func sayf(format string, values ...any) template.HTML {
	var escaped []any
	for _, v := range values {
		if ready, ok := v.(template.HTML); ok {
			escaped = append(escaped, string(ready))
		} else {
			escaped = append(escaped, html.EscapeString(fmt.Sprint(v)))
		}
	}
	in := func(lang, format string) string {
		return `<span lang="` + lang + `">` + fmt.Sprintf(html.EscapeString(format), escaped...) + `</span>`
	}
	return template.HTML(in("en", format) + in("zh-CN", inChinese[format]))
}

// word is a word of the tables as people read it; one that is not known stays as it is.
func word(of any) template.HTML {
	text := fmt.Sprint(of)
	if w, ok := own[text]; ok {
		return both(w[0], w[1])
	}
	if en, ok := words.English(text); ok {
		zh, _ := words.Chinese(text) // the list has both
		return both(en, zh)
	}
	return both(text, text)
}

// money is an amount with its thousands apart. The hyphen of a negative one is copied, a minus
// is drawn. What is not known is a dash.
func money(a settlement.Amount) template.HTML {
	if a == settlement.NoAmount {
		return unknown
	}
	text := settlement.GroupDigits(a.String())
	if a < 0 {
		return template.HTML(`<span class="neg"><i>-</i>` + text[1:] + `</span>`)
	}
	if a == 0 {
		return template.HTML(`<span class="nil">` + text + `</span>`)
	}
	return template.HTML(text)
}

const unknown = template.HTML(`<span class="nil" title="not known · 未知">–</span>`)

// cost is the amount of a cost, which hurts where it is positive: it is drawn as it is.
func cost(a settlement.Amount, known bool) template.HTML {
	if !known {
		return unknown
	}
	return money(a)
}

func count(n any) template.HTML {
	text := settlement.GroupDigits(fmt.Sprint(n))
	if text == "0" {
		return `<span class="nil">0</span>`
	}
	return template.HTML(html.EscapeString(text))
}

// share is part of whole in percent with two decimals. It is rounded down, so that 100.00% is
// said of nothing but the whole.
func share(part, whole int64) template.HTML {
	if whole <= 0 {
		return unknown
	}
	return template.HTML(percent(settlement.PartsDown(part, whole, 10_000)) + "%")
}

// percent prints hundredths of a percent.
func percent(n int64) string { return settlement.GroupDigits(settlement.Amount(n).String()) }

// rate is what a cost is of its base, in percent with three decimals, "" where it has none.
func rate(cost, base settlement.Amount) template.HTML {
	n := settlement.PartsOf(cost, base, 100_000)
	if base <= 0 || n == settlement.NoCount {
		return unknown
	}
	sign := ""
	if n < 0 {
		sign, n = "<i>-</i>", -n
	}
	digits := strconv.FormatInt(n, 10)
	for len(digits) < 4 {
		digits = "0" + digits
	}
	text := sign + digits[:len(digits)-3] + "." + digits[len(digits)-3:] + "%"
	if sign != "" {
		return template.HTML(`<span class="neg">` + text + `</span>`)
	}
	return template.HTML(text)
}

// clip keeps a text out of a file within bounds.
func clip(text string) string {
	if runes := []rune(text); len(runes) > mostText {
		return string(runes[:mostText]) + "…"
	}
	return text
}

// withoutQuotes leaves out what a message quotes of a file, but for numbers and times: a file
// that is refused may hold anything in any column. The place beside it says where to look.
func withoutQuotes(text string) string {
	return quoted.ReplaceAllStringFunc(text, func(q string) string {
		open, width := utf8.DecodeRuneInString(q)
		last, lastWidth := utf8.DecodeLastRuneInString(q)
		inside := q[width : len(q)-lastWidth]
		if number.MatchString(inside) && !manyDigits.MatchString(inside) {
			return q
		}
		return string(open) + "…" + string(last)
	})
}

var (
	quoted     = regexp.MustCompile(`(?s)"(?:[^"\\]|\\.)*"|“.*”`) // the latter are a whole line, which may hold ” itself
	number     = regexp.MustCompile(`^[-+0-9.,:/ eE%]*$`)
	manyDigits = regexp.MustCompile(`[0-9]{7}`)
)

// code is a command, a query or a path.
func code(text string) template.HTML {
	return template.HTML("<code>" + html.EscapeString(text) + "</code>")
}

// shell quotes a number of a file for a shell, so that what is copied does nothing else.
func shell(text string) string {
	if plain.MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

var plain = regexp.MustCompile(`^[A-Za-z0-9_.:/][-A-Za-z0-9_.:/]*$`)
