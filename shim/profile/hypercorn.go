package profile

import (
	"syscall"
	"time"
)

// hypercorn follows Hypercorn 0.13: run.py and asyncio/run.py.
//
// TERM and INT let requests be answered, for graceful_timeout, which is three
// seconds unless the configuration says more. Nothing is quicker but KILL. What
// it does not handle ends its master alone, HUP too.
func hypercorn() Profile {
	return Profile{
		Name:     "hypercorn",
		Graceful: syscall.SIGTERM,
		Quick:    syscall.SIGKILL,
		Stop: Schedule{
			{syscall.SIGTERM, 60 * time.Second},
			{syscall.SIGKILL, Forever},
		},
		Fatal:    fatalToPython(),
		Why:      "HUP would end its master and leave the workers; restart it",
		Commands: []string{"hypercorn"},
		Hook:     "asgi.py",
		Spawns:   true,
	}
}
