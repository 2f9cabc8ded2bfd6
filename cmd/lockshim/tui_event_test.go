package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/shim/event"
	"github.com/lockshim/lockshim/shim/proc"
)

func processes(n int) (list []proc.Process) {
	for i := range n {
		list = append(list, proc.Process{ID: proc.ID{PID: 100 + i}, Args: []string{"ruby", "x\ny"}})
	}
	return list
}

// Every kind of event is one line, without control characters, whatever the
// processes are called.
func TestEventsAsText(t *testing.T) {
	r := &renderer{lock: "/run/lockshim/web.lock", hook: "unicorn.rb"}
	for _, c := range []struct {
		event event.Event
		want  string
	}{
		{event.Event{Kind: event.Launched, PID: 7, Command: []string{"unicorn", "-c", "a b"}}, "launched pid 7: unicorn -c 'a b'"},
		{event.Event{Kind: event.Adopted, PID: 7}, "adopted the running tree of master pid 7: nothing is launched"},
		{event.Event{Kind: event.LowFD, FD: 255}, "warning: the hard limit of open files is so low that the lock is descriptor 255, which some servers close: raise it with ulimit -Hn 4096"},
		{event.Event{Kind: event.Foreign, Processes: processes(1)}, "warning: the lock is held from outside the service, which is left alone: pid 100 ("},
		{event.Event{Kind: event.NewGeneration, PID: 8, Generation: 2}, "generation 2 has master pid 8"},
		{event.Event{Kind: event.Ended, PID: 8, Code: 3}, "master pid 8 exited with 3"},
		{event.Event{Kind: event.Ended, PID: 8, Code: 137}, "master pid 8 was ended by KILL"},
		{event.Event{Kind: event.Ended, PID: 8, Code: -1}, "master pid 8 has ended; its exit status could not be known"},
		{event.Event{Kind: event.Ready, PID: 8, Generation: 2}, "generation 2 is ready"},
		{event.Event{Kind: event.NotReady, Generation: 2, Err: errors.New("why")}, "warning: generation 2 is not ready: why"},
		{event.Event{Kind: event.Upgrading, PID: 8, Generation: 2}, "upgrading generation 2, master pid 8"},
		{event.Event{Kind: event.Retiring, Generation: 2, Signal: syscall.SIGQUIT}, "retiring generation 2 with QUIT"},
		{event.Event{Kind: event.Upgraded, Generation: 3}, "upgraded to generation 3"},
		{event.Event{Kind: event.UpgradeFailed, Generation: 2, Err: errors.New("why")}, "warning: the upgrade failed: why"},
		{event.Event{Kind: event.Unlocked, Processes: processes(1)}, ": install the hook of lockshim hook unicorn.rb"},
		{event.Event{Kind: event.Forged, PID: 8, Command: []string{"systemd-notify", "--ready"}}, "warning: ignored a notification of pid 8 (systemd-notify --ready), which is not of the service"},
		{event.Event{Kind: event.Forged, PID: 8}, "warning: ignored a notification of pid 8, which has ended or cannot be seen"},
		{event.Event{Kind: event.Replaced}, "warning: /run/lockshim/web.lock was deleted or replaced"},
		{event.Event{Kind: event.Signalled, PID: 8, Signal: syscall.SIGUSR2}, "sent USR2 to pid 8"},
		{event.Event{Kind: event.Signalled, PID: 100, Signal: syscall.SIGTERM, Processes: processes(3)}, "sent TERM to pid 100 and 2 more"},
		{event.Event{Kind: event.Ignored, Signal: syscall.SIGHUP, Err: errors.New("why")}, "warning: HUP is not passed on: why"},
		{event.Event{Kind: event.Stopping, Signal: syscall.SIGQUIT}, "stopping with QUIT"},
		{event.Event{Kind: event.Masterless, Processes: processes(10)}, "no master is left: stopping pid 100 ("},
		{event.Event{Kind: event.Masterless, Processes: processes(10)}, ", and 2 more"},
		{event.Event{Kind: event.StrayLeft, Processes: processes(2)}, "), pid 101 ("},
		{event.Event{Kind: event.Exiting, Code: 0}, "the last generation is gone: exiting with 0"},
		{event.Event{Kind: event.Trouble, Err: errors.New("cannot do it: why")}, "warning: cannot do it: why"},
	} {
		got := oneLine(r.sentence(c.event))
		if !strings.Contains(got, c.want) || !printable(got) {
			t.Errorf("%s is told as %q, without %q", c.event.Kind, got, c.want)
		}
	}
}

