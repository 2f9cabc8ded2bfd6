package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/shim"
)

func demoVerb() *verb {
	return &verb{
		name:    "demo",
		short:   "a built-in self-re-execing web server under a real shim",
		long:    "It needs nothing, takes a few seconds, and leaves nothing behind.",
		example: "lockshim demo",
		run:     (*call).demo,
	}
}

// The demo's own bounds.
const (
	demoTime    = 12 * time.Second // then it has failed
	demoClients = 2
	demoAnswers = 400 // requests between two steps
)

// demo plays the life of a service, and cleans up whatever became of it.
func (c *call) demo() error {
	if len(c.args) == 2 && c.args[0] == "server" {
		report, err := strconv.Atoi(c.args[1])
		if err != nil {
			return errWord(c.verb, c.args[1])
		}
		return demoServe(report)
	}
	if len(c.args) > 0 {
		return errWord(c.verb, c.args[0])
	}
	d := &demo{view: newDemoView(), late: time.After(demoTime), exits: make(chan demoExit), said: make(chan demoLine, 16)}
	err := d.prepare()
	if err == nil {
		err = d.play()
	}
	return errors.Join(err, d.clean())
}

// A demo is one performance.
type demo struct {
	view   *demoView
	dir    string
	lock   string
	log    *os.File
	shim   int // pid of the shim
	begun  bool
	stream *stream

	late    <-chan time.Time
	aborted chan os.Signal
	exits   chan demoExit // children of the demo: shims, and a server whose shim was killed
	said    chan demoLine // what the servers report; closed when the last one is gone
}

// A demoExit is a child that ended.
type demoExit struct {
	pid    int
	status unix.WaitStatus
	at     time.Time
}

// A demoLine is one report of a server.
type demoLine struct {
	word                  string
	generation, pid, port int
	at                    time.Time
}

// prepare makes what the demo needs. It is the reaper of what its killed shim
// leaves, as an init system is.
func (d *demo) prepare() (err error) {
	d.aborted = make(chan os.Signal, 1)
	signal.Notify(d.aborted, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	if d.dir, err = os.MkdirTemp("", "lockshim-demo-"); err != nil {
		return fmt.Errorf("cannot make a directory for the demo: %w", err)
	}
	d.lock = filepath.Join(d.dir, "demo.lock")
	if d.log, err = os.Create(filepath.Join(d.dir, "log")); err != nil {
		return fmt.Errorf("cannot make a log for the demo: %w", err)
	}
	return becomeInit()
}

// launch starts a shim on the demo's server. The server inherits report.
func (d *demo) launch(report *os.File) error {
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("cannot find this program: %w", err)
	}
	args := []string{exe, "run", "--lock", d.lock, "--profile", "unicorn", "--log-format", "json", "--", exe, "demo", "server", "3"}
	none, err := os.Open(os.DevNull)
	if err != nil {
		return fmt.Errorf("cannot launch the shim: %w", err)
	}
	defer none.Close()
	p, err := os.StartProcess(exe, args, &os.ProcAttr{Env: ownEnvironment(), Files: []*os.File{none, d.log, d.log, report}})
	if err != nil {
		return fmt.Errorf("cannot launch the shim: %w", err)
	}
	d.shim = p.Pid
	if !d.begun {
		d.begun = true
		go d.reap()
	}
	return nil
}

// reap tells of every child that ends.
func (d *demo) reap() {
	for {
		var e demoExit
		pid, err := unix.Wait4(-1, &e.status, 0, nil)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return
		}
		if err == nil {
			e.pid, e.at = pid, time.Now()
			d.exits <- e
		}
	}
}

// read passes on what the servers report, until the last of them has closed its
// end: the moment at which the service was over.
func (d *demo) read(report *os.File) {
	lines := bufio.NewScanner(report)
	for lines.Scan() {
		var l demoLine
		fmt.Sscan(lines.Text(), &l.word, &l.generation, &l.pid, &l.port)
		l.at = time.Now()
		d.said <- l
	}
	d.said <- demoLine{word: "closed", at: time.Now()}
}

// clean ends what still runs, and removes what was made. After a performance
// that went well there is nothing to end.
func (d *demo) clean() error {
	if d.stream != nil {
		d.stream.stop()
	}
	if d.dir == "" {
		return nil
	}
	killService(d.lock)
	err := shim.Wait(d.lock, 5*time.Second)
	return errors.Join(err, d.log.Close(), os.RemoveAll(d.dir))
}

// killService kills whatever there is of a service: the shim first, which would
// tell of the rest.
func killService(lock string) {
	st, err := shim.Inspect(lock)
	if err != nil {
		return
	}
	if st.Shim != nil {
		syscall.Kill(st.Shim.PID, syscall.SIGKILL)
	}
	for _, g := range st.Generations {
		if g.Master != nil {
			syscall.Kill(g.Master.PID, syscall.SIGKILL)
		}
	}
}

// ownEnvironment is this process's without the settings of a shim around it.
func ownEnvironment() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "LOCKSHIM_") })
}
