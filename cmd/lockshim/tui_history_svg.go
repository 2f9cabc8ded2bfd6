package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/lockshim/lockshim/shim/event"
	"github.com/lockshim/lockshim/shim/history"
)

// The measures of the picture, in pixels of its own.
const (
	svgWidth  = 960
	svgMargin = 24
	svgLeft   = 168 // where the lanes begin
	svgRow    = 30
	svgBar    = 16
	svgTop    = 128 // of the first lane
	svgChar   = 6.6 // the mean width of a character of the small print
	svgApart  = 84  // between two ticks
)

// svgStyle has the colours, once for light and once for dark.
const svgStyle = `
svg { background: #ffffff }
text { font: 12px ui-sans-serif, system-ui, sans-serif; fill: #1f2328 }
.name { font-size: 20px; font-weight: 600 }
.code { font-family: ui-monospace, monospace; font-size: 11px }
.quiet { fill: #59636e }
.right { text-anchor: end }
.middle { text-anchor: middle }
.paper { fill: #ffffff }
.grid { stroke: #d1d9e0; stroke-width: 1 }
.running { fill: #2f6fde }
.starting { fill: #a9c5f5 }
.draining { fill: #b6a0dd }
.hearsay { fill: none; stroke: #59636e; stroke-dasharray: 4 3 }
.watching { fill: #8c959f }
.mark { fill: #ffffff; stroke: #1f2328; stroke-width: 1.2 }
.letter { font: 600 10px ui-sans-serif, system-ui, sans-serif; text-anchor: middle }
.bad { stroke: #cf222e }
.letter.bad { fill: #cf222e; stroke: none }
@media (prefers-color-scheme: dark) {
svg { background: #0d1117 }
text { fill: #e6edf3 }
.quiet { fill: #9198a1 }
.paper { fill: #0d1117 }
.grid { stroke: #3d444d }
.running { fill: #388bfd }
.starting { fill: #1f4a87 }
.draining { fill: #6e4fb0 }
.hearsay { stroke: #9198a1 }
.watching { fill: #7d8590 }
.mark { fill: #0d1117; stroke: #e6edf3 }
.bad { stroke: #ff7b72 }
.letter.bad { fill: #ff7b72 }
}
`

// svgParts has the class of each part.
var svgParts = [...]string{
	watching: "watching", hearsay: "hearsay", starting: "starting", running: "running", draining: "draining",
}

// A drawing is an SVG document in the making.
type drawing struct {
	strings.Builder
	name string
	h    history.History
	zone *time.Location
	y    int // where the next thing goes
}

// historySVG is a history as a picture that needs nothing beside it.
func historySVG(name string, h history.History, zone *time.Location) string {
	d := &drawing{name: name, h: h, zone: zone, y: svgTop}
	all := lanes(h)
	s := scaleOf(h, all, svgWidth-svgLeft-svgMargin)
	if len(all) > 0 {
		d.grid(s, len(all))
	}
	for _, l := range all {
		d.lane(l, s)
	}
	if len(all) > 0 {
		d.y += 34
		d.legend(all)
	}
	d.facts()
	return d.document(all)
}

