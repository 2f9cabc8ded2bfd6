package check

import "strings"

// Options is the syntax of a command line, as far as getopt(3) has to know it.
type options struct {
	flags string // short options without an argument
	takes string // short options with one
}

// value is the last argument of an option, by its short name, "" for none, or
// one of its long names.
func (o options) value(args []string, short string, long ...string) string {
	all := o.values(args, short, long...)
	if len(all) == 0 {
		return ""
	}
	return all[len(all)-1]
}

// values are all arguments of an option that may be repeated.
func (o options) values(args []string, short string, long ...string) (found []string) {
	o.each(args, long, func(name, value string) {
		if name == short && short != "" || contains(long, name) {
			found = append(found, value)
		}
	})
	return found
}

// has reports an option without an argument.
func (o options) has(args []string, short string, long ...string) (found bool) {
	o.each(args, nil, func(name, _ string) {
		found = found || name == short && short != ""
		for _, l := range long {
			found = found || name == l
		}
	})
	return found
}

// each calls do for every option up to "--". Of the long options, those in
// takes have an argument.
func (o options) each(args, takes []string, do func(name, value string)) {
	for i := 1; i < len(args) && args[i] != "--"; i++ {
		name, isLong := strings.CutPrefix(args[i], "--")
		switch {
		case isLong:
			name, value, attached := strings.Cut(name, "=")
			if !attached && i+1 < len(args) && contains(takes, name) {
				i++
				value = args[i]
			}
			do(name, value)
		case len(args[i]) > 1 && args[i][0] == '-':
			if o.cluster(args[i][1:], args[i+1:], do) {
				i++
			}
		}
	}
}

// cluster takes short options that stand together, and reports whether the next
// argument belongs to the last of them.
func (o options) cluster(text string, next []string, do func(name, value string)) bool {
	for i := range len(text) {
		name, rest := text[i:i+1], text[i+1:]
		switch {
		case strings.Contains(o.takes, name) && rest != "":
			do(name, rest)
			return false
		case strings.Contains(o.takes, name):
			if len(next) > 0 {
				do(name, next[0])
			}
			return true
		}
		do(name, "")
		if !strings.Contains(o.flags, name) {
			return false
		}
	}
	return false
}

func contains(list []string, word string) bool {
	for _, w := range list {
		if w == word {
			return true
		}
	}
	return false
}

// splitWords splits a string as shlex.split(3) of Python does: quotes and
// backslashes, nothing else.
func splitWords(text string) (words []string) {
	var word strings.Builder
	begun, quote := false, byte(0)
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\\' && quote != '\'' && i+1 < len(text):
			i++
			word.WriteByte(text[i])
			begun = true
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote, begun = c, true
		case quote == 0 && strings.IndexByte(" \t\n", c) >= 0:
			if begun {
				words = append(words, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteByte(c)
			begun = true
		}
	}
	if begun {
		words = append(words, word.String())
	}
	return words
}
