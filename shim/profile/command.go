package profile

import (
	"path"
	"slices"
	"strings"
)

// Strip is the command that is left of argv when wrappers (env, chpst, bundle
// exec, sudo and the like) and interpreters with their options are taken away:
// of "/usr/bin/ruby -w /usr/bin/unicorn -c x" it is "/usr/bin/unicorn -c x", of
// "python3 -m gunicorn app" it is "gunicorn app". It reads a command as a person
// writes it and as /proc/PID/cmdline shows it, and is idempotent.
//
// It never guesses. At a wrapper with an option that it does not know, or
// without a command, it stops and returns argv from there on; so too at a shell
// with -c, whose argument is in another language. The result shares argv's
// memory where it can; it is empty only when argv is.
func Strip(argv []string) []string {
	for {
		inner, ok := unwrap(argv)
		if !ok {
			return argv
		}
		argv = inner
	}
}

// Recognise is the profile of the server that argv runs, or generic. It looks at
// the base name of what Strip leaves, without a version at its end
// (gunicorn-3.11); where that tells nothing, at a process title, so that it
// knows a running master as well. Where only some ways to start a server make a
// master, the arguments must say so (HAProxy's -W). A title that is a whole command line in one
// string, as bundle exec sets it, counts when its second word is an option.
func Recognise(argv []string) Profile {
	inner := Strip(argv)
	if len(inner) == 0 {
		return generic()
	}
	for _, p := range All() {
		if p.needed(inner) && (p.runs(inner[0]) || p.runs(titled(inner))) || p.Role(inner) != Unknown {
			return p
		}
	}
	return generic()
}

// titled is the command of a command line in one string, or "" where argv is
// something else: a path, for one, may have a space.
func titled(argv []string) string {
	if first, rest, _ := strings.Cut(argv[0], " "); len(argv) == 1 && isOption(rest) {
		return first
	}
	return ""
}

// runs says whether arg0 is one of the commands of p.
func (p Profile) runs(arg0 string) bool {
	name := program(arg0)
	return slices.ContainsFunc(p.Commands, func(c string) bool {
		return c == name || c == unversioned(name) || strings.Contains(c, ".") && isModule(c, arg0)
	})
}

// needed says whether argv has one of the arguments that p needs.
func (p Profile) needed(argv []string) bool {
	if len(p.Needs) == 0 {
		return true
	}
	words := strings.Fields(strings.Join(argv, " "))
	return slices.ContainsFunc(words, func(word string) bool { return slices.Contains(p.Needs, word) })
}

// Same says whether two command lines run the same command: what Strip leaves
// has the same program name, wherever it lies, and the same arguments.
//
// Three habits of servers are allowed for. A Python module that is run by name
// shows as its file after a re-exec. A title set by setproctitle, as bundle exec
// does, is one string. A re-exec may add the arguments that the profile names
// (Unicorn its default listener, HAProxy its old workers). Different options of
// wrappers and interpreters make no difference.
func Same(a, b []string) bool {
	a, b = Strip(a), Strip(b)
	if len(a) == 0 || len(b) == 0 {
		return len(a) == len(b)
	}
	if sameWords(a, b) {
		return true
	}
	if !sameProgram(head(a), head(b)) {
		return false
	}
	p := byCommand(head(a))
	return sameWords(p.own(a), p.own(b))
}

// byCommand is the profile of a command by its name alone, or generic.
func byCommand(name string) Profile {
	for _, p := range All() {
		if p.runs(name) {
			return p
		}
	}
	return generic()
}

// own is argv without what a re-exec may have added.
func (p Profile) own(argv []string) []string {
	if len(p.Inserted) > 0 {
		argv = withoutOptions(argv, p.Inserted)
	}
	argv = without(argv, p.Appended)
	if p.Permutes {
		argv = slices.Clone(argv)
		slices.Sort(argv[1:])
	}
	return argv
}

// withoutOptions is argv without the given options and what stands between each
// and the next option.
func withoutOptions(argv, options []string) []string {
	var kept []string
	dropping := false
	for _, arg := range argv {
		if isOption(arg) {
			dropping = slices.Contains(options, arg)
		}
		if !dropping {
			kept = append(kept, arg)
		}
	}
	return kept
}

// sameWords compares word by word or, where one of the two is a single string,
// as text.
func sameWords(a, b []string) bool {
	if sameProgram(a[0], b[0]) && slices.Equal(a[1:], b[1:]) {
		return true
	}
	if len(a) > 1 && len(b) > 1 {
		return false
	}
	_, aRest, _ := strings.Cut(strings.Join(a, " "), " ")
	_, bRest, _ := strings.Cut(strings.Join(b, " "), " ")
	return sameProgram(head(a), head(b)) && aRest == bRest
}

// head is the first word of a command line or of a title.
func head(argv []string) string {
	if len(argv) > 1 {
		return argv[0]
	}
	first, _, _ := strings.Cut(argv[0], " ")
	return first
}

// without is argv without one of the given arguments at its end.
func without(argv, appended []string) []string {
	last := len(argv) - 1
	for _, a := range appended {
		if last > 0 && argv[last] == a {
			return argv[:last]
		}
		if s, ok := strings.CutSuffix(argv[last], " "+a); ok && last == 0 {
			return []string{s}
		}
	}
	return argv
}

// sameProgram compares two names of a program: by their base, or one as a Python
// module's dotted name and the other as its file.
func sameProgram(a, b string) bool {
	return program(a) == program(b) || isModule(a, b) || isModule(b, a)
}

// isModule says whether file is what "python -m module" runs: module.py, or
// module/__main__.py, below a directory of sys.path.
func isModule(module, file string) bool {
	if strings.Contains(module, "/") {
		return false
	}
	file, ok := strings.CutSuffix(file, ".py")
	file = strings.TrimSuffix(file, "/__main__")
	return ok && strings.HasSuffix(file, "/"+strings.ReplaceAll(module, ".", "/"))
}

// program is the name of the program that a command's first word starts: its
// base name, or that of the package where it is a Python package's __main__.py.
func program(arg0 string) string {
	base := path.Base(arg0)
	if dir := path.Dir(arg0); base == "__main__.py" && dir != "." {
		return path.Base(dir)
	}
	return base
}

// unversioned takes a version from the end of a name: python3.11, gunicorn-3.
func unversioned(name string) string {
	return strings.TrimSuffix(strings.TrimRight(name, "0123456789."), "-")
}
