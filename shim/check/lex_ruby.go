package check

import "strings"

// A rubyLexer reads Ruby, as far as configurations need it.
type rubyLexer struct {
	lexer
	heredocs []string // terminators that the next lines have
}

// lexRuby takes comments away, and strings as they are. It takes any text; what
// is no Ruby makes no sense.
func lexRuby(src string) []token {
	l := &rubyLexer{lexer: lexer{src: strings.ReplaceAll(src, "\r\n", "\n"), line: 1}}
	l.lineStart()
	for l.at < len(l.src) {
		l.one()
	}
	l.add(endToken, "")
	return l.found
}

// one takes the next token, or skips what is none.
func (l *rubyLexer) one() {
	switch c := l.peek(0); {
	case c == '\n':
		l.add(endToken, "")
		l.skip(1)
		l.skipHeredocs()
		l.lineStart()
	case c == ' ' || c == '\t' || c == '\\' && l.peek(1) == '\n':
		l.space = true
		l.skip(1)
		if c == '\\' {
			l.skip(1)
		}
	case c == '#':
		l.toEnd()
	case c == '"' || c == '`' || c == '\'':
		l.skip(1)
		l.quoted(c, c, c != '\'')
	case l.heredoc(), l.percent(), l.regexp(), l.symbol(), l.character():
	case isDigit(c):
		l.number()
	case isWord(c) || (c == '@' || c == '$') && (isWord(l.peek(1)) || l.peek(1) == '@'):
		l.word()
	default:
		l.operator()
	}
}

// lineStart skips what only the beginning of a line can start.
func (l *rubyLexer) lineStart() {
	if l.starts("__END__\n") || l.src[l.at:] == "__END__" {
		l.at = len(l.src)
	}
	if l.starts("=begin") {
		end := strings.Index(l.src[l.at:], "\n=end")
		if end < 0 {
			end = len(l.src) - l.at
		}
		l.skip(end + 1)
		l.toEnd()
	}
}

// word takes a name with its sigil, and a final ? or !.
func (l *rubyLexer) word() {
	n := 0
	for l.peek(n) == '@' || l.peek(n) == '$' {
		n++
	}
	for isWord(l.peek(n)) {
		n++
	}
	if c := l.peek(n); (c == '?' || c == '!') && l.peek(n+1) != '=' {
		n++
	}
	l.add(wordToken, l.skip(n))
}

// quoted takes a string up to the closing byte; brackets nest.
func (l *rubyLexer) quoted(open, end byte, expands bool) *token {
	t := token{kind: stringToken, line: l.line, spaced: l.space}
	var text strings.Builder
	for depth := 1; l.at < len(l.src); {
		c := l.peek(0)
		switch {
		case c == '\\' && (expands || l.peek(1) == end || l.peek(1) == '\\'):
			text.WriteString(unescape(l.peek(1)))
			l.skip(2)
			continue
		case expands && c == '#' && l.peek(1) == '{':
			t.parts = append(t.parts, part{text: text.String()}, part{l.interpolated(), true})
			text.Reset()
			continue
		case c == end:
			depth--
		case c == open:
			depth++
		}
		l.skip(1)
		if depth == 0 {
			break
		}
		text.WriteByte(c)
	}
	if t.parts != nil {
		t.parts = append(t.parts, part{text: text.String()})
	}
	t.text = text.String()
	l.found, l.space = append(l.found, t), false
	return &l.found[len(l.found)-1]
}

// interpolated takes #{code}, whose braces nest.
func (l *rubyLexer) interpolated() string {
	l.skip(2)
	from, depth := l.at, 1
	for l.at < len(l.src) {
		switch l.peek(0) {
		case '{':
			depth++
		case '}':
			depth--
		}
		l.skip(1)
		if depth == 0 {
			return l.src[from : l.at-1]
		}
	}
	return l.src[from:]
}

// heredoc notes <<ID, <<-ID and <<~ID, whose text follows the line.
func (l *rubyLexer) heredoc() bool {
	if !l.starts("<<") {
		return false
	}
	n := 2
	if c := l.peek(n); c == '-' || c == '~' {
		n++
	} else if l.last().isValue() && !l.space || !(c == '"' || c == '\'' || c >= 'A' && c <= 'Z') {
		return false
	}
	quote := l.peek(n)
	if quote == '"' || quote == '\'' {
		n++
	} else if !isWord(quote) || isDigit(quote) {
		return false
	}
	from := n
	for isWord(l.peek(n)) {
		n++
	}
	id := l.src[l.at+from : min(l.at+n, len(l.src))]
	if id == "" {
		return false
	}
	if quote == '"' || quote == '\'' {
		n++
	}
	l.skip(n)
	l.heredocs = append(l.heredocs, id)
	l.add(stringToken, "").opaque = true
	return true
}

// skipHeredocs skips the texts that were announced in the line before.
func (l *rubyLexer) skipHeredocs() {
	for _, id := range l.heredocs {
		for l.at < len(l.src) {
			from := l.at
			l.toEnd()
			line := l.src[from:l.at]
			l.skip(1)
			if strings.TrimSpace(line) == id {
				break
			}
		}
	}
	l.heredocs = nil
}

// percent takes %w[...], %q(...) and their like.
func (l *rubyLexer) percent() bool {
	if l.peek(0) != '%' || l.last().isValue() && !(l.space && l.peek(1) != ' ' && l.peek(1) != '=') {
		return false
	}
	kind, n := l.peek(1), 2
	if !strings.ContainsRune("wWiIqQrxs", rune(kind)) {
		kind, n = 'Q', 1
	}
	open := l.peek(n)
	if open == 0 || isWord(open) || open == ' ' || open == '\n' {
		return false
	}
	l.skip(n + 1)
	t := l.quoted(open, closing(open), kind == 'Q' || kind == 'W' || kind == 'x')
	t.opaque = kind != 'q' && kind != 'Q'
	return true
}

// regexp takes a regular expression, where a division makes no sense.
func (l *rubyLexer) regexp() bool {
	prev := l.last()
	value := prev.isValue() && !(prev.kind == wordToken && l.space && l.peek(1) != ' ')
	if l.peek(0) != '/' || value {
		return false
	}
	l.skip(1)
	l.quoted('/', '/', true).opaque = true
	for isWord(l.peek(0)) {
		l.skip(1)
	}
	return true
}

// symbol takes :name and :"name".
func (l *rubyLexer) symbol() bool {
	next := l.peek(1)
	if l.peek(0) != ':' || next != '"' && (!isWord(next) || isDigit(next)) || l.last().isValue() && !l.space {
		return false
	}
	l.skip(1)
	if next == '"' {
		l.skip(1)
		l.quoted('"', '"', true).kind = symbolToken
		return true
	}
	l.word()
	l.found[len(l.found)-1].kind = symbolToken
	return true
}

// character takes ?x.
func (l *rubyLexer) character() bool {
	if l.peek(0) != '?' || l.last().isValue() || !isWord(l.peek(1)) || isWord(l.peek(2)) {
		return false
	}
	l.skip(1)
	l.add(stringToken, l.skip(1))
	return true
}
