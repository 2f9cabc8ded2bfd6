package main

import (
	"bufio"
	"errors"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/lockshim/lockshim/shim"
	"github.com/lockshim/lockshim/shim/event"
	"github.com/lockshim/lockshim/shim/profile"
)

func upgradeVerb() *verb {
	return &verb{
		name:  "upgrade",
		args:  "SERVICE",
		short: "bring a new generation in and the old one out",
		long: "It returns 0 when the old generation is gone, 1 when the new one was rolled\n" +
			"back. The shim does the work, and goes on when this command is ended; on a\n" +
			"terminal Ctrl-C asks whether to roll back.",
		example: "lockshim upgrade web",
		run:     (*call).upgrade,
	}
}

// exitLeft is the code of a command that was interrupted, as a shell shows it.
const exitLeft = 128 + int(syscall.SIGINT)

// upgrade asks for the upgrade and shows what comes of it.
func (c *call) upgrade() error {
	if err := c.onlyService(); err != nil {
		return err
	}
	w := &watcher{lock: c.service.path, show: newProgress(), done: make(chan error, 1), events: make(chan event.Event)}
	if st, err := shim.Inspect(w.lock); err == nil && st.Shim != nil { // else nobody would go on
		w.interrupts = make(chan os.Signal, 1)
		signal.Notify(w.interrupts, syscall.SIGINT)
		defer signal.Stop(w.interrupts)
	}
	go func() {
		_, err := shim.Upgrade(w.lock, func(e event.Event) { w.events <- e })
		w.done <- err
	}()
	return w.follow()
}

// A watcher is the person's end of an upgrade.
type watcher struct {
	lock       string
	show       *progress
	events     chan event.Event
	done       chan error
	interrupts chan os.Signal
	answers    chan string // nil until something was asked
}

// follow shows events until the upgrade has ended, or the person has gone.
func (w *watcher) follow() error {
	tick := time.NewTicker(refresh)
	defer tick.Stop()
	for {
		select {
		case e := <-w.events:
			w.show.step(e)
		case err := <-w.done:
			w.show.end(err)
			return err
		case <-tick.C:
			w.show.tick()
		case <-w.interrupts:
			if w.answers != nil || !w.show.live {
				w.show.say(textLeft)
				return exitStatus(exitLeft)
			}
			w.ask()
		case answer := <-w.answers:
			w.answers = nil
			w.decide(answer)
		}
	}
}

// ask puts the question of Ctrl-C, and reads the answer beside all else.
func (w *watcher) ask() {
	w.show.pause(textAsk)
	answers := make(chan string, 1)
	w.answers = answers
	go func() {
		line, _ := bufio.NewReader(os.Stdin).ReadString('\n')
		answers <- strings.ToLower(strings.TrimSpace(line))
	}()
}

// decide does what the answer says. What is no clear answer changes nothing.
func (w *watcher) decide(answer string) {
	w.show.resume()
	if !strings.HasPrefix(answer, "r") {
		w.show.say(textGoesOn)
		return
	}
	if err := shim.Cancel(w.lock); err != nil {
		w.show.say("cannot roll back: " + err.Error())
	}
}

// readUpgrade reads the flags that say how an upgrade is done.
func (c *call) readUpgrade(cfg *shim.Config) (err error) {
	if s := c.text("ready"); s.value != "" {
		if cfg.Ready, err = profile.ParseReady(s.value); err != nil {
			return errSyntax(s, err)
		}
	}
	cfg.Preflight = c.text("preflight").value
	if cfg.Preflight != "" && strings.TrimSpace(cfg.Preflight) == "" {
		return errValue(c.text("preflight"), "it is blank")
	}
	s := c.text("ready-timeout")
	if s.value == "" {
		return nil
	}
	cfg.ReadyTimeout, err = parseDuration(s)
	return err
}

// upgradeHint is what to do about an upgrade that was not to be.
func upgradeHint(err error, lock, service string) string {
	switch {
	case errors.Is(err, profile.ErrNoOperation) && !reloads(lock):
		return "lockshim stop " + service + "  # and let the init system start it anew: the server has neither upgrade nor reload"
	case errors.Is(err, profile.ErrNoOperation):
		return "lockshim reload " + service + "  # or restart it: the server has no upgrade"
	case errors.Is(err, shim.ErrBusy):
		return "lockshim status " + service
	}
	return "lockshim status " + service + "  # then mend what it says, and: lockshim upgrade " + service
}

// reloads reports whether the server of a service has a reload, as far as can be
// seen.
func reloads(lock string) bool {
	st, err := shim.Inspect(lock)
	if err != nil {
		return true
	}
	p, err := profile.Lookup(st.Profile)
	return err != nil || p.Missing(profile.Reload) == nil
}
