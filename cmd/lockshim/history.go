package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/shim"
	"github.com/lockshim/lockshim/shim/history"
)

func historyVerb() *verb {
	return &verb{
		name:  "history",
		args:  "SERVICE",
		short: "show what happened, generation by generation",
		long: "The shim remembers its last 256 events. What came before is told by the start\n" +
			"times of processes alone. It exits with 3 if nobody of the service lives.",
		example: "lockshim history web --svg > web.svg",
		options: []option{
			{name: "json", help: "print one JSON object"},
			{name: "svg", help: "print a picture"},
		},
		run: (*call).history,
	}
}

func (c *call) history() error {
	if c.switchGiven("json") && c.switchGiven("svg") {
		return errTwoForms(c.verb)
	}
	if err := c.onlyService(); err != nil {
		return err
	}
	h, err := shim.History(c.service.path)
	if err != nil {
		return err
	}
	text, err := c.historyIn(h)
	if err == nil {
		err = printResult(text)
	}
	if err == nil && shim.State(h.State) == shim.Free {
		return exitStatus(exitNotRunning)
	}
	return err
}

// historyIn is a history in the form that was asked for.
func (c *call) historyIn(h history.History) (string, error) {
	switch {
	case c.switchGiven("json"):
		return historyJSON(h)
	case c.switchGiven("svg"):
		return historySVG(c.service.name, h, time.Local), nil
	}
	return historyText(c.service.name, h, paperOf(os.Getenv, int(os.Stdout.Fd()))), nil
}

// historyJSON is one object on lines of its own. Command lines keep their < and &.
func historyJSON(h history.History) (string, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(h)
	return b.String(), err
}

// A paper is what a text is written on.
type paper struct {
	width int // columns
	utf8  bool
	zone  *time.Location
}

// The widths of a paper: where nothing tells it, and the least that is any good.
const (
	usualWidth = 80
	leastWidth = 40
)

// paperOf is the terminal fd, or what a pipe is taken for.
func paperOf(getenv func(string) string, fd int) paper {
	p := paper{width: usualWidth, utf8: speaksUTF8(getenv), zone: time.Local}
	if size, err := unix.IoctlGetWinsize(fd, unix.TIOCGWINSZ); err == nil && size.Col > 0 {
		p.width = int(size.Col)
	} else if columns, err := strconv.Atoi(getenv("COLUMNS")); err == nil && columns > 0 {
		p.width = columns
	}
	p.width = max(p.width, leastWidth)
	return p
}

// speaksUTF8 reports whether the locale's character set is UTF-8: the first of the
// variables of locale(7) that is set says it.
func speaksUTF8(getenv func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if value := getenv(name); value != "" {
			_, charset, _ := strings.Cut(strings.ToLower(value), ".")
			charset, _, _ = strings.Cut(charset, "@")
			return charset == "utf-8" || charset == "utf8"
		}
	}
	return false
}
