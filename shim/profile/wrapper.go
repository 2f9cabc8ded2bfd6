package profile

import (
	"path"
	"strings"
)

// A wrapper is the syntax of a program that runs another one: of a chain-loader,
// or of an interpreter, whose command is a script. Only what can stand before a
// command is listed; an option that is missing here ends the reading.
type wrapper struct {
	names    string // base names, separated by spaces; a version may follow
	verb     string // the first argument, as in bundle exec
	flags    string // short options without an argument
	takes    string // short options with an argument, attached or the next one
	attached string // short options whose argument, if any, is attached
	long     string // long options: x, x= (argument needed), x? (allowed after =)
	needs    string // the options without one of which there is no command
	operands int    // arguments between the options and the command
	assigns  bool   // NAME=VALUE may precede the command
	dash     bool   // a lone - may precede the command
	module   byte   // the short option that names a module in place of a script
	split    byte   // the short option whose argument is a command in one string
	number   bool   // the operand is a number; without operands, -10 is an option
	permutes bool   // without --, it takes options from behind the command too
	parent   bool   // it stays as the parent of the command
	waits    string // the options with which it may stay as the parent
}

// Wrapper says whether argv runs a program that stays, or may stay, as the
// parent of the command that it was given: sudo, timeout, tini. Such a process
// has the command line of the server, Strip says, and is not the server.
//
// It is false for chain-loaders such as env, chpst and bundle exec, which become
// the command, and for programs that it does not know.
func Wrapper(argv []string) bool {
	if len(argv) == 0 {
		return false
	}
	if path.Base(argv[0]) == "su" {
		return true
	}
	w, ok := findWrapper(argv[0])
	if !ok {
		return false
	}
	if w.parent || w.waits == "" {
		return w.parent
	}
	r := reading{w: w, args: argv[1:]}
	return r.options() && r.waits
}

// Wrappers names the programs that Strip takes away, the outermost first: of
// "chpst -u web bundle exec unicorn" they are chpst and bundle. A lockshim that
// stands there only holds.
func Wrappers(argv []string) []string {
	var names []string
	for {
		inner, ok := unwrap(argv)
		if !ok {
			return names
		}
		names = append(names, path.Base(argv[0]))
		argv = inner
	}
}

// unwrap takes the outermost wrapper from argv, once.
func unwrap(argv []string) ([]string, bool) {
	if len(argv) < 2 {
		return nil, false
	}
	w, ok := findWrapper(argv[0])
	if !ok {
		return nil, false
	}
	r := reading{w: w, args: argv[1:]}
	if !r.options() || !r.settings() || !r.command() {
		return nil, false
	}
	return r.args, true
}

// findWrapper finds the syntax of the program that arg0 names.
func findWrapper(arg0 string) (*wrapper, bool) {
	base := path.Base(arg0)
	bare := unversioned(base)
	for i := range wrappers {
		if w := &wrappers[i]; hasWord(w.names, base) || hasWord(w.names, bare) {
			return w, true
		}
	}
	return nil, false
}

// hasWord says whether word is one of the words in list, which single spaces
// separate.
func hasWord(list, word string) bool {
	for word != "" && list != "" {
		var first string
		if first, list, _ = strings.Cut(list, " "); first == word {
			return true
		}
	}
	return false
}
