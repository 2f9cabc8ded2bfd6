package profile

import (
	"syscall"
	"time"
)

// nginx follows ngx_process.c and ngx_process_cycle.c, and "Controlling nginx"
// in its documentation. A master forks the next one, which executes argv[0] as
// execve(2) does: without a look at PATH. It sets titles, and writes them over
// its environment; the next master is given none but TZ and what `env` names.
//
// A master takes no upgrade while the process that started it is its parent, if
// it did not daemonize; nor does the next one while the old one lives. Nothing
// ends a worker that has a request but the client or `worker_shutdown_timeout`;
// the sixty seconds are long for a request.
func nginx() Profile {
	return Profile{
		Name:     "nginx",
		Reload:   syscall.SIGHUP,
		Upgrade:  syscall.SIGUSR2,
		Graceful: syscall.SIGQUIT,
		Quick:    syscall.SIGTERM,
		Stop: Schedule{
			{syscall.SIGQUIT, 60 * time.Second},
			{syscall.SIGTERM, 10 * time.Second},
			{syscall.SIGKILL, Forever},
		},
		Commands: []string{"nginx"},
		Masters:  []string{"nginx: master process"},
		Workers:  []string{"nginx: worker process", "nginx: cache manager process", "nginx: cache loader process"},
		ByPath:   true,
		Detach:   true,
		Leads:    true,
	}
}
