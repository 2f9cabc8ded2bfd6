package shim

import (
	"errors"
	"fmt"
)

// errAssist says that Assist was not called by a shim.
var errAssist = errors.New("this is for a shim to call")

// Assist is the life of a process that a launch needs between the shim and the
// server, in a program that Config.Self makes call it, with the arguments that
// follow there. It returns when that life is over, and the process is to exit.
//
// An error says that the arguments are none that Run wrote; what befalls the
// server is not its business, but Run's.
func Assist(args []string) error {
	o, err := readOrder(args)
	if err != nil {
		return fmt.Errorf("cannot assist a launch: %w", err)
	}
	if o.word == becomeWord {
		return o.become()
	}
	return o.beParent()
}
