package report

import (
	"html/template"
	"regexp"
)

// reason is why something is a break, or what to do about it. The tables say it in English;
// the forms in which they say it are told in Chinese here, and what has none of these forms
// stays as it is.
func reason(text string) template.HTML {
	for _, r := range reasonForms {
		if r.form.MatchString(text) {
			return both(text, r.form.ReplaceAllString(text, r.chinese))
		}
	}
	return both(text, text)
}

type reasonForm struct {
	form    *regexp.Regexp
	chinese string
}

func form(pattern, chinese string) reasonForm {
	return reasonForm{regexp.MustCompile("^" + pattern + "$"), chinese}
}

var reasonForms = []reasonForm{}
