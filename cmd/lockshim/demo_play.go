package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/lockshim/lockshim/shim"
	"github.com/lockshim/lockshim/shim/event"
	"github.com/lockshim/lockshim/shim/history"
)

// errDemo is what every failure of the demo is: the shim did not do its job.
var errDemo = errors.New("the demo failed")

// play is the performance: start, two upgrades, a shim that is killed and
// respawned, a stop; all under a stream of requests.
func (d *demo) play() error {
	report, write, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("cannot make a pipe: %w", err)
	}
	defer report.Close()
	err = d.launch(write)
	write.Close()
	if err != nil {
		return err
	}
	go d.read(report)
	for _, scene := range []func() error{d.start, d.upgrade, d.upgrade, d.remember, d.killShim, d.finish} {
		if err := scene(); err != nil {
			return errors.Join(err, d.lastWords())
		}
	}
	return nil
}

// start waits for the first generation, and begins the stream.
func (d *demo) start() error {
	d.view.tell(d.shim, "launches the server")
	first, err := d.awaitLine("ready")
	if err != nil {
		return err
	}
	d.view.tell(d.shim, "generation 1, pid %d, serves on http://127.0.0.1:%d", first.pid, first.port)
	d.view.before = d.shim
	d.view.current = first
	d.stream = startStream(first.port, demoClients)
	return d.awaitAnswers()
}

// upgrade asks the shim for one, as lockshim upgrade does, and sees one generation
// follow another.
func (d *demo) upgrade() error {
	d.view.tell(d.shim, "is asked by lockshim upgrade")
	log := renderer{lock: d.lock}
	upgraded := make(chan error, 1)
	go func() {
		_, err := shim.Upgrade(d.lock, func(e event.Event) { d.view.tell(d.shim, "%s", log.sentence(e)) })
		upgraded <- err
	}()
	next, err := d.awaitLine("ready")
	if err != nil {
		return err
	}
	gone, err := d.awaitLine("gone")
	if err != nil {
		return err
	}
	if err := d.await(upgraded); err != nil {
		return err
	}
	if gone.generation != d.view.current.generation {
		return fmt.Errorf("cannot go on: %w: generation %d has quit, and not generation %d", errDemo, gone.generation, d.view.current.generation)
	}
	d.view.current, d.view.after = next, d.shim
	return d.awaitAnswers()
}

// await waits for the end of an upgrade.
func (d *demo) await(end <-chan error) error {
	select {
	case err := <-end:
		return err
	case <-d.late:
		return fmt.Errorf("cannot go on: %w: the upgrade has not ended in time", errDemo)
	case sig := <-d.aborted:
		return fmt.Errorf("cannot go on: %w: interrupted by %v", errDemo, sig)
	}
}

// remember asks the shim what it has seen.
func (d *demo) remember() (err error) {
	d.view.past, err = shim.History(d.lock)
	return err
}

// killShim kills the shim and starts another one, as an init system would. It
// must find the service running.
func (d *demo) killShim() error {
	d.view.tell(d.shim, "is killed with SIGKILL; the service goes on")
	killed := d.shim
	if err := d.signal(syscall.SIGKILL); err != nil {
		return err
	}
	if _, err := d.awaitExit(killed); err != nil {
		return err
	}
	if err := d.awaitAnswers(); err != nil {
		return err
	}
	if err := d.launch(d.log); err != nil {
		return err
	}
	d.view.tell(d.shim, "takes its place, and adopts generation %d", d.view.current.generation)
	return d.awaitAnswers()
}

// finish stops the service, and measures how long its end went unseen.
func (d *demo) finish() error {
	d.stream.stop()
	answered, failed := d.stream.answered.Load(), d.stream.failed.Load()
	d.stream = nil
	d.view.tell(d.shim, "gets TERM, and stops the service")
	if err := d.signal(syscall.SIGTERM); err != nil {
		return err
	}
	over, err := d.awaitLine("closed")
	if err != nil {
		return err
	}
	seen, err := d.awaitExit(d.shim)
	if err != nil {
		return err
	}
	d.view.tell(d.shim, "has exited with %d", seen.status.ExitStatus())
	d.view.summary(answered, failed, seen.at.Sub(over.at))
	return d.judge(failed, seen)
}

// judge is the end of a performance: did the shim keep its promises?
func (d *demo) judge(failed int64, seen demoExit) error {
	switch {
	case failed > 0:
		return fmt.Errorf("cannot call it a success: %w: %d requests were not answered", errDemo, failed)
	case d.view.before != d.view.after:
		return fmt.Errorf("cannot call it a success: %w: the pid changed from %d to %d", errDemo, d.view.before, d.view.after)
	case !seen.status.Exited() || seen.status.ExitStatus() != 0:
		return fmt.Errorf("cannot call it a success: %w: the shim exited with %d", errDemo, seen.status.ExitStatus())
	}
	return nil
}

// signal sends sig to the shim.
func (d *demo) signal(sig syscall.Signal) error {
	if err := syscall.Kill(d.shim, sig); err != nil {
		return fmt.Errorf("cannot signal the shim: %w", err)
	}
	return nil
}

// awaitLine waits for a server to report word.
func (d *demo) awaitLine(word string) (demoLine, error) {
	for {
		select {
		case l := <-d.said:
			if l.word == word {
				return l, nil
			}
		case e := <-d.exits:
			if e.pid == d.shim && word != "closed" {
				return demoLine{}, fmt.Errorf("cannot go on: %w: the shim has exited with %d", errDemo, e.status.ExitStatus())
			}
			if e.pid == d.shim {
				go func() { d.exits <- e }() // awaitExit wants it
			}
		case <-d.late:
			return demoLine{}, fmt.Errorf("cannot go on: %w: no server said %q in time", errDemo, word)
		case sig := <-d.aborted:
			return demoLine{}, fmt.Errorf("cannot go on: %w: interrupted by %v", errDemo, sig)
		}
	}
}

// awaitExit waits for a child to end.
func (d *demo) awaitExit(pid int) (demoExit, error) {
	for {
		select {
		case e := <-d.exits:
			if e.pid == pid {
				return e, nil
			}
		case <-d.late:
			return demoExit{}, fmt.Errorf("cannot go on: %w: pid %d did not exit in time", errDemo, pid)
		case sig := <-d.aborted:
			return demoExit{}, fmt.Errorf("cannot go on: %w: interrupted by %v", errDemo, sig)
		}
	}
}

// awaitAnswers waits until the stream has had some more answers.
func (d *demo) awaitAnswers() error {
	want := d.stream.answered.Load() + demoAnswers
	for d.stream.answered.Load() < want {
		select {
		case <-d.stream.progress:
		case <-d.late:
			return fmt.Errorf("cannot go on: %w: requests are not answered in time", errDemo)
		case sig := <-d.aborted:
			return fmt.Errorf("cannot go on: %w: interrupted by %v", errDemo, sig)
		}
	}
	return nil
}

// lastWords is what the shims said last, for a performance that failed.
func (d *demo) lastWords() error {
	text, err := os.ReadFile(d.log.Name())
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if err != nil || len(text) == 0 {
		return err
	}
	return fmt.Errorf("cannot say more than the shim's last words: %s", lines[len(lines)-1])
}

// demoView is what the demo shows.
type demoView struct {
	began         time.Time
	colour        bool
	current       demoLine
	before, after int // the shim's pid
	past          history.History
}
