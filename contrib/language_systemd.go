package contrib

import (
	"strings"

	"github.com/lockshim/lockshim/internal/shell"
)

// systemdLanguage follows systemd.service(5), "Command lines": words are quoted with
// double quotes, a dollar and a percent sign are doubled.
func systemdLanguage() language {
	return language{words: systemdWords, path: systemdPath, time: same, gap: " "}
}

func systemdWords(words []string) string {
	var quoted []string
	for _, word := range words {
		quoted = append(quoted, systemdWord(word))
	}
	return strings.Join(quoted, " ")
}

func systemdWord(word string) string {
	doubled := strings.NewReplacer("%", "%%", "$", "$$").Replace(word)
	if shell.Quote(word) == word {
		return doubled
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(doubled) + `"`
}

// systemdPath is the value of a setting that is one path: it is not unquoted
// (systemd.exec(5), WorkingDirectory=), and specifiers count.
func systemdPath(s string) string { return strings.ReplaceAll(s, "%", "%%") }
