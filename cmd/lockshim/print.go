package main

import (
	_ "embed"
	"strconv"
	"strings"

	"github.com/lockshim/lockshim/hooks"
)

//go:embed lockshim.1
var manPage string

// The completions: each is the whole file that its shell reads.
var (
	//go:embed completion/lockshim.bash
	bashCompletion string
	//go:embed completion/_lockshim
	zshCompletion string
	//go:embed completion/lockshim.fish
	fishCompletion string
)

func hookVerb() *verb {
	return &verb{
		name:    "hook",
		args:    "[NAME]",
		short:   "list the server hooks, or print one",
		example: "lockshim hook unicorn",
		run:     (*call).hook,
	}
}

func (c *call) hook() error {
	if len(c.args) == 0 {
		return printResult(strings.Join(hooks.Names(), "\n") + "\n")
	}
	if len(c.args) > 1 {
		return errWord(c.verb, c.args[1])
	}
	text, err := hooks.Get(c.args[0])
	if err != nil {
		return errHook(c.args[0])
	}
	return printResult(string(text))
}

func manVerb() *verb {
	return &verb{
		name:    "man",
		short:   "print the manual page",
		example: "lockshim man | man -l -",
		run:     (*call).man,
	}
}

func (c *call) man() error {
	if len(c.args) > 0 {
		return errWord(c.verb, c.args[0])
	}
	return printResult(manPage)
}

func completionVerb() *verb {
	return &verb{
		name:    "completion",
		args:    "bash|zsh|fish",
		short:   "print a completion for a shell",
		example: "lockshim completion bash",
		run:     (*call).completion,
	}
}

func (c *call) completion() error {
	switch {
	case len(c.args) == 0:
		return errNoShell(c.verb)
	case len(c.args) > 1:
		return errWord(c.verb, c.args[1])
	}
	switch c.args[0] {
	case "bash":
		return printResult(bashCompletion)
	case "zsh":
		return printResult(zshCompletion)
	case "fish":
		return printResult(fishCompletion)
	}
	return errShell(c.args[0])
}

// pidLines is a list of pids for a script.
func pidLines(pids []int) string {
	var b strings.Builder
	for _, pid := range pids {
		b.WriteString(strconv.Itoa(pid) + "\n")
	}
	return b.String()
}
