package main

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/lockshim/lockshim/shim/history"
)

// An ink is the set of characters that a picture is drawn with.
type ink struct {
	parts  [5]rune // by part
	ragged rune
	line   rune // of the ruler
	tick   rune
}

var (
	blocks = ink{parts: [...]rune{'─', '┄', '░', '█', '▒'}, ragged: '‹', line: '─', tick: '┴'}
	ascii  = ink{parts: [...]rune{'-', '~', '.', '=', ':'}, ragged: '<', line: '-', tick: '+'}
)

// picture is the time line: a row for each lane, a ruler below, and the legend.
func picture(h history.History, all []lane, p paper) string {
	with := ascii
	if p.utf8 {
		with = blocks
	}
	label, pid := 3, 3
	for _, l := range all {
		label, pid = max(label, len(l.label)), max(pid, len(pidText(l.pid)))
	}
	left := label + 2 + pid + 2
	s := scaleOf(h, all, max(1, p.width-left))
	var b strings.Builder
	fmt.Fprintf(&b, "%-*s  %*s  %s\n", label, "GEN", pid, "PID", ends(clock(s.from, p.zone), "now", s.cells))
	for _, l := range all {
		row := fmt.Sprintf("%-*s  %*s  %s", label, l.label, pid, pidText(l.pid), bar(l, s, with))
		b.WriteString(strings.TrimRight(row, " ") + "\n")
	}
	indent := strings.Repeat(" ", left)
	b.WriteString(ruler(s, with, indent))
	b.WriteString("\n" + legend(all, with, p.width))
	return b.String()
}

// scaleOf puts all lanes on a line of cells.
func scaleOf(h history.History, all []lane, cells int) scale {
	s := scale{from: h.Time, to: h.Time, cells: cells}
	for _, l := range all {
		s.from = earlier(s.from, l.from())
	}
	return s
}

// ends is a line with a text at each end.
func ends(left, right string, width int) string {
	gap := width - utf8.RuneCountInString(left) - len(right)
	if gap < 1 {
		return left
	}
	return left + strings.Repeat(" ", gap) + right
}

// bar is one lane, and how it ended where there is room for that.
func bar(l lane, s scale, with ink) string {
	row := []rune(strings.Repeat(" ", s.cells))
	for _, sp := range l.spans {
		for i := s.at(sp.from); i <= s.at(sp.to); i++ {
			row[i] = with.parts[sp.part]
		}
	}
	if l.ragged {
		row[s.at(l.from())] = with.ragged
	}
	for i := range signs {
		for _, r := range l.marks {
			if signOf(r.Kind) == i {
				row[s.at(r.Time)] = rune(signs[i].letter)
			}
		}
	}
	if l.ended == nil {
		return string(row)
	}
	end := s.at(*l.ended)
	row[end] = 'x'
	if from := s.at(l.to()) + 2; from+len(l.code) <= s.cells {
		copy(row[from:], []rune(l.code))
	}
	return string(row)
}

// ruler is the line of ticks, and below it how far they are from the start.
func ruler(s scale, with ink, indent string) string {
	const apart = 11
	line := []rune(strings.Repeat(string(with.line), s.cells))
	labels := []rune(strings.Repeat(" ", s.cells))
	for _, t := range s.ticks(apart) {
		line[t.cell] = with.tick
		if t.cell+len(t.label) <= s.cells {
			copy(labels[t.cell:], []rune(t.label))
		}
	}
	return indent + string(line) + "\n" + indent + strings.TrimRight(string(labels), " ") + "\n"
}

// legend explains what is in the picture, and nothing else.
func legend(all []lane, with ink, width int) string {
	var entries []string
	drawn, marked, ragged := used(all)
	for _, p := range drawn {
		entries = append(entries, string(with.parts[p])+" "+parts[p])
	}
	if ragged {
		entries = append(entries, string(with.ragged)+" earlier")
	}
	for _, s := range marked {
		entries = append(entries, string(s.letter)+" "+s.means)
	}
	return fill(entries, width)
}

// fill puts entries on lines, as many on each as fit.
func fill(entries []string, width int) string {
	lines := []string{}
	for _, e := range entries {
		if n := len(lines); n > 0 && utf8.RuneCountInString(lines[n-1])+3+utf8.RuneCountInString(e) <= width {
			lines[n-1] += "   " + e
			continue
		}
		lines = append(lines, e)
	}
	return strings.Join(lines, "\n") + "\n"
}
