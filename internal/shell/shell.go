// Package shell writes words as a shell reads them back, on one line that is
// safe to print, and reads such a line.
package shell

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Quote writes words as a shell reads them back, on one line. Bytes that a
// terminal would act on, or that are not UTF-8, come out in the $'...' form of
// bash, zsh and POSIX.1-2024.
func Quote(words ...string) string {
	quoted := make([]string, 0, len(words))
	for _, word := range words {
		quoted = append(quoted, quote(word))
	}
	return strings.Join(quoted, " ")
}

func quote(word string) string {
	switch {
	case !Printable(word):
		return "$'" + escape(word, `\'`) + "'"
	case word == "" || strings.ContainsFunc(word, needsQuote):
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	return word
}

// needsQuote reports a character that a shell might not leave alone.
func needsQuote(r rune) bool {
	return !(r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' ||
		strings.ContainsRune("%+,-./:=@_", r))
}

// OneLine makes a text safe to print: what is not printable is escaped.
func OneLine(text string) string {
	if Printable(text) {
		return text
	}
	return escape(text, "")
}

// Printable reports whether a terminal shows text as it is, on one line.
func Printable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}

// escape writes every byte that is not part of a printable character as \ooo,
// and puts a backslash before the characters in special.
func escape(text, special string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		bad := r == utf8.RuneError && size == 1 || !unicode.IsPrint(r)
		for j := i; bad && j < i+size; j++ {
			fmt.Fprintf(&b, `\%03o`, text[j])
		}
		if !bad {
			if strings.ContainsRune(special, r) {
				b.WriteByte('\\')
			}
			b.WriteRune(r)
		}
		i += size
	}
	return b.String()
}
