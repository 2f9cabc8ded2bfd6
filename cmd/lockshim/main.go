// Lockshim keeps one pid for a server that replaces itself.
//
// This package is flags, verbs, and every byte that a person reads. What a verb
// does is in package shim; an error's exit code is in exit.go; all text for
// people is in the files tui*.go, and its rules are in tui.go.
package main

import (
	"os"

	"github.com/lockshim/lockshim/shim"
)

func main() {
	os.Exit(lockshim(os.Args[1:]))
}

// lockshim carries out one command line and returns the exit code.
//
// Whatever is done between the return of shim.Run and the end of the process
// keeps the next shim waiting: the exclusive lock is held to the last
// instruction.
func lockshim(args []string) int {
	c := &call{}
	err := c.start(args)
	code := codeOf(c.verb, err)
	c.report(err, code)
	return code
}

// assistant is the first word of the command line by which a shim executes this
// program as a process between itself and a server (shim.Config.Self). A shell
// does not take it as a word: nobody hits it by accident.
const assistant = "(launcher)"

// start tells a person's command line from a shim's.
func (c *call) start(args []string) error {
	if len(args) > 0 && args[0] == assistant && shim.Assist(args[1:]) == nil {
		return nil
	}
	return c.dispatch(args)
}
