package review

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// sandboxOf is the policy under which a report is shown: it has an origin of its own, so
// that it reaches neither the cookies nor the forms of this page; the styles and scripts
// that stand in it work, each by its hash, and nothing is loaded from anywhere.
func sandboxOf(page []byte) string {
	styles, scripts := inline(page)
	return strings.Join([]string{
		"sandbox allow-scripts allow-popups", "default-src 'none'", "img-src data:",
		"style-src " + sources(styles), "script-src " + sources(scripts),
		"base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
	}, "; ")
}

func sources(hashes []string) string {
	if len(hashes) == 0 {
		return "'none'"
	}
	return strings.Join(hashes, " ")
}

// inline are the hashes of the styles and scripts that stand in a page.
func inline(page []byte) (styles, scripts []string) {
	z := html.NewTokenizer(bytes.NewReader(page))
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			return styles, scripts
		}
		if kind != html.StartTagToken {
			continue
		}
		name, _ := z.TagName()
		into := &styles
		switch string(name) {
		case "style":
		case "script":
			into = &scripts
		default:
			continue
		}
		if z.Next() != html.TextToken {
			continue
		}
		sum := sha256.Sum256(z.Raw())
		if hash := "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !slices.Contains(*into, hash) {
			*into = append(*into, hash)
		}
	}
}
