package main

import (
	"fmt"
	"html"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestThePictureIsWhatTheTerminalShows draws what a run of the sample day shows on a
// terminal of 80 columns, as docs/images/terminal.svg; -update writes it.
func TestThePictureIsWhatTheTerminalShows(t *testing.T) {
	program := program(t)
	dir := t.TempDir()
	cmd := exec.Command(program, "init", "demo", "--quiet")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	text, code := shown(t, dir, nil, 80, program, "run", "demo/inbox", "--out", "out", "--quiet")
	if code != exitBreaks {
		t.Fatalf("exit code %d: %s", code, text)
	}
	text, _ = shown(t, dir, nil, 80, program, "run", "demo/inbox", "--out", "out")
	if at := strings.LastIndex(text, "\r"); at >= 0 {
		text = text[at+1:]
	}
	const order = "2206783798087133198" // of the sample day, with another amount in the bill
	chinese, _ := shown(t, dir, nil, 80, program, "explain", order, "--out", "out", "--lang", "zh")
	picture := drawn([]string{"reconcile run demo/inbox --out out", "reconcile explain " + order + " --out out --lang zh"}, []string{text, chinese})
	path := filepath.Join("..", "..", "docs", "images", "terminal.svg")
	if *update {
		writeFile(t, path, []byte(picture))
	}
	if string(readFile(t, path)) != picture {
		t.Errorf("%s is not what the terminal shows (go test ./cmd/reconcile -run Picture -update draws it)", path)
	}
}

// Sizes of the picture, in pixels.
const (
	cellWide = 8.4
	lineHigh = 18
	margin   = 14
)

var styled = regexp.MustCompile("\x1b\\[([0-9;]*)m")

// drawn are commands and what they showed, as SVG.
func drawn(commands, texts []string) string {
	var lines []string
	for i, command := range commands {
		lines = append(lines, "\x1b[36m$ "+command+"\x1b[0m")
		for line := range strings.Lines(strings.TrimRight(texts[i], "\n")) {
			lines = append(lines, strings.TrimSuffix(line, "\n"))
		}
		lines = append(lines, "")
	}
	wide, high := int(80*cellWide)+2*margin, len(lines)*lineHigh+2*margin
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" aria-label="the sample day on a terminal">`+"\n", wide, high, wide, high)
	b.WriteString(`<rect width="100%" height="100%" rx="8" fill="#14181f"/>` + "\n" + `<g font-family="ui-monospace,Menlo,Consolas,'DejaVu Sans Mono','Noto Sans Mono CJK SC',monospace" font-size="14" fill="#d8dee9" xml:space="preserve">` + "\n")
	colours := map[string]string{"1;31": `fill="#ff7b72" font-weight="bold"`, "32": `fill="#7ee787"`, "33": `fill="#e3b341"`, "1": `font-weight="bold"`, "2": `fill="#8b949e"`, "36": `fill="#79c0ff"`}
	for i, line := range lines {
		column, style := 0, ""
		y := margin + (i+1)*lineHigh - 5
		for line != "" {
			at := styled.FindStringSubmatchIndex(line)
			piece := line
			next := ""
			rest := ""
			if at != nil {
				piece, next, rest = line[:at[0]], line[at[2]:at[3]], line[at[1]:]
			}
			// Words are set apart, so that columns align whatever the font.
			for _, word := range regexp.MustCompile(`\S+( \S+)*`).FindAllStringIndex(piece, -1) {
				x := float64(margin) + cellWide*float64(column+cells.StringWidth(piece[:word[0]]))
				text := piece[word[0]:word[1]]
				fmt.Fprintf(&b, `<text x="%.1f" y="%d" textLength="%.1f" %s>%s</text>`+"\n", x, y, cellWide*float64(cells.StringWidth(text)), style, html.EscapeString(text))
			}
			column += cells.StringWidth(piece)
			style, line = colours[next], rest
		}
	}
	b.WriteString("</g>\n</svg>\n")
	return b.String()
}
