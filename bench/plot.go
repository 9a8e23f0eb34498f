package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// panel is one diagram: values over the number of rows, the latter on a logarithmic
// scale, since sizes grow by factors.
type panel struct {
	title, unit string
	points      []point
	marks       []mark
}

// point is a size: the rows, the value that stands for it, and those of every run.
type point struct {
	rows, value float64
	runs        []float64
}

// mark is a line across a panel.
type mark struct {
	value float64
	label string
	soft  bool // dashed
}

// Sizes of the drawing in pixels.
const (
	panelWidth  = 420
	panelHeight = 300
	left        = 58 // of the plot area inside its panel
	right       = 20
	top         = 46
	bottom      = 52
)

// drawing is the plot as SVG. Its colours read on white and on dark paper alike: text
// and grid follow the reader's scheme, data has colours of middle lightness.
func (g *growth) drawing() string {
	speed, memory := panel{title: "Wall time a million rows", unit: "s"}, panel{title: "Peak memory", unit: "MiB"}
	for i := range g.grown {
		s := &g.grown[i]
		add := func(p *panel, of func(cost) float64) {
			at := point{rows: float64(s.rows()), value: median(s.runs, of)}
			for _, c := range s.runs {
				at.runs = append(at.runs, of(c))
			}
			p.points = append(p.points, at)
		}
		add(&speed, s.perMillion)
		add(&memory, func(c cost) float64 { return mebi(c.memory) })
	}
	memory.marks = append(memory.marks, mark{value: mebi(g.budget), label: "budget"})
	if g.hard.bytes > 0 {
		memory.marks = append(memory.marks, mark{value: mebi(g.hard.bytes), label: "hard limit", soft: true})
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-label="%s">
<style>
  text { font: 12px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #6e7781; }
  .title { font-size: 14px; font-weight: 600; }
  .value { font-weight: 600; }
  .grid { stroke: #818b98; stroke-opacity: .28; }
  .axis { stroke: #818b98; }
  .data { fill: none; stroke: #2f81f7; stroke-width: 2.5; stroke-linejoin: round; stroke-linecap: round; }
  .dot { fill: #2f81f7; }
  .run { fill: #2f81f7; fill-opacity: .35; }
  .mark { stroke: #d9730d; stroke-width: 1.5; }
  .marked { fill: #d9730d; }
  .soft { stroke-dasharray: 5 4; }
  @media (prefers-color-scheme: light) { text { fill: #59636e; } }
  @media (prefers-color-scheme: dark) { text { fill: #adb5bf; } .marked { fill: #f0883e; } .mark { stroke: #f0883e; } }
</style>
`, 2*panelWidth, panelHeight, 2*panelWidth, panelHeight, "Wall time a million rows and peak memory, by the size of the day")
	for i, p := range []*panel{&speed, &memory} {
		fmt.Fprintf(&b, "<g transform=\"translate(%d 0)\">\n", i*panelWidth)
		p.draw(&b)
		b.WriteString("</g>\n")
	}
	b.WriteString("</svg>\n")
	return b.String()
}

func (p *panel) draw(b *strings.Builder) {
	step, most := p.scale()
	x, y := p.across(), func(value float64) float64 {
		return float64(panelHeight-bottom) - value/most*float64(panelHeight-bottom-top)
	}
	fmt.Fprintf(b, `<text class="title" x="%d" y="20">%s, %s</text>`+"\n", left, p.title, p.unit)
	for n := 0; float64(n)*step <= most*(1+1e-9); n++ {
		class, value := "grid", float64(n)*step
		if n == 0 {
			class = "axis"
		}
		fmt.Fprintf(b, `<line class="%s" x1="%d" x2="%d" y1="%.1f" y2="%.1f"/><text x="%d" y="%.1f" text-anchor="end">%s</text>`+"\n",
			class, left, panelWidth-right, y(value), y(value), left-8, y(value)+4, plain(value))
	}
	for i, m := range p.marks {
		class := "mark"
		if m.soft {
			class += " soft"
		}
		// Its label stands above the axis: beside the line, data would run through it.
		key := panelHeight - bottom - 12 - 18*i
		fmt.Fprintf(b, `<line class="%s" x1="%d" x2="%d" y1="%.1f" y2="%.1f"/><line class="%s" x1="%d" x2="%d" y1="%d" y2="%d"/><text class="marked" x="%d" y="%d">%s, %s %s</text>`+"\n",
			class, left, panelWidth-right, y(m.value), y(m.value), class, left+8, left+30, key, key, left+38, key+4, m.label, plain(math.Round(m.value)), p.unit)
	}
	var line []string
	for _, at := range p.points {
		line = append(line, fmt.Sprintf("%.1f,%.1f", x(at.rows), y(at.value)))
	}
	fmt.Fprintf(b, `<polyline class="data" points="%s"/>`+"\n", strings.Join(line, " "))
	for _, at := range p.points {
		for _, value := range at.runs {
			fmt.Fprintf(b, `<circle class="run" cx="%.1f" cy="%.1f" r="2.5"/>`, x(at.rows), y(value))
		}
		label := fmt.Sprintf("%.0f", at.value)
		if at.value < 10 {
			label = fmt.Sprintf("%.2f", at.value)
		}
		fmt.Fprintf(b, `<circle class="dot" cx="%.1f" cy="%.1f" r="4"/><text class="value" x="%.1f" y="%.1f" text-anchor="middle">%s</text>`+"\n",
			x(at.rows), y(at.value), x(at.rows), p.labelled(y, at.value), label)
		fmt.Fprintf(b, `<line class="axis" x1="%.1f" x2="%.1f" y1="%d" y2="%d"/><text x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n",
			x(at.rows), x(at.rows), panelHeight-bottom, panelHeight-bottom+4, x(at.rows), panelHeight-bottom+18, plain(math.Round(at.rows/1e5)/10))
	}
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="middle">lines and events, millions (logarithmic)</text>`+"\n", (left+panelWidth-right)/2, panelHeight-12)
}

// labelled is where the label of a value stands: near it, where no mark runs through it.
func (p *panel) labelled(y func(float64) float64, value float64) (at float64) {
	for _, away := range []float64{20, -10, 32, 44} {
		at = y(value) + away
		if !slices.ContainsFunc(p.marks, func(m mark) bool { return at-12 < y(m.value) && y(m.value) < at+4 }) {
			break
		}
	}
	return at
}

// across places a number of rows; the first and the last keep off the edges.
func (p *panel) across() func(rows float64) float64 {
	first, last := math.Log(p.points[0].rows), math.Log(p.points[len(p.points)-1].rows)
	const inset = 26
	width := float64(panelWidth - left - right - 2*inset)
	return func(rows float64) float64 {
		if first == last {
			return left + inset + width/2
		}
		return left + inset + (math.Log(rows)-first)/(last-first)*width
	}
}

// scale is the step between grid lines, 1, 2 or 5 times a power of ten, and the top of
// the axis, a whole number of steps with a little room above all that is drawn.
func (p *panel) scale() (step, most float64) {
	for _, at := range p.points {
		for _, value := range append(at.runs, at.value) {
			most = max(most, value)
		}
	}
	for _, m := range p.marks {
		most = max(most, m.value)
	}
	step = math.Pow(10, math.Floor(math.Log10(most)))
	for _, factor := range []float64{.1, .2, .5, 1, 2} {
		if most/(step*factor) <= 6 {
			step *= factor
			break
		}
	}
	return step, math.Ceil(most*1.08/step) * step
}

// plain prints a number without digits it does not need.
func plain(x float64) string {
	text := fmt.Sprintf("%.2f", x)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}
