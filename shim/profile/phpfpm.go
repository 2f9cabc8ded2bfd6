package profile

import (
	"syscall"
	"time"
)

// phpFPM follows PHP's fpm_process_ctl.c and fpm_signals.c. It reloads by
// executing itself anew, once its workers are gone: process_control_timeout is
// how long a request may take then, and at a graceful stop. At its default, 0,
// both drop the requests in flight.
//
// Its master answers QUIT while it finishes a reload only when that is over. The
// sixty seconds are for those whose timeout is long; php-fpm itself goes on to
// TERM and KILL where it is short.
func phpFPM() Profile {
	return Profile{
		Name:     "php-fpm",
		Reload:   syscall.SIGUSR2,
		Upgrade:  syscall.SIGUSR2,
		Graceful: syscall.SIGQUIT,
		Quick:    syscall.SIGTERM,
		Stop: Schedule{
			{syscall.SIGQUIT, 60 * time.Second},
			{syscall.SIGTERM, 10 * time.Second},
			{syscall.SIGKILL, Forever},
		},
		Commands: []string{"php-fpm"},
		Masters:  []string{"php-fpm: master process"},
		Workers:  []string{"php-fpm: pool "},
		Daemon:   []string{"-D", "--daemonize"},
		InPlace:  true,
		Leads:    true,
	}
}
