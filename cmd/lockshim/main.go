// Lockshim keeps one pid for a server that replaces itself.
//
// This package is flags, verbs, and every byte that a person reads. What a verb
// does is in package shim; an error's exit code is in exit.go; all text for
// people is in the files tui*.go, and its rules are in tui.go.
package main

import "os"

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
	err := c.dispatch(args)
	code := codeOf(c.verb, err)
	c.report(err, code)
	return code
}
