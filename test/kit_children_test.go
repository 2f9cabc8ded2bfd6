//go:build linux

package test

import (
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// children are those of this process: started by a test, or orphans that came
// to it as a shim was killed.
var children = registry{started: make(map[int]*child)}

// A registry reaps all children, each by its pid.
type registry struct {
	mu      sync.Mutex // held while a child is started or reaped: no pid is unknown in between
	started map[int]*child
}

// A child is one that a test started. Its status is there once done is closed.
type child struct {
	pid    int
	done   chan struct{}
	status syscall.WaitStatus
}

// start executes argv[0]. The child's descriptors are those of attr alone.
func (r *registry) start(argv []string, attr *syscall.ProcAttr) (*child, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	pid, err := syscall.ForkExec(argv[0], argv, attr)
	if err != nil {
		return nil, err
	}
	c := &child{pid: pid, done: make(chan struct{})}
	r.started[pid] = c
	return c, nil
}

// reap waits for children from now on, as an init does.
func (r *registry) reap() {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGCHLD)
	go func() {
		for range ended {
			for r.reapOne() {
			}
		}
	}()
}

// reapOne reaps a child that has ended, if there is one.
func (r *registry) reapOne() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	var status syscall.WaitStatus
	pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
	if err == syscall.EINTR {
		return true
	}
	if err != nil || pid <= 0 {
		return false
	}
	if c := r.started[pid]; c != nil {
		delete(r.started, pid)
		c.status = status
		close(c.done)
	}
	return true
}
