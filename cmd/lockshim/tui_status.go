package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lockshim/lockshim/shim"
)

// statusText is what status prints for people: the service, then every process
// on a line of its own, generations oldest first, each master before its
// workers.
func statusText(name string, st shim.Status, now time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "service  %s\nlock     %s\n", oneLine(name), oneLine(st.Lock))
	if st.Profile != "" {
		fmt.Fprintf(&b, "profile  %s\n", st.Profile)
	}
	fmt.Fprintf(&b, "state    %s\nshim     %s\n", st.State, shimText(st.Shim, now))
	rows := processRows(st, now)
	if len(rows) > 0 {
		header := []string{"PROCESS", "PID", "STATE", "AGE", "MEMORY", "LOCKED", "COMMAND"}
		b.WriteString("\n" + table(append([][]string{header}, rows...)))
	}
	return b.String()
}

func shimText(s *shim.ShimStatus, now time.Time) string {
	if s == nil {
		return "none"
	}
	text := fmt.Sprintf("pid %d, up %s", s.PID, age(now.Sub(s.Started)))
	if s.Version != "" {
		text += ", version " + oneLine(s.Version)
	}
	if s.Adopted {
		text += ", found the tree running"
	}
	return text
}

// processRows are the lines of the table below its header.
func processRows(st shim.Status, now time.Time) [][]string {
	var rows [][]string
	for _, g := range st.Generations {
		label := fmt.Sprintf("generation %d, %s", g.Generation, count(len(g.Workers), "worker"))
		if g.Master == nil {
			rows = append(rows, []string{label, "-", g.State, "-", "-", "-", "(its master is gone)"})
		} else {
			rows = append(rows, processRow(label, g.State, *g.Master, now))
		}
		for _, w := range g.Workers {
			rows = append(rows, processRow("  worker", "", w, now))
		}
	}
	for _, p := range st.Helpers {
		rows = append(rows, processRow("helper", "", p, now))
	}
	for _, p := range st.Strays {
		rows = append(rows, processRow("stray", "", p, now))
	}
	for _, p := range st.Members {
		rows = append(rows, processRow("member", "", p, now))
	}
	for _, p := range st.Foreign {
		rows = append(rows, processRow("foreign holder", "", p, now))
	}
	return rows
}

func processRow(label, state string, p shim.ProcessStatus, now time.Time) []string {
	locked := "no"
	if p.Locked {
		locked = "yes"
	}
	return []string{label, strconv.Itoa(p.PID), state, age(now.Sub(p.Started)), size(p.Memory), locked, oneLine(p.Command)}
}

// count is a number and what it counts.
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// table aligns columns with two spaces between them; the last one is ragged.
func table(rows [][]string) string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		line := ""
		for i, cell := range row {
			line += cell + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2)
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}

// age is a time in its two largest units.
func age(d time.Duration) string {
	d = max(0, d)
	days, hours := int(d.Hours())/24, int(d.Hours())%24
	minutes, seconds := int(d.Minutes())%60, int(d.Seconds())%60
	switch {
	case days > 0:
		return fmt.Sprintf("%dd%02dh", days, hours)
	case hours > 0:
		return fmt.Sprintf("%dh%02dm", hours, minutes)
	case minutes > 0:
		return fmt.Sprintf("%dm%02ds", minutes, seconds)
	}
	return fmt.Sprintf("%ds", seconds)
}

// size is a number of bytes in MiB, as memory of servers is spoken of.
func size(bytes int64) string {
	return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20))
}
