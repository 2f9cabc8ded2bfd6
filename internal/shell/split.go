package shell

import "strings"

// Split reads back what Quote wrote. It is no shell: of a line that Quote did
// not write it makes words of some kind, and never fails.
func Split(line string) []string {
	var words []string
	for line != "" {
		var word string
		word, line = first(line)
		words = append(words, word)
	}
	return words
}

// first cuts the first word, and the space behind it, from a line.
func first(line string) (word, rest string) {
	var b strings.Builder
	for line != "" && line[0] != ' ' {
		size := 1
		switch {
		case strings.HasPrefix(line, "$'"):
			size = unescape(&b, line[2:]) + 2
		case line[0] == '\'':
			text, _, _ := strings.Cut(line[1:], "'")
			b.WriteString(text)
			size = min(len(text)+2, len(line))
		case line[0] == '\\' && len(line) > 1:
			b.WriteByte(line[1])
			size = 2
		default:
			b.WriteByte(line[0])
		}
		line = line[size:]
	}
	return b.String(), strings.TrimPrefix(line, " ")
}

// unescape reads the inside of $'...', and returns how much of text it took,
// the closing quote with it.
func unescape(b *strings.Builder, text string) int {
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\'':
			return i + 1
		case text[i] != '\\' || i+1 == len(text):
			b.WriteByte(text[i])
		case octal(text[i+1:]):
			b.WriteByte((text[i+1]-'0')<<6 | (text[i+2]-'0')<<3 | (text[i+3] - '0'))
			i += 3
		default:
			i++
			b.WriteByte(text[i])
		}
	}
	return len(text)
}

// octal reports whether text begins with the three digits of a byte.
func octal(text string) bool {
	digit := func(c byte) bool { return c >= '0' && c <= '7' }
	return len(text) > 2 && text[0] <= '3' && digit(text[0]) && digit(text[1]) && digit(text[2])
}
