package profile

import (
	"syscall"
	"time"
)

// tableflip is for Go programs on github.com/cloudflare/tableflip. No name tells
// them: it has to be asked for.
//
// Which signal upgrades is up to the program. HUP is what the README of tableflip
// and the example in its documentation take; --map and a program of one's own
// may take another. The new process is a reload too. Once it is ready, tableflip
// tells the old one to go (Upgrader.Exit): a TERM to that one would end it in the
// middle of its requests, unless the program handles it.
//
// What TERM does is up to the program, too: Go ends a program that does not
// handle it, at once.
func tableflip() Profile {
	return Profile{
		Name:     "tableflip",
		Reload:   syscall.SIGHUP,
		Upgrade:  syscall.SIGHUP,
		Graceful: syscall.SIGTERM,
		Quick:    syscall.SIGKILL,
		Stop: Schedule{
			{syscall.SIGTERM, 60 * time.Second},
			{syscall.SIGKILL, Forever},
		},
		Leaves: true,
	}
}
