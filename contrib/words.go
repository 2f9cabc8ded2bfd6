package contrib

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/lockshim/lockshim/internal/shell"
)

// split reads a line as a shell would cut it into words, and says why where it
// cannot: quotes and backslashes count, and what a shell would act on, unquoted, is
// refused, because no shell reads the line where it goes.
func split(line string) (found []string, why string) {
	if !shell.Printable(line) {
		return nil, "it has characters that do not print, or a second line"
	}
	var word strings.Builder
	var quote rune
	inWord, escaped := false, false
	for _, r := range line {
		switch {
		case escaped:
			if quote == '"' && !strings.ContainsRune("\"\\$`", r) {
				word.WriteRune('\\')
			}
			word.WriteRune(r)
			escaped = false
		case r == '\\' && quote != '\'':
			inWord, escaped = true, true
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '"' || r == '\''):
			inWord, quote = true, r
		case quote == 0 && r == ' ':
			if inWord {
				found = append(found, word.String())
				word.Reset()
			}
			inWord = false
		case acted(r, quote):
			return nil, "no shell reads it: quote the " + string(r)
		default:
			inWord = true
			word.WriteRune(r)
		}
	}
	if quote != 0 || escaped {
		return nil, "a quote is not closed"
	}
	if inWord {
		found = append(found, word.String())
	}
	return found, ""
}

// Words reads a command line, or flags, as Fill does: cut as a shell would, with
// quotes and backslashes. The error wraps ErrSetting, and says what is wrong with it.
func Words(line string) ([]string, error) {
	found, why := split(line)
	if why != "" {
		return nil, fmt.Errorf("cannot read %q: %w: %s", line, ErrSetting, why)
	}
	return found, nil
}

// acted reports a character that a shell would act on.
func acted(r, quote rune) bool {
	switch quote {
	case 0:
		return strings.ContainsRune("$`;&|<>()*?[]{}!#~", r)
	case '"':
		return r == '$' || r == '`'
	}
	return false
}

// words are those of a line that split takes.
func words(line string) []string {
	found, _ := split(line)
	return found
}

// refuseName allows what is a name to lockshim, and more than a dot: it becomes a
// folder's.
func refuseName(s string, l language) string {
	ok := strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._@-") == ""
	if s == "" || !ok || s[0] == '.' || s[0] == '-' || strings.HasSuffix(s, ".lock") {
		return "a name has letters, digits and . _ @ -"
	}
	if l.refuse != nil {
		return l.refuse(s)
	}
	return ""
}

func refuseCommand(s string, l language) string {
	if found, why := split(s); why == "" && len(found) == 0 {
		return "it is empty"
	}
	return refuseWords(s, l)
}

func refuseWords(s string, l language) string {
	found, why := split(s)
	for _, word := range found {
		if why == "" && l.refuse != nil {
			why = l.refuse(word)
		}
	}
	return why
}

// refuseUser allows a name of passwd(5), or a number.
func refuseUser(s string, _ language) string {
	ok := strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == ""
	if s == "" || !ok || s[0] == '-' || s[0] == '.' {
		return "a user has letters, digits and . _ -"
	}
	return ""
}

// refusePath wants a directory that means the same wherever it is read.
func refusePath(s string, l language) string {
	switch {
	case !path.IsAbs(s):
		return "it is not absolute"
	case !shell.Printable(s):
		return "it has characters that do not print"
	}
	for _, refuse := range []func(string) string{l.refuse, l.unfit} {
		if refuse != nil && refuse(s) != "" {
			return refuse(s)
		}
	}
	return ""
}

// refuseSocket allows what a server can listen on, without a lookup: a path that
// sun_path has room for (unix(7)), a port, an address and a port.
func refuseSocket(s string, l language) string {
	colon := strings.LastIndexByte(s, ':')
	port := s[colon+1:]
	n, err := strconv.Atoi(port)
	switch {
	case path.IsAbs(s) && len(s) > 107:
		return "it is longer than 107 bytes"
	case path.IsAbs(s) && strings.ContainsAny(s[len(s)-1:], ` /\`):
		return "a socket does not end so"
	case path.IsAbs(s):
		return refusePath(s, l)
	case err != nil || n < 1 || n > 65535 || port != strconv.Itoa(n), colon >= 0 && !address(s[:colon]):
		return "it is neither a path nor a port nor an address and a port"
	}
	return ""
}

// address tells whether it looks like one of IPv4, or of IPv6 in brackets.
func address(s string) bool {
	if inner, is := strings.CutPrefix(s, "["); is {
		inner, is = strings.CutSuffix(inner, "]")
		return is && inner != "" && strings.Trim(inner, "0123456789abcdefABCDEF:.") == ""
	}
	return s != "" && strings.Trim(s, "0123456789.") == ""
}

// refuseTimeout wants seconds: no file has a way to say less, and 0 is no time to one
// init system and all the time in the world to another.
func refuseTimeout(s string, _ language) string {
	if n, err := strconv.Atoi(s); err != nil || n < 1 || n > 1e6 || s != strconv.Itoa(n) {
		return "it is a number of seconds, 1 to 1000000"
	}
	return ""
}

// idLength is the most that inittab(5) allows.
const idLength = 4

// refuseID allows what init takes, and no comment.
func refuseID(s string, _ language) string {
	ok := strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") == ""
	if s == "" || len(s) > idLength || !ok {
		return "an id has letters, digits, _ and -, four at most"
	}
	return ""
}
