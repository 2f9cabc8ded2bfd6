package profile

import (
	"syscall"
	"time"
)

// gunicorn follows Gunicorn's arbiter.py. The sixty seconds are twice the
// default of graceful_timeout, after which Gunicorn kills its workers itself.
// Its master reads no signal while it stops: QUIT after TERM ends the workers
// that get it, and the master with the last of them.
func gunicorn() Profile {
	return Profile{
		Name:     "gunicorn",
		Reload:   syscall.SIGHUP,
		Upgrade:  syscall.SIGUSR2,
		Graceful: syscall.SIGTERM,
		Quick:    syscall.SIGQUIT,
		Stop: Schedule{
			{syscall.SIGTERM, 60 * time.Second},
			{syscall.SIGQUIT, 10 * time.Second},
			{syscall.SIGKILL, Forever},
		},
		Commands: []string{"gunicorn", "gunicorn3", "gunicorn.app.wsgiapp"},
		Masters:  []string{"gunicorn: master"},
		Workers:  []string{"gunicorn: worker"},
		Daemon:   []string{"-D", "--daemon"},
		Hook:     "gunicorn.py",
	}
}
