//go:build linux

package test

import (
	"io"
	"os"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/lockshim/lockshim/contrib"
	"github.com/lockshim/lockshim/internal/shell"
)

// containers run each service as the first process of namespaces of its own. The
// test is the runtime: what docker, podman and the kubelet do with a container is to
// start it, to signal its first process, and to start it anew.
type containers struct {
	w     *world
	files map[*tenant]string // of contrib; Containerfile where there is none
	runs  map[*tenant]*containerRun
}

// newContainers has one service in a container, and the other one in a pod.
func newContainers(w *world) initSystem {
	return containersOf(w, map[*tenant]string{w.tenants[1]: deploymentFile})
}

// containersOf are containers of the files.
func containersOf(w *world, files map[*tenant]string) *containers {
	c := &containers{w: w, files: files, runs: map[*tenant]*containerRun{}}
	w.t.Cleanup(c.cut) // before the world's: a container would be started anew
	return c
}

func (c *containers) install(x *tenant, set ...contrib.Setting) {
	if c.runs[x] == nil {
		c.runs[x] = &containerRun{x: x, over: closed()}
	}
	c.runs[x].manifest = c.read(x, set)
}

func (c *containers) boot() {
	for _, b := range c.runs {
		b.begin()
	}
}

// enter is of no use here: each service has its own place.
func (c *containers) enter() []string { return nil }

func (c *containers) enterTo(x *tenant) []string { return c.runs[x].enter() }

func (c *containers) start(x *tenant) { c.runs[x].begin() }
func (c *containers) stop(x *tenant)  { c.runs[x].stop(c.runs[x].preStop...) }

// restart is that of a runtime, which knows nothing of a pod's preStop.
func (c *containers) restart(x *tenant) {
	c.runs[x].stop()
	c.runs[x].begin()
}

func (c *containers) main(x *tenant) int { return insidePID(c.runs[x].first().pid) }

func (c *containers) cut() {
	for _, b := range c.runs {
		b.abandon().signal(syscall.SIGKILL)
		<-b.over
	}
}

func (c *containers) end() {
	for _, b := range c.runs {
		b.stop()
	}
}

// A containerRun is a container that runs.
type containerRun struct {
	x *tenant
	manifest
	over chan struct{} // closed when it is over, and will not be started anew

	mu     sync.Mutex
	now    *child // its first process
	wanted bool
}

// closed is a channel that is closed.
func closed() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

// restarts is how often a container may end by itself: a runtime waits longer each
// time, and a test gives up.
const restarts = 20

// begin starts the container, and returns when its first process is executed.
func (b *containerRun) begin() {
	b.x.t.Helper()
	b.wanted, b.over = true, make(chan struct{})
	started, err := b.launch()
	must(b.x.t, err)
	_, _ = io.Copy(io.Discard, started)
	started.Close()
	go b.keep()
}

// keep starts the container anew whenever it has ended: the restart policy Always.
func (b *containerRun) keep() {
	defer close(b.over)
	for range restarts {
		<-b.first().done
		b.mu.Lock()
		wanted := b.wanted
		b.mu.Unlock()
		if !wanted {
			return
		}
		started, err := b.launch()
		if err != nil {
			b.x.t.Error(err)
			return
		}
		started.Close()
	}
}

// first is the container's first process.
func (b *containerRun) first() *child {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

// launch starts the first process. The pipe has an end when it is executed, or has
// failed before that.
func (b *containerRun) launch() (started *os.File, err error) {
	started, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	log, err := os.OpenFile(b.x.w.file("log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	attr := &syscall.ProcAttr{
		Dir: "/", Env: slices.Concat(b.x.w.env(), b.env),
		Files: []uintptr{log.Fd(), log.Fd(), log.Fd(), in.Fd()},
		Sys:   &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS | syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS},
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	script := "set -e; mount --make-rprivate /; mount -t proc proc /proc; " + b.mounts(b.x) +
		"cd " + shell.Quote(b.dir) + "; exec " + shell.Quote(b.drop()...) + ` "$@" 3>&-`
	b.now, err = children.start(append([]string{"/bin/sh", "-c", script, "sh"}, b.words...), attr)
	return started, err
}

// enter is how a runtime executes something in the container, such as a probe.
func (b *containerRun) enter() []string {
	args := []string{"/usr/bin/nsenter", "--target", strconv.Itoa(b.first().pid), "--mount", "--pid", "--ipc", "--uts", "/usr/bin/env"}
	return slices.Concat(args, b.env, b.drop())
}

// stop executes a hook, if there is one, and ends the container: by its stop signal
// to the first process, and when the time is over by SIGKILL. The hook's time counts,
// and two seconds are the least (the kubelet's killContainer).
func (b *containerRun) stop(hook ...string) {
	first, end := b.abandon(), time.Now().Add(b.grace)
	if len(hook) > 0 {
		run := b.x.w.begin(append(b.enter(), hook...)...)
		select {
		case <-run.done:
		case <-time.After(time.Until(end)):
		}
	}
	first.signal(b.signal)
	select {
	case <-first.done:
	case <-time.After(max(time.Until(end), 2*time.Second)):
		first.signal(syscall.SIGKILL)
	}
	<-b.over
}

// abandon is the last of the container that will be started.
func (b *containerRun) abandon() *child {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.wanted = false
	return b.now
}

// signal sends one to a process that has been started, and not reaped.
func (c *child) signal(sig syscall.Signal) {
	if c == nil {
		return
	}
	children.mu.Lock()
	defer children.mu.Unlock()
	select {
	case <-c.done:
	default:
		_ = syscall.Kill(c.pid, sig)
	}
}