func TestLongCommandsAreClipped(t *testing.T) {
	r := &renderer{}
	long := event.Event{Kind: event.Launched, PID: 7, Command: []string{strings.Repeat("é", 5000)}}
	if got := r.sentence(long); len(got) > 600 || !strings.HasSuffix(got, "...") {
		t.Errorf("%d bytes", len(got))
	}
	if got := r.record(long); got.Command != quoteWord(long.Command[0]) {
		t.Error("a record is for programs and has the whole command")
	}
}

// A record has the fields of its kind, and code only where it means something:
// 0 is a value of it.
func TestEventsAsJSON(t *testing.T) {
	r := &renderer{json: true, lock: "/run/lockshim/web.lock"}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600))
	for _, c := range []struct {
		event event.Event
		want  string
	}{
		{event.Event{Time: at, Kind: event.Exiting}, `{"time":"2026-01-02T02:04:05Z","event":"exiting","lock":"/run/lockshim/web.lock","code":0}`},
		{event.Event{Time: at, Kind: event.Launched, PID: 7, FD: 1025, Command: []string{"a", "b\nc"}},
			`{"time":"2026-01-02T02:04:05Z","event":"launched","lock":"/run/lockshim/web.lock","pid":7,"fd":1025,"command":"a $'b\\012c'"}`},
		{event.Event{Time: at, Kind: event.Signalled, PID: 7, Signal: syscall.SIGTERM},
			`{"time":"2026-01-02T02:04:05Z","event":"signalled","lock":"/run/lockshim/web.lock","pid":7,"signal":"TERM"}`},
		{event.Event{Time: at, Kind: event.Trouble, Err: errors.New("why")},
			`{"time":"2026-01-02T02:04:05Z","event":"trouble","lock":"/run/lockshim/web.lock","error":"why"}`},
	} {
		if got, err := json.Marshal(r.record(c.event)); err != nil || string(got) != c.want {
			t.Errorf("%s\nis not\n%s (%v)", got, c.want, err)
		}
	}
	if got := r.record(event.Event{Kind: event.Foreign, Processes: processes(20)}); len(got.Processes) != 20 {
		t.Errorf("%d processes", len(got.Processes))
	}
}

// A reader that hangs costs the line that finds the pipe full, and no more.
func TestAFullPipeDoesNotBlock(t *testing.T) {
	r, w := pipe(t)
	fill := bytes.Repeat([]byte("x"), 4096)
	if err := unix.SetNonblock(w, true); err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := unix.Write(w, fill); err != nil {
			break
		}
	}
	if err := unix.SetNonblock(w, false); err != nil {
		t.Fatal(err)
	}
	writeLine(w, []byte("dropped\n"))
	if _, err := unix.Read(r, make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	writeLine(w, []byte("written\n"))
	got := make([]byte, 1<<20)
	if n, err := unix.Read(r, got); err != nil || string(got[:n]) != "written\n" {
		t.Errorf("%q, %v", got[:n], err)
	}
}

func TestALineGoesThroughInOrder(t *testing.T) {
	r, w := pipe(t)
	line := bytes.Repeat([]byte("0123456789abcdef"), 1500)
	writeLine(w, line)
	unix.Close(w)
	got := make([]byte, 1<<20)
	if n, err := unix.Read(r, got); err != nil || !bytes.Equal(got[:n], line) {
		t.Errorf("%d of %d bytes, %v", n, len(line), err)
	}
}

// pipe returns two descriptors in blocking mode, which end with the test.
func pipe(t *testing.T) (r, w int) {
	t.Helper()
	var fds [2]int
	if err := unix.Pipe(fds[:]); err != nil {
		t.Fatal(err)
	}
	return fds[0], fds[1]
}
