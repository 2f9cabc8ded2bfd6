package profile

import (
	"syscall"
	"time"
)

// uwsgi follows uWSGI 2.0: its page on managing processes, and core/master.c.
//
// TERM is no part of it: it makes uWSGI 2.0 reload brutally, unless die-on-term
// is set. There is no graceful stop by signal; hooks/uwsgi.ini makes one of TERM,
// for --stop TERM/60/INT/10/KILL. HUP reloads gracefully, by a re-exec with the
// listeners open: it is the upgrade too. It says READY=1 after its first start
// only: the descriptor for that does not survive a reload (core/notify.c).
func uwsgi() Profile {
	return Profile{
		Name:    "uwsgi",
		Reload:  syscall.SIGHUP,
		Upgrade: syscall.SIGHUP,
		Quick:   syscall.SIGINT,
		Stop: Schedule{
			{syscall.SIGINT, 10 * time.Second},
			{syscall.SIGKILL, Forever},
		},
		Actions:  map[syscall.Signal]Action{syscall.SIGQUIT: {Kind: Quick}}, // as in uWSGI itself
		Commands: []string{"uwsgi", "uwsgi-core", "uwsgi_python", "uwsgi_psgi", "uwsgi_ruby", "uwsgi_rack_ruby", "pyuwsgi"},
		Masters:  []string{"uWSGI master"},
		Workers:  []string{"uWSGI worker ", "uWSGI mule ", "uWSGI spooler ", "uWSGI http "},
		Daemon:   []string{"-d", "--daemonize", "--daemonize2"},
		Permutes: true,
		InPlace:  true,
		Laconic:  true,
		Hook:     "uwsgi.ini",
	}
}
