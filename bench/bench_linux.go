package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A bench is one run of the benchmark: the programs, the directory, and what
// was started and has not ended.
type bench struct {
	settings
	dir    string
	fifo   string
	stamps int // both ends of fifo
	server string
	shims  string
	cWait  string
	goWait string
	null   int

	samples map[string]*sample // of exit and start, which are measured together

	mu    sync.Mutex
	alive map[int]bool
}

// prepare makes a directory, and builds in it what is missing.
func prepare(set settings) (*bench, error) {
	dir, err := os.MkdirTemp(place(), "lockshim-bench")
	if err != nil {
		return nil, err
	}
	b := &bench{settings: set, dir: dir, fifo: filepath.Join(dir, "fifo"), alive: map[int]bool{}}
	if err := errors.Join(b.build(), b.open()); err != nil {
		b.cleanUp()
		return nil, err
	}
	// Pages of a binary that is not on the disk yet count as private and dirty.
	unix.Sync()
	return b, nil
}

// place is a directory as services use it: lockshim warns of /tmp.
func place() string {
	if os.Geteuid() == 0 {
		return "/run"
	}
	return os.Getenv("XDG_RUNTIME_DIR") // "" is the temporary directory
}

func (b *bench) open() (err error) {
	if err = unix.Mkfifo(b.fifo, 0o600); err != nil {
		return fmt.Errorf("cannot make %s: %w", b.fifo, err)
	}
	if b.stamps, err = unix.Open(b.fifo, unix.O_RDWR|unix.O_CLOEXEC, 0); err != nil {
		return fmt.Errorf("cannot open %s: %w", b.fifo, err)
	}
	b.null, err = unix.Open(os.DevNull, unix.O_RDWR|unix.O_CLOEXEC, 0)
	return err
}

// build compiles the server and the waiters, and lockshim where no binary was
// given.
func (b *bench) build() error {
	b.server, b.cWait, b.goWait = b.path("server"), b.path("waiter-c"), b.path("waiter-go")
	cc, err := exec.LookPath("cc")
	if err != nil {
		return fmt.Errorf("cannot build the server: no C compiler: %w", err)
	}
	err = errors.Join(
		compile(cc, "-O2", "-static", "-o", b.server, "bench/c/server.c"),
		compile(cc, "-O2", "-o", b.cWait, "bench/c/waiter.c"),
		compile("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", b.goWait, "./bench/waiter"))
	if b.shims = b.shim; b.shims == "" {
		b.shims = b.path("lockshim")
		// As make build does.
		err = errors.Join(err, compile("go", "build", "-trimpath",
			"-ldflags", "-s -w -X main.version=bench", "-o", b.shims, "./cmd/lockshim"))
	}
	return err
}

func (b *bench) path(name string) string { return filepath.Join(b.dir, name) }

func compile(name string, args ...string) error {
	c := exec.Command(name, args...)
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("cannot build: %s: %w\n%s", strings.Join(c.Args, " "), err, out)
	}
	return nil
}

// head says where the figures come from.
func (b *bench) head() {
	var u unix.Utsname
	_ = unix.Uname(&u)                      // an empty name says as much
	load, _ := os.ReadFile("/proc/loadavg") // the same
	before, _, _ := strings.Cut(string(load), " ")
	fmt.Printf("%s, %d processors, load %s before, Linux %s, %s.\n", time.Now().Format(time.DateOnly),
		runtime.NumCPU(), before, unix.ByteSliceToString(u.Release[:]), runtime.Version())
}

// note tells what goes on.
func note(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...)
}

// track remembers a process that must not outlive the benchmark.
func (b *bench) track(pid int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.alive[pid] = true
}

func (b *bench) forget(pid int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.alive, pid)
}

// cleanUp ends what was started, and leaves no file.
func (b *bench) cleanUp() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for pid := range b.alive {
		_ = unix.Kill(pid, unix.SIGKILL) // it may be gone
	}
	_ = os.RemoveAll(b.dir)
}

func (b *bench) stopOnSignal() {
	ch := make(chan os.Signal, 1)
	signal.Notify(ch, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		<-ch
		b.cleanUp()
		os.Exit(130)
	}()
}
