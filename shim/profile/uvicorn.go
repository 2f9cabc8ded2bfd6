package profile

import (
	"slices"
	"strings"
	"syscall"
	"time"
)

// uvicorn follows uvicorn 0.17: server.py and supervisors/multiprocess.py.
//
// It handles TERM and INT, and both let requests be answered, without a limit of
// its own. Nothing is quicker but KILL: a worker heeds a second INT, but a master
// none, and it tells one worker after the other, so that some have had no first
// signal yet. With workers it handles HUP, TTIN and TTOU from 0.30 on only, before
// that they end or stop the master alone; --map HUP=HUP is for those who have it.
func uvicorn() Profile {
	return Profile{
		Name:     "uvicorn",
		Graceful: syscall.SIGTERM,
		Quick:    syscall.SIGKILL,
		Stop: Schedule{
			{syscall.SIGTERM, 60 * time.Second},
			{syscall.SIGKILL, Forever},
		},
		Fatal:    fatalToPython(),
		Why:      "HUP would end its master and leave the workers; restart it",
		Commands: []string{"uvicorn"},
		Hook:     "asgi.py",
		Spawns:   true,
	}
}

// fatalToPython lists the signals that end or stop a Python program which has no
// handler for them, of those that the shim would pass on; not TSTP, which is there
// to stop one.
func fatalToPython() []syscall.Signal {
	fatal := []syscall.Signal{
		syscall.SIGUSR1, syscall.SIGTTIN, syscall.SIGTTOU,
		syscall.SIGABRT, syscall.SIGALRM, syscall.SIGVTALRM, syscall.SIGIO,
	}
	for sig := syscall.Signal(1); sig <= maxSignal; sig++ {
		if passableHere(sig) {
			fatal = append(fatal, sig)
		}
	}
	return fatal
}

// Spawned says whether args are the command line of a process that was executed
// anew by Python's multiprocessing to run a function of its parent's
// (get_command_line in multiprocessing/spawn.py): a worker of uvicorn and, from
// 0.14.2 on, of Hypercorn. It does not tell whose: an application starts such
// processes too.
func Spawned(args []string) bool {
	return slices.Contains(args, "--multiprocessing-fork") && runsCode(args, "from multiprocessing.spawn import spawn_main")
}

// Tracker says whether args are the command line of the process that cleans up
// after a Python program and those that it spawned (multiprocessing's
// resource_tracker.py). It ignores TERM and INT, and ends with the last of them.
func Tracker(args []string) bool {
	return runsCode(args, "from multiprocessing.resource_tracker import main")
}

// runsCode says whether args are an interpreter's, with -c and a program that
// starts with code. Options may come first.
func runsCode(args []string, code string) bool {
	i := slices.Index(args, "-c")
	return i > 0 && i+1 < len(args) && strings.HasPrefix(args[i+1], code)
}
