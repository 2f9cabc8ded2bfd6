package check

import "strings"

// iniValue is the last value of a key in a section of an ini file, as
// supervisord, php-fpm and uWSGI write them: a semicolon or a hash begins a
// comment, and quotes may stand around a value. A section "" is that of the
// beginning.
func iniValue(text, section, key string) (value string, found bool) {
	all := iniAll(text, section, key)
	if len(all) == 0 {
		return "", false
	}
	return all[len(all)-1], true
}

// iniAll are the values of a key that may be repeated.
func iniAll(text, section, key string) (values []string) {
	in := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == ';' || line[0] == '#':
		case line[0] == '[':
			in = strings.TrimSpace(strings.Trim(strings.SplitN(line, "]", 2)[0], "[]"))
		case in == section:
			name, rest, assigned := strings.Cut(line, "=")
			if strings.TrimSpace(name) != key {
				continue
			}
			if !assigned {
				rest = "true" // uWSGI: a bare key is on
			}
			values = append(values, iniText(rest))
		}
	}
	return values
}

// iniText is a value without its comment and its quotes.
func iniText(rest string) string {
	text := strings.TrimSpace(rest)
	if i := strings.Index(text, " ;"); i >= 0 {
		text = strings.TrimSpace(text[:i])
	}
	if len(text) > 1 && (text[0] == '"' || text[0] == '\'') && text[len(text)-1] == text[0] {
		text = text[1 : len(text)-1]
	}
	return text
}
