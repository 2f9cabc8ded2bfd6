package profile

import (
	"syscall"
	"time"
)

// lighttpd follows lighttpd(8) and server.c. USR1 lets requests end and starts
// anew with the same process and image, so that no other binary comes; meanwhile
// new connections wait in the queue of its sockets. HUP opens the logs anew: it
// is no reload, and has to be sent by name. With server.max-worker it passes signals
// on to its workers by kill(2) of its process group, in which the shim must not be.
func lighttpd() Profile {
	return Profile{
		Name:     "lighttpd",
		Reload:   syscall.SIGUSR1,
		Graceful: syscall.SIGINT,
		Quick:    syscall.SIGTERM,
		Stop: Schedule{
			{syscall.SIGINT, 60 * time.Second},
			{syscall.SIGTERM, 10 * time.Second},
			{syscall.SIGKILL, Forever},
		},
		Why:      "it has no such signal: after an update of its package, restart it",
		Commands: []string{"lighttpd"},
		Alone:    true,
	}
}
