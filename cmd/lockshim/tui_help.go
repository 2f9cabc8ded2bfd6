package main

import (
	"fmt"
	"strings"
)

// rootHelp is `lockshim --help`.
func rootHelp() string {
	var b strings.Builder
	b.WriteString("usage: lockshim VERB [FLAG...] [ARG...]\n\n" +
		"lockshim keeps one pid for a server that replaces itself: it launches the\n" +
		"server, waits until the last generation is gone, and exits with its status.\n\nverbs:\n")
	rows := [][]string{}
	for _, build := range verbs() {
		v := build()
		rows = append(rows, []string{"  " + v.name, v.short})
	}
	b.WriteString(table(append(rows, []string{"  help", "print this help, or that of VERB"})))
	b.WriteString("\nflags:\n" + optionTable(rootOptions()))
	b.WriteString("\nSERVICE is a name, whose lockfile is in the runtime directory or in a directory\n" +
		"of that name there, or the path of a lockfile, which has a slash. LOCKSHIM_LOCK\n" +
		"stands for a missing SERVICE.\n\n" +
		"more: lockshim VERB --help, lockshim man | man -l -\n")
	return b.String()
}

// verbHelp is `lockshim VERB --help`.
func verbHelp(v *verb) string {
	text := "usage: " + v.usage() + "\n\n" + v.short + "\n"
	if v.long != "" {
		text += "\n" + v.long + "\n"
	}
	text += "\nflags:\n" + optionTable(v.options)
	if v.example != "" {
		text += "\nexample:\n  " + v.example + "\n"
	}
	return text
}

// optionTable lists flags, what they do, and what happens without them.
func optionTable(options []option) string {
	var rows [][]string
	for _, o := range options {
		name := "  --" + o.name
		if o.name == "help" {
			name = "  -h, --help"
		}
		if o.value != "" {
			name += " " + o.value
		}
		rows = append(rows, []string{name, o.help + o.remarks()})
	}
	return table(rows)
}

// remarks are what a flag's help does not have to repeat.
func (o option) remarks() string {
	var notes []string
	if o.repeat {
		notes = append(notes, "may be repeated")
	}
	if o.preset != "" {
		notes = append(notes, "default: "+o.preset)
	}
	if len(notes) == 0 {
		return ""
	}
	return fmt.Sprintf(" (%s)", strings.Join(notes, "; "))
}
