//go:build linux

package test

import (
	"fmt"
	"strings"
)

// upstartLines reads the words of a configuration: quotes and backslashes keep a blank,
// a hash or the end of a line from being one, a backslash before an end of line joins
// two, and quotes are taken from arguments and left to commands, which a shell may read
// (init(5), "Configuration File Format"). A backslash counts within any quotes.
type upstartLines struct {
	text string
	pos  int
}

// An upstartError is what is wrong with a configuration.
type upstartError struct{ error }

// The characters that end an argument, and a command.
const (
	upstartBlanks     = " \t\r"
	upstartArgument   = upstartBlanks + "#\n"
	upstartCommand    = "#\n"
	upstartLineIsOver = "#\n"
)

// fail ends parseUpstart.
func (l *upstartLines) fail(why string) {
	panic(upstartError{fmt.Errorf("line %d: %s", 1+strings.Count(l.text[:l.pos], "\n"), why)})
}

// more goes to the next stanza, if there is one.
func (l *upstartLines) more() bool {
	for l.pos < len(l.text) {
		l.blanks()
		if !l.over() {
			return true
		}
		l.endLine()
	}
	return false
}

// blanks goes over them, and over joined ends of lines.
func (l *upstartLines) blanks() {
	for rest := l.text[l.pos:]; rest != ""; rest = l.text[l.pos:] {
		switch {
		case strings.IndexByte(upstartBlanks, rest[0]) >= 0:
			l.pos++
		case strings.HasPrefix(rest, "\\\n"):
			l.pos += 2
		default:
			return
		}
	}
}

// over tells whether a comment or the end of the line is next.
func (l *upstartLines) over() bool {
	return l.pos == len(l.text) || strings.IndexByte(upstartLineIsOver, l.text[l.pos]) >= 0
}

// endLine goes over a comment and the end of a line. Nothing else may be there.
func (l *upstartLines) endLine() {
	if !l.over() {
		l.fail("more than was expected")
	}
	if end := strings.IndexByte(l.text[l.pos:], '\n'); end >= 0 {
		l.pos += end + 1
		return
	}
	l.pos = len(l.text)
}

// args tells whether the line has another argument.
func (l *upstartLines) args() bool { return !l.over() }

// arg is the next argument.
func (l *upstartLines) arg() string { return l.token(upstartArgument, true) }

// peek is arg without going on.
func (l *upstartLines) peek() string {
	at := l.pos
	word := l.arg()
	l.pos = at
	return word
}

// expect goes over an argument that has to be that one.
func (l *upstartLines) expect(word string) {
	if got := l.arg(); got != word {
		l.fail("unknown stanza: " + got + " where " + word + " has to be")
	}
}

// command is the rest of the line, quotes and all.
func (l *upstartLines) command() string {
	text := l.token(upstartCommand, false)
	l.endLine()
	return text
}

// script is what stands before the line "end script".
func (l *upstartLines) script() string {
	l.endLine()
	var b strings.Builder
	for l.pos < len(l.text) {
		line, _, _ := strings.Cut(l.text[l.pos:], "\n")
		l.pos = min(l.pos+len(line)+1, len(l.text))
		if strings.Join(strings.Fields(line), " ") == "end script" {
			return b.String()
		}
		b.WriteString(line + "\n")
	}
	l.fail("a script has no end")
	return ""
}

// token reads up to what ends it, and over the blanks behind it. It must not be empty.
func (l *upstartLines) token(ends string, dequote bool) string {
	var b strings.Builder
	begin := l.pos
	for quote := byte(0); l.pos < len(l.text); l.pos++ {
		c := l.text[l.pos]
		switch {
		case c == '\\':
			l.escaped(&b, dequote)
			continue
		case c == '\n' && quote != 0:
			l.fail("the kit joins no lines within quotes")
		case c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote == 0 && strings.IndexByte(ends, c) >= 0:
			if l.pos == begin {
				l.fail("a word is missing")
			}
			l.blanks()
			return strings.TrimRight(b.String(), upstartBlanks)
		default:
			b.WriteByte(c)
			continue
		}
		if !dequote {
			b.WriteByte(c)
		}
	}
	if l.pos == begin || !strings.HasSuffix(l.text, "\n") {
		l.fail("the file ends in a word")
	}
	l.fail("a quote is not closed")
	return ""
}

// escaped reads a backslash and what is behind it. Two lines are joined by one blank.
func (l *upstartLines) escaped(b *strings.Builder, dequote bool) {
	if l.pos++; l.pos == len(l.text) {
		l.fail("a backslash ends the file")
	}
	c := l.text[l.pos]
	switch {
	case c == '\n':
		joined := strings.TrimRight(b.String(), upstartBlanks)
		b.Reset()
		b.WriteString(joined + " ")
		for l.pos+1 < len(l.text) && strings.IndexByte(upstartBlanks, l.text[l.pos+1]) >= 0 {
			l.pos++
		}
	case dequote && (c == '\\' || strings.IndexByte(upstartBlanks, c) >= 0):
		b.WriteByte(c)
	default:
		b.WriteString(`\` + string(c))
	}
}
