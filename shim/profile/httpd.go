package profile

import (
	"syscall"
	"time"
)

// httpd follows "Stopping and Restarting Apache HTTP Server" in its
// documentation, unixd.c and event.c. It executes nothing anew: USR1 and HUP load
// the configuration and the modules again in the same process. There is no
// upgrade to another binary.
//
// The prefork kind tells its workers by kill(2) of its process group, in which the
// shim must not be.
//
// A graceful stop is WINCH, which a terminal sends to its foreground whenever the
// window changes. Workers take no graceful signal but their master's word, and
// those of the threaded kinds (event, worker) no TERM either: without a master
// they serve for ever.
func httpd() Profile {
	return Profile{
		Name:     "httpd",
		Reload:   syscall.SIGUSR1,
		Graceful: syscall.SIGWINCH,
		Quick:    syscall.SIGTERM,
		Stop: Schedule{
			{syscall.SIGWINCH, 60 * time.Second},
			{syscall.SIGTERM, 10 * time.Second},
			{syscall.SIGKILL, Forever},
		},
		Orphans: Schedule{
			{syscall.SIGTERM, time.Second},
			{syscall.SIGKILL, Forever},
		},
		Actions: map[syscall.Signal]Action{
			syscall.SIGWINCH: {Kind: Graceful},
		},
		Why:      "it has no such signal: after an update of its package, restart it",
		Commands: []string{"apache2", "httpd"},
		Alone:    true,
		Aside:    true,
	}
}
