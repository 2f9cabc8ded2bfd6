package profile

import (
	"syscall"
	"time"
)

// puma follows Puma's launcher.rb and cluster.rb, and its page on signals. Its
// quick stop is KILL, as INT is graceful too; and INT is lost where a single Puma
// still loads its application, and waits for every program that a preloaded one
// has started. HUP without stdout_redirect would stop it: no rule sends it.
//
// After TERM it exits with 143, unless raise_exception_on_sigterm is false. The
// sixty seconds are the default of worker_shutdown_timeout, twice.
func puma() Profile {
	return Profile{
		Name:     "puma",
		Reload:   syscall.SIGUSR1,
		Upgrade:  syscall.SIGUSR2,
		Graceful: syscall.SIGTERM,
		Quick:    syscall.SIGKILL,
		Stop: Schedule{
			{syscall.SIGTERM, 60 * time.Second},
			{syscall.SIGKILL, Forever},
		},
		Commands: []string{"puma", "puma-wild"},
		Masters:  versioned("puma "),
		Workers:  []string{"puma: cluster worker "},
		InPlace:  true,
		Hook:     "puma.rb",
	}
}

// versioned are prefixes that end in a digit: of a title that begins with a
// version, and not of a command line.
func versioned(prefix string) []string {
	var all []string
	for digit := '0'; digit <= '9'; digit++ {
		all = append(all, prefix+string(digit))
	}
	return all
}
