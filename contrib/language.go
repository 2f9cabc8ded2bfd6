package contrib

import (
	"encoding/json"
	"path"
	"strconv"
	"strings"

	"github.com/lockshim/lockshim/internal/shell"
)

// A language is how a file writes what is put into it.
type language struct {
	words    func([]string) string    // words of a command line
	path     func(string) string      // a directory
	time     func(string) string      // seconds
	gap      string                   // what stands between words
	refuse   func(word string) string // why a word cannot be brought through; may be nil
	unfit    func(path string) string // likewise a directory or a socket
	again    func(string) place       // where a directory stands once more, quoted otherwise; may be nil
	instance string                   // what stands for the name in a template; "" in other files
}

// languageOf is that of a file: its folder's, but for a few.
func languageOf(name string) language {
	folder, _, _ := strings.Cut(name, "/")
	switch base := path.Base(name); {
	case strings.HasPrefix(base, "lockshim@."):
		l := systemdLanguage()
		l.instance = "%i"
		return l
	case base == "timeout-kill":
		l := shellLanguage()
		l.time = func(s string) string { return s + "000" } // milliseconds
		return l
	case folder == "monit":
		l := shellLanguage()
		l.time = monitTime
		return l
	case base == "inittab":
		return inittabLanguage()
	case base == "deployment.yaml":
		return kubernetesLanguage()
	}
	switch folder {
	case "systemd":
		return systemdLanguage()
	case "supervisor":
		return supervisorLanguage()
	case "openrc":
		return openrcLanguage()
	case "upstart":
		return upstartLanguage()
	case "container":
		return containerLanguage()
	}
	return shellLanguage()
}

// shellLanguage is that of sh(1).
func shellLanguage() language {
	return language{
		words: func(w []string) string { return shell.Quote(w...) },
		path:  func(s string) string { return shell.Quote(s) },
		time:  same,
		gap:   " ",
	}
}

// inittabLanguage has room for 127 characters of a command (inittab(5)).
func inittabLanguage() language {
	l := shellLanguage()
	l.refuse = func(name string) string {
		if len("/etc/lockshim/"+name) > 127 {
			return "init wants a shorter line"
		}
		return ""
	}
	return l
}

// containerLanguage is a Containerfile's: command lines are lists of strings in JSON,
// and a path is unquoted, with variables in it (Dockerfile reference, "WORKDIR").
func containerLanguage() language {
	return language{words: jsonWords, path: containerPath, time: same, gap: ", "}
}

func containerPath(s string) string {
	if shell.Quote(s) == s {
		return s
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`).Replace(s) + `"`
}

func jsonWords(words []string) string {
	var quoted []string
	for _, word := range words {
		quoted = append(quoted, jsonString(word))
	}
	return strings.Join(quoted, ", ")
}

// jsonString keeps < > and & as they are.
func jsonString(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string is always encoded
	return strings.TrimSuffix(b.String(), "\n")
}

// kubernetesLanguage is JSON in YAML. In words $(NAME) stands for a variable, and two
// dollar signs for one (the API's Container, "args").
func kubernetesLanguage() language {
	return language{
		words: func(w []string) string { return strings.ReplaceAll(jsonWords(w), "$", "$$") },
		path:  jsonString,
		time:  same,
		gap:   ", ",
	}
}

// monitTime is longer than the init script's own timeout: monit kills a script, and
// that should have its own end first.
func monitTime(s string) string {
	n, _ := strconv.Atoi(s) // refuseTimeout has seen it
	return strconv.Itoa(n + 30)
}

func same(s string) string { return s }
