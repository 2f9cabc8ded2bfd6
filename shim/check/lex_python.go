package check

import "strings"

// A pythonLexer reads Python, as far as configurations need it.
type pythonLexer struct {
	lexer
	depth int // of brackets: lines do not end in them
}

// lexPython takes comments away, and joins lines. It takes any text.
func lexPython(src string) []token {
	l := &pythonLexer{lexer: lexer{src: strings.ReplaceAll(src, "\r\n", "\n"), line: 1}}
	for l.at < len(l.src) {
		l.one()
	}
	l.add(endToken, "")
	return l.found
}

// one takes the next token, or skips what is none.
func (l *pythonLexer) one() {
	switch c := l.peek(0); {
	case c == '\n' && l.depth == 0:
		l.add(endToken, "")
		l.skip(1)
	case c == ' ' || c == '\t' || c == '\f' || c == '\n':
		l.skip(1)
		l.space = true
	case c == '\\' && l.peek(1) == '\n':
		l.skip(2)
	case c == '#':
		l.toEnd()
	default:
		column := l.column()
		begins := l.last().kind == endToken
		l.visible(c)
		if begins {
			for i := len(l.found) - 1; i >= 0 && l.found[i].kind != endToken; i-- {
				l.found[i].indent = column
			}
		}
	}
}

// column is where in its line the lexer is, a tab being worth up to eight.
func (l *pythonLexer) column() int {
	n := 0
	for _, c := range l.src[strings.LastIndexByte(l.src[:l.at], '\n')+1 : l.at] {
		if n++; c == '\t' {
			n = (n + 7) / 8 * 8
		}
	}
	return n
}

// visible takes a token that c begins.
func (l *pythonLexer) visible(c byte) {
	switch {
	case l.stringStart():
	case isDigit(c):
		l.number()
	case isWord(c):
		l.name()
	default:
		switch c {
		case '(', '[', '{':
			l.depth++
		case ')', ']', '}':
			l.depth = max(0, l.depth-1)
		}
		l.operator()
	}
}

// stringStart takes a string with its prefix.
func (l *pythonLexer) stringStart() bool {
	n := 0
	for n < 2 && strings.ContainsRune("rRbBfFuU", rune(l.peek(n))) && l.peek(n) != 0 {
		n++
	}
	quote := l.peek(n)
	if quote != '"' && quote != '\'' {
		return false
	}
	prefix := strings.ToLower(l.src[l.at : l.at+n])
	l.skip(n)
	end := string([]byte{quote})
	if triple := strings.Repeat(end, 3); l.starts(triple) {
		end = triple
	}
	l.skip(len(end))
	l.body(end, strings.Contains(prefix, "r"), strings.Contains(prefix, "f"))
	return true
}

// body takes a string up to its end, or to that of the line where it is no
// triple one.
func (l *pythonLexer) body(end string, raw, formatted bool) {
	t := token{kind: stringToken, line: l.line, spaced: l.space}
	var text strings.Builder
	for l.at < len(l.src) && !l.starts(end) && !(len(end) == 1 && l.peek(0) == '\n') {
		switch {
		case l.peek(0) == '\\' && raw:
			text.WriteString(l.skip(2))
		case l.peek(0) == '\\':
			text.WriteString(unescape(l.peek(1)))
			l.skip(2)
		case formatted && l.peek(0) == '{' && l.peek(1) == '{', formatted && l.peek(0) == '}' && l.peek(1) == '}':
			text.WriteByte(l.peek(0))
			l.skip(2)
		case formatted && l.peek(0) == '{':
			t.parts = append(t.parts, part{text: text.String()}, part{l.replacement(), true})
			text.Reset()
		default:
			text.WriteString(l.skip(1))
		}
	}
	if l.starts(end) {
		l.skip(len(end))
	}
	if t.parts != nil {
		t.parts = append(t.parts, part{text: text.String()})
	}
	t.text = text.String()
	l.found, l.space = append(l.found, t), false
}

// replacement takes {code} of a formatted string.
func (l *pythonLexer) replacement() string {
	l.skip(1)
	n := strings.IndexAny(l.src[l.at:], "}\n")
	if n < 0 {
		n = len(l.src) - l.at
	}
	code := l.skip(n)
	if l.peek(0) == '}' {
		l.skip(1)
	}
	return code
}
