package check

import "strings"

// The kinds of token.
const (
	wordToken   = 'w' // a name or a keyword
	stringToken = 's'
	numberToken = 'n'
	symbolToken = 'y' // Ruby's :name
	otherToken  = 'o' // an operator, a bracket
	endToken    = '\n'
)

// A token is a piece of a configuration in Ruby or Python.
type token struct {
	kind   byte
	text   string
	line   int
	indent int    // of the first token of a line: its column
	opaque bool   // a string whose value is not to be had: a regular expression, a list of words
	parts  []part // of a string that is put together; nil for a plain one
	spaced bool   // white space comes before it
}

// A part of a string: text, or an expression that stands in it.
type part struct {
	text string
	code bool
}

// is reports a word or an operator.
func (t token) is(text string) bool {
	return t.text == text && (t.kind == wordToken || t.kind == otherToken)
}

// isValue reports whether an operand may end with t: then a slash divides, and
// a bracket indexes.
func (t token) isValue() bool {
	switch t.kind {
	case stringToken, numberToken, symbolToken, wordToken:
		return true
	}
	return t.is(")") || t.is("]") || t.is("}")
}

// A lexer goes through a text.
type lexer struct {
	src   string
	at    int
	line  int
	space bool // white space before at
	found []token
}

// peek is the byte n further on, 0 behind the end.
func (l *lexer) peek(n int) byte {
	if l.at+n < len(l.src) {
		return l.src[l.at+n]
	}
	return 0
}

// starts reports what comes next.
func (l *lexer) starts(text string) bool { return strings.HasPrefix(l.src[l.at:], text) }

// add appends a token that began at byte from, which ends here.
func (l *lexer) add(kind byte, text string) *token {
	l.found = append(l.found, token{kind: kind, text: text, line: l.line, spaced: l.space})
	l.space = false
	return &l.found[len(l.found)-1]
}

// last is the token before, of the kind endToken at the beginning.
func (l *lexer) last() token {
	if len(l.found) == 0 {
		return token{kind: endToken}
	}
	return l.found[len(l.found)-1]
}

// skip goes n bytes on, and counts lines.
func (l *lexer) skip(n int) string {
	end := min(l.at+n, len(l.src))
	text := l.src[l.at:end]
	l.line += strings.Count(text, "\n")
	l.at = end
	return text
}

// name takes a word.
func (l *lexer) name() {
	n := 0
	for isWord(l.peek(n)) || n == 0 {
		n++
	}
	l.add(wordToken, l.skip(n))
}

// number takes a number. What is no digit ends it, but for what numbers are
// written with.
func (l *lexer) number() {
	n := 0
	for isWord(l.peek(n)) || l.peek(n) == '.' && isDigit(l.peek(n+1)) {
		n++
	}
	l.add(numberToken, strings.ReplaceAll(l.skip(n), "_", ""))
}

// operators are those of more than one byte that a reader has to tell apart.
var operators = []string{"||=", "&&", "||", "=>", "==", "!=", "=~", "<=", ">=", "::", "..", "->", "+=", "-=", "*=", "/=", "|=", "%=", ":=", "**", "<<", ">>", "&."}

// operator takes what is nothing else.
func (l *lexer) operator() {
	for _, op := range operators {
		if l.starts(op) {
			l.add(otherToken, l.skip(len(op)))
			return
		}
	}
	l.add(otherToken, l.skip(1))
}

// toEnd skips the rest of the line, without its end.
func (l *lexer) toEnd() {
	n := strings.IndexByte(l.src[l.at:], '\n')
	if n < 0 {
		n = len(l.src) - l.at
	}
	l.at += n
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// isWord reports a byte of a name. Bytes beyond ASCII are letters.
func isWord(c byte) bool {
	return c == '_' || isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80
}

// closing is the bracket that belongs to an opening one; other bytes close
// themselves.
func closing(open byte) byte {
	switch open {
	case '(':
		return ')'
	case '[':
		return ']'
	case '{':
		return '}'
	case '<':
		return '>'
	}
	return open
}

// unescape is what a backslash and c mean in a string. It knows the usual ones.
func unescape(c byte) string {
	switch c {
	case 'n':
		return "\n"
	case 't':
		return "\t"
	case '\n':
		return ""
	}
	return string([]byte{c})
}
