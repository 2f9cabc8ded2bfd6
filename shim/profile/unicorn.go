package profile

import (
	"syscall"
	"time"
)

// unicorn follows Unicorn's http_server.rb and its page on signals. The sixty
// seconds are the default of timeout, after which Unicorn kills its workers
// itself. Its master too reads no signal while it stops.
func unicorn() Profile {
	return Profile{
		Name:     "unicorn",
		Reload:   syscall.SIGHUP,
		Upgrade:  syscall.SIGUSR2,
		Graceful: syscall.SIGQUIT,
		Quick:    syscall.SIGTERM,
		Stop: Schedule{
			{syscall.SIGQUIT, 60 * time.Second},
			{syscall.SIGTERM, 10 * time.Second},
			{syscall.SIGKILL, Forever},
		},
		Commands: []string{"unicorn", "unicorn_rails"},
		Masters:  []string{"unicorn master", "unicorn_rails master"},
		Workers:  []string{"unicorn worker[", "unicorn_rails worker["},
		Daemon:   []string{"-D", "--daemonize"},
		Appended: []string{"-l0.0.0.0:8080"},
		Hook:     "unicorn.rb",
	}
}
