package contrib

import (
	"strings"

	"github.com/lockshim/lockshim/internal/shell"
)

// systemdLanguage follows systemd.service(5), "Command lines": words are quoted with
// double quotes, a dollar and a percent sign are doubled.
func systemdLanguage() language {
	return language{words: systemdWords, path: systemdPath, time: same, gap: " ", unfit: systemdUnfit, again: systemdPWD}
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
// (systemd.exec(5), WorkingDirectory=), and specifiers count. A blank at the end of a
// line would be lost, and a backslash there would join the next one to it
// (systemd.syntax(7)): a slash behind them means nothing.
func systemdPath(s string) string {
	s = strings.ReplaceAll(s, "%", "%%")
	if strings.HasSuffix(s, " ") || strings.HasSuffix(s, `\`) {
		s += "/"
	}
	return s
}

// systemdPWD is the directory as Environment= of the template has it: in quotes, where a
// dollar is nothing and specifiers count (systemd.exec(5)).
func systemdPWD(directory string) place {
	quoted := strings.NewReplacer("%", "%%", `\`, `\\`, `"`, `\"`).Replace(directory)
	return place{`"PWD=/srv/%i/current"`, `"PWD=` + quoted + `"`}
}

// systemdUnfit is for path_simplify_and_warn in systemd's src/shared/conf-parser.c.
func systemdUnfit(s string) string {
	if strings.Contains(s+"/", "/../") {
		return "systemd takes no path with .. in it"
	}
	return ""
}
