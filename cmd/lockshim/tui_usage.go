package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/lockshim/lockshim/shim/profile"
)

func errNoVerb() error {
	return wrong("lockshim --help", "cannot start: no verb is given")
}

func errUnknownVerb(name string) error {
	return wrong("lockshim --help", "cannot %s: there is no such verb", quoteWord(name))
}

func errNoService(v *verb) error {
	why := "no SERVICE is given, and LOCKSHIM_LOCK is not set"
	if v.option("lock") != nil {
		why = "--lock is missing, and LOCKSHIM_LOCK is not set"
	}
	return wrong(v.example, "cannot %s: %s", v.deed(), why)
}

// deed is what a verb does where its name is no word for it.
func (v *verb) deed() string {
	if v.name == "status" || v.name == "history" {
		return "show the " + v.name
	}
	return v.name
}

func errNoCommand(v *verb) error {
	return wrong(v.example, "cannot %s: COMMAND is missing", v.name)
}

func errBeforeCommand(v *verb, word string, rest []string) error {
	hint := fmt.Sprintf("lockshim %s --lock %s -- %s", v.name, quoteWord(word), shellQuote(rest))
	return wrong(hint, "cannot %s %s: SERVICE is the value of --lock", v.name, quoteWord(word))
}

func errWord(v *verb, word string) error {
	return wrong("", "cannot use %s: it is one word too many for %s", quoteWord(word), v.name)
}

func errTwoForms(v *verb) error {
	return wrong(v.example, "cannot show the %s: --json and --svg are two forms", v.name)
}

func errNoSignal(v *verb) error {
	return wrong(v.example, "cannot signal: SIGNAL is missing")
}

func errNoShell(v *verb) error {
	return wrong(v.example, "cannot print a completion: the shell is missing, one of bash, fish, zsh")
}

func errShell(name string) error {
	return wrong("lockshim completion bash", "cannot print a completion for %s: it is one of bash, fish, zsh", quoteWord(name))
}

func errHook(name string) error {
	return wrong("lockshim hook", "cannot print hook %s: there is no such hook", quoteWord(name))
}

func errNoFile(v *verb) error {
	return wrong(v.example, "cannot fill in a file: NAME is missing")
}

// errFile is a name that is no file of contrib.
func errFile(err error) error {
	return &complaint{err.Error(), "lockshim contrib", errUsage}
}

// errSetting is a setting that a file of contrib cannot take.
func errSetting(err error) error {
	return &complaint{err.Error(), "lockshim contrib --help", errUsage}
}

func errLockName(v *verb, arg string) error {
	return wrong(withService(v, "./"+arg), "cannot use %s: a name has no .lock at its end, and a path has a slash", quoteWord(arg))
}

func errName(arg string) error {
	return wrong("lockshim run --lock web -- COMMAND",
		"cannot use %s: a name has letters, digits and . _ @ -, and a path has a slash", quoteWord(arg))
}

func errDirectoryName(path string) error {
	return wrong("lockshim run --lock "+quoteWord(strings.TrimRight(path, "/")+"/web.lock")+" -- COMMAND",
		"cannot use %s: it names a directory", quoteWord(path))
}

// errValue is a value that a flag or its twin cannot have.
func errValue(s setting, why string) error {
	return wrong("", "cannot use %s=%s: %s", s.source, quoteWord(s.value), why)
}

// errSyntax is a value that package profile cannot read.
func errSyntax(s setting, err error) error {
	var syntax *profile.SyntaxError
	if errors.As(err, &syntax) {
		return errValue(s, syntax.Why+"; write "+syntax.Want)
	}
	return errValue(s, err.Error())
}

// errProfile is a profile that there is not.
func errProfile(s setting) error {
	return wrong("lockshim run --profile help", "cannot use %s=%s: there is no such profile", s.source, quoteWord(s.value))
}

// errSignal is a word that is no signal.
func errSignal(word string, err error) error {
	var syntax *profile.SyntaxError
	if errors.As(err, &syntax) {
		err = errors.New(syntax.Why + "; write " + syntax.Want)
	}
	return wrong("kill -l", "cannot send %s: %v", quoteWord(word), err)
}

// errSwept is a lockfile that will not last.
func errSwept(path string) error {
	return fmt.Errorf("cannot rely on %s: cleaners delete what is in /tmp and /var/tmp, locked or not", path)
}

func errWorkingDirectory(path string, err error) error {
	return fmt.Errorf("cannot find %s: the working directory: %w", path, err)
}

func errUnsafeDir(dir, why string) error {
	return &complaint{"cannot use " + dir + ": " + why, "ls -ld " + quoteWord(dir), errUnsafeDirectory}
}

func errNoRuntimeDir(name string, refused []error) error {
	why := "neither RUNTIME_DIRECTORY nor XDG_RUNTIME_DIR nor HOME is set"
	if len(refused) > 0 {
		why = strings.ReplaceAll(errors.Join(refused...).Error(), "\n", "; ")
	}
	return &complaint{"cannot create a directory for " + name + ": " + why,
		"lockshim run --lock /run/" + name + "/" + name + ".lock -- COMMAND", errNoDirectory}
}

// wrongUsage says what the parser did not like in lockshim's own words.
func (c *call) wrongUsage(err error) error {
	text := err.Error()
	if name, ok := strings.CutPrefix(text, "flag provided but not defined: -"); ok {
		return wrong("", "cannot use %s: %s has no such flag", dashed(name), c.who())
	}
	if name, ok := strings.CutPrefix(text, "flag needs an argument: -"); ok {
		return wrong("", "cannot use %s: its value is missing", dashed(name))
	}
	if rest, ok := strings.CutPrefix(text, "invalid boolean value "); ok {
		_, name, _ := strings.Cut(rest, " for -")
		name, _, _ = strings.Cut(name, ":")
		return wrong("", "cannot use %s: a switch is on or, with =false, off", dashed(name))
	}
	return wrong("", "cannot read the flags of %s: %s", c.who(), text)
}

// who is the command that an error is about.
func (c *call) who() string {
	if c.verb == nil {
		return "lockshim"
	}
	return "lockshim " + c.verb.name
}

// dashed is how a flag is written.
func dashed(name string) string {
	if len(name) == 1 {
		return quoteWord("-" + name)
	}
	return quoteWord("--" + name)
}

// withService is a verb's command line with the service in its place.
func withService(v *verb, name string) string {
	switch {
	case v.option("lock") != nil:
		return "lockshim " + v.name + " --lock " + quoteWord(name) + " -- COMMAND"
	case v.name == "signal":
		return "lockshim signal " + quoteWord(name) + " SIGNAL"
	}
	return "lockshim " + v.name + " " + quoteWord(name)
}
