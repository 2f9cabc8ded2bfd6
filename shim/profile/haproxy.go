package profile

import (
	"syscall"
	"time"
)

// haproxy follows HAProxy's management guide, chapters 3 and 4, and mworker.c, in
// master-worker mode. Without -W or -Ws there is no master and another meaning of
// signals: USR2 would end it. A configuration that says master-worker itself
// needs --profile haproxy.
//
// A reload drains the old workers beside the new ones, for as long as
// hard-stop-after says. With the workers of the new configuration forked, the
// master executes itself once more, to wait with as little memory as it can. Only
// -Ws says READY=1, and between two execs, so that it need not be waited for.
func haproxy() Profile {
	return Profile{
		Name:     "haproxy",
		Reload:   syscall.SIGUSR2,
		Upgrade:  syscall.SIGUSR2,
		Graceful: syscall.SIGUSR1,
		Quick:    syscall.SIGTERM,
		Stop: Schedule{
			{syscall.SIGUSR1, 60 * time.Second},
			{syscall.SIGTERM, 10 * time.Second},
			{syscall.SIGKILL, Forever},
		},
		Commands: []string{"haproxy"},
		Needs:    []string{"-W", "-Ws"},
		Daemon:   []string{"-D"},
		Inserted: []string{"-sf", "-x"},
		InPlace:  true,
		Waits:    true,
		Laconic:  true,
	}
}
