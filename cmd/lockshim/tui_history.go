package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lockshim/lockshim/shim/event"
	"github.com/lockshim/lockshim/shim/history"
)

// historyText is what history prints for people: the service, the picture, its
// legend, and the last facts in words.
func historyText(name string, h history.History, p paper) string {
	var b strings.Builder
	fmt.Fprintf(&b, "service  %s\nlock     %s\n", oneLine(name), oneLine(h.Lock))
	if h.Profile != "" {
		fmt.Fprintf(&b, "profile  %s\n", h.Profile)
	}
	fmt.Fprintf(&b, "state    %s\n", h.State)
	b.WriteString(wrap("memory   ", memoryText(h, p.zone), p.width))
	if all := lanes(h); len(all) > 0 {
		b.WriteString("\n" + picture(h, all, p))
	}
	b.WriteString(factList(name, h, p))
	return b.String()
}

// memoryText says how much of the past is known, and by whom.
func memoryText(h history.History, zone *time.Location) string {
	switch {
	case len(h.Generations) == 0 && h.Shim == nil:
		return "none: nobody of the service lives"
	case h.Since == nil:
		return "none: no shim answers; start times of the processes in /proc are all that is known"
	case h.Forgotten > 0:
		return fmt.Sprintf("the last %s, since %s; %d before them are forgotten",
			count(len(h.Events), "event"), clock(*h.Since, zone), h.Forgotten)
	}
	return "every event since " + clock(*h.Since, zone)
}

// clock is a time of day with its zone.
func clock(t time.Time, zone *time.Location) string {
	return t.In(zone).Format("2006-01-02 15:04:05 MST")
}

// listedLines is how many of the last facts are told in words. All are in the
// records.
const listedLines = 24

// A fact is something that is known, in words.
type fact struct {
	time time.Time
	text string
}

// factList are the last facts in words, one a line where it fits.
func factList(name string, h history.History, p paper) string {
	all := facts(h)
	if len(all) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("\n")
	last := all[max(0, len(all)-listedLines):]
	if more := len(all) - len(last); more > 0 {
		fmt.Fprintf(&b, "(%d before these: lockshim history %s --json)\n", more, quoteWord(name))
	}
	for _, f := range last {
		b.WriteString(wrap(f.time.In(p.zone).Format("2006-01-02 15:04:05")+"  ", f.text, p.width))
	}
	return b.String()
}

// facts are the events in words, and the starts of processes that only /proc
// tells, in the order of time.
func facts(h history.History) []fact {
	var all []fact
	for _, g := range h.Generations {
		if g.Seen || !g.Lives {
			continue
		}
		if g.Born != nil {
			all = append(all, fact{*g.Born, fmt.Sprintf("/proc: master pid %d of generation %d started: %s", g.PID, g.Number, clip(oneLine(g.Command)))})
		}
		for _, w := range g.Workers {
			all = append(all, fact{w.Started, fmt.Sprintf("/proc: worker pid %d of generation %d started", w.PID, g.Number)})
		}
	}
	for _, r := range h.Events {
		all = append(all, fact{r.Time, told(h, r)})
	}
	slices.SortStableFunc(all, func(a, b fact) int { return a.time.Compare(b.time) })
	return all
}

// told is a record in words.
func told(h history.History, r event.Record) string {
	log := renderer{lock: h.Lock}
	return oneLine(log.sentence(r.Event()))
}

// wrap breaks a text between words where it is wider than the paper. Its lines
// stand below each other behind the head.
func wrap(head, text string, width int) string {
	indent := utf8.RuneCountInString(head)
	line, lines := "", []string{}
	for _, word := range strings.Split(text, " ") {
		if line != "" && indent+utf8.RuneCountInString(line+" "+word) > width {
			lines, line = append(lines, line), word
			continue
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return head + strings.Join(append(lines, line), "\n"+strings.Repeat(" ", indent)) + "\n"
}

// pidText is a pid, or a dash for one that nobody knows.
func pidText(pid int) string {
	if pid == 0 {
		return "-"
	}
	return strconv.Itoa(pid)
}
