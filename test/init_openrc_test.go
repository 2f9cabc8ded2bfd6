//go:build linux

package test

import (
	"bufio"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/lockshim/lockshim/contrib"
	"github.com/lockshim/lockshim/internal/testkit"
)

// rc-service answers as LSB says, and leaves the service beside it alone.
func TestOpenRCAnswers(t *testing.T) {
	t.Parallel()
	inWorld(t, "OpenRC", func(w *world) {
		o, x, neighbour := w.init.(*openrc), w.tenants[0], w.tenants[1]
		others, ours := neighbour.all(), x.all()
		x.owned(tenantUser)
		neighbour.owned(tenantUser)
		o.answers(x, "status", 0)
		o.answers(x, "start", 0)
		if now := x.all(); !slices.Equal(now, ours) {
			t.Errorf("start of a service that runs: its processes are %v, and were %v", now, ours)
		}
		o.answers(x, "reload", 0)
		x.generation()
		x.serves()
		o.answers(x, "stop", 0)
		x.empty()
		o.answers(x, "status", 3)
		o.answers(x, "stop", 0)
		o.answers(x, "reload", 1)
		if now := neighbour.all(); !slices.Equal(now, others) {
			t.Errorf("the processes of the neighbour are %v, and were %v", now, others)
		}
	})
}

// What fails at once, again and again, is given up.
func TestOpenRCGivesUp(t *testing.T) {
	t.Parallel()
	inWorld(t, "OpenRC", func(w *world) {
		o, x := w.init.(*openrc), w.tenants[0]
		o.answers(x, "stop", 0)
		w.init.install(x, contrib.Setting{Key: "flags", Value: "--pidfile /nonexistent/pid"})
		o.answers(x, "start", 0)
		for _, pid := range testkit.PIDs() {
			if args := testkit.CommandLine(pid); len(args) > 1 && filepath.Base(args[0]) == "supervise-daemon" && args[1] == x.name {
				watch(t, pid).gone()
			}
		}
		o.answers(x, "status", 3)
	})
}

// answers fails the test unless rc-service has that code.
func (o *openrc) answers(x *tenant, action string, want int) {
	o.w.t.Helper()
	if got := o.run(x, action); got.code != want {
		o.w.t.Errorf("%s answers %+v, want %d", action, got, want)
	}
}

// A directory goes through the same eval as the words of the command.
func TestOpenRCLeavesADirectoryAlone(t *testing.T) {
	t.Parallel()
	inWorld(t, "OpenRC", func(w *world) {
		o, x := w.init.(*openrc), w.tenants[0]
		o.answers(x, "stop", 0)
		where := x.fifo("where")
		dir := x.file("a  b*;'\"$HOME #")
		must(t, os.Mkdir(dir, 0o755))
		x.put("show", "#!/bin/sh\npwd >"+x.file("where")+"\nexec cat "+x.file("hang")+"\n")
		must(t, os.Chmod(x.file("show"), 0o755))
		w.init.install(x, contrib.Setting{Key: "directory", Value: dir}, contrib.Setting{Key: "command", Value: x.file("show")})
		o.answers(x, "start", 0)
		got, err := bufio.NewReader(where).ReadString('\n')
		if must(t, err); got != dir+"\n" {
			t.Errorf("the command runs in %q", got)
		}
		o.answers(x, "stop", 0)
		x.empty()
	})
}