// document puts the head before what was drawn.
func (d *drawing) document(all []lane) string {
	height := d.y + svgMargin
	head := fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" role="img" aria-labelledby="title desc">
<title id="title">%s</title>
<desc id="desc">%s</desc>
<style>%s</style>
<rect class="paper" width="%[1]d" height="%[2]d"/>
`, svgWidth, height, xmlText("History of "+d.name), xmlText(d.describe(all)), svgStyle)
	head += text("name", svgMargin, 40, d.name)
	line := d.h.State
	if d.h.Profile != "" {
		line = d.h.Profile + ", " + line
	}
	if d.h.Lock != d.name {
		line += ", " + d.h.Lock
	}
	head += text("", svgMargin, 62, line)
	head += text("quiet", svgMargin, 80, "memory: "+memoryText(d.h, d.zone))
	return head + d.String() + "</svg>\n"
}

// describe is the picture in words.
func (d *drawing) describe(all []lane) string {
	words := []string{"The service is " + d.h.State + " at " + clock(d.h.Time, d.zone) + "."}
	for _, l := range all {
		what := "Generation " + l.label
		if len(l.spans) == 1 && l.spans[0].part == watching {
			what = "The shim"
		}
		line := fmt.Sprintf("%s, pid %s, since %s", what, pidText(l.pid), clock(l.from(), d.zone))
		if l.ragged {
			line = fmt.Sprintf("%s, pid %s, since before %s", what, pidText(l.pid), clock(l.from(), d.zone))
		}
		if l.ended != nil {
			line += ", until " + clock(*l.ended, d.zone)
		}
		if l.code != "" {
			line += ", ended with " + l.code
		}
		words = append(words, line+".")
	}
	return strings.Join(words, " ")
}

// grid draws the ticks behind the lanes.
func (d *drawing) grid(s scale, rows int) {
	bottom := d.y + rows*svgRow
	for _, t := range s.ticks(svgApart) {
		x := svgLeft + t.cell
		fmt.Fprintf(d, `<line class="grid" x1="%d" y1="%d" x2="%[1]d" y2="%[3]d"/>`+"\n", x, d.y-6, bottom+4)
		label := t.label
		if t.cell == 0 {
			label = clock(s.from, d.zone)
			d.WriteString(text("quiet", x, d.y-12, label))
			continue
		}
		class := "quiet middle"
		if x > svgWidth-svgMargin-20 {
			class, x = "quiet right", svgWidth-svgMargin
		}
		d.WriteString(text(class, x, bottom+18, label))
	}
	d.WriteString(text("quiet right", svgWidth-svgMargin, d.y-12, "now, +"+elapsed(s.span().Round(time.Second))))
}

// lane draws a row.
func (d *drawing) lane(l lane, s scale) {
	middle := d.y + svgRow/2
	label := "generation " + l.label
	if l.spans[0].part == watching {
		label = l.label
	}
	d.WriteString(text("", svgMargin, middle+4, label))
	d.WriteString(text("quiet right", svgLeft-12, middle+4, pidText(l.pid)))
	for _, sp := range l.spans {
		d.span(sp, s, middle)
	}
	if first := l.spans[0]; l.ragged && s.at(first.to)-s.at(first.from) > 60 {
		d.WriteString(text("quiet", svgLeft+s.at(first.from)+6, middle+4, "‹ earlier"))
	}
	for i := range signs {
		for _, r := range l.marks {
			if signOf(r.Kind) == i && r.Kind != event.Ended {
				d.mark(signs[i], svgLeft+s.at(r.Time), middle, clock(r.Time, d.zone)+": "+told(d.h, r))
			}
		}
	}
	if l.ended != nil {
		d.end(l, svgLeft+s.at(*l.ended), svgLeft+s.at(l.to()), middle)
	}
	d.y += svgRow
}

// end draws the end of a master, and says how it ended behind the bar, or above
// it where there is no room.
func (d *drawing) end(l lane, x, to, middle int) {
	fmt.Fprintf(d, `<line class="mark" x1="%d" y1="%d" x2="%[1]d" y2="%[3]d"/>`+"\n", x, middle-11, middle+11)
	if to > svgWidth-svgMargin-48 {
		d.WriteString(text("quiet right", x-4, middle-10, l.code))
		return
	}
	d.WriteString(text("quiet", to+8, middle+4, l.code))
}

// span draws a stretch of a lane.
func (d *drawing) span(sp span, s scale, middle int) {
	x, height := s.at(sp.from), svgBar
	if sp.part == watching {
		height = 4
	}
	fmt.Fprintf(d, `<rect class="%s" x="%d" y="%d" width="%d" height="%d" rx="2"><title>%s</title></rect>`+"\n",
		svgParts[sp.part], svgLeft+x, middle-height/2, max(2, s.at(sp.to)-x), height,
		xmlText(parts[sp.part]+" "+clock(sp.from, d.zone)+" - "+clock(sp.to, d.zone)))
}

// mark draws a letter in a circle.
func (d *drawing) mark(s sign, x, y int, means string) {
	bad := ""
	if strings.ContainsRune("!FM", rune(s.letter)) {
		bad = " bad"
	}
	fmt.Fprintf(d, `<g><title>%s</title><circle class="mark%s" cx="%d" cy="%d" r="7.5"/>`, xmlText(means), bad, x, y)
	fmt.Fprintf(d, `<text class="letter%s" x="%d" y="%.1f">%c</text></g>`+"\n", bad, x, float64(y)+3.6, s.letter)
}

// legend explains what was drawn.
func (d *drawing) legend(all []lane) {
	x := svgMargin
	next := func(words string) {
		x += 36 + int(svgChar*float64(len(words)))
		if x > svgWidth-150 {
			x, d.y = svgMargin, d.y+22
		}
	}
	drawn, marked, _ := used(all)
	for _, p := range drawn {
		fmt.Fprintf(d, `<rect class="%s" x="%d" y="%d" width="14" height="10" rx="2"/>`, svgParts[p], x, d.y-5)
		d.WriteString(text("", x+19, d.y+4, parts[p]))
		next(parts[p])
	}
	for _, s := range marked {
		if s.letter != 'x' {
			d.mark(s, x+7, d.y, s.means)
			d.WriteString(text("", x+19, d.y+4, s.means))
			next(s.means)
		}
	}
	d.y += 30
}

// facts lists the last facts in words.
func (d *drawing) facts() {
	all := facts(d.h)
	const room = 112 // characters
	last := all[max(0, len(all)-listedLines):]
	if more := len(all) - len(last); more > 0 {
		d.WriteString(text("code quiet", svgLeft, d.y, fmt.Sprintf("(%d before these are in the records)", more)))
		d.y += 17
	}
	for _, f := range last {
		d.WriteString(text("code quiet", svgMargin, d.y, f.time.In(d.zone).Format("2006-01-02 15:04:05")))
		words := f.text
		if runes := []rune(words); len(runes) > room {
			words = string(runes[:room-3]) + "..."
		}
		fmt.Fprintf(d, `<text class="code" x="%d" y="%d"><title>%s</title>%s</text>`+"\n", svgLeft, d.y, xmlText(f.text), xmlText(words))
		d.y += 17
	}
}

// text is a line of text in the picture.
func text(class string, x, y int, words string) string {
	if class != "" {
		class = ` class="` + class + `"`
	}
	return fmt.Sprintf(`<text%s x="%d" y="%d">%s</text>`+"\n", class, x, y, xmlText(words))
}

// xmlText makes any text fit to stand in an element or an attribute. What XML
// has no character for is escaped as in oneLine.
func xmlText(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;").Replace(oneLine(s))
}
