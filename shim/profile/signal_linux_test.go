package profile

import (
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// A subscription to each of Signals is worth something: it arrives.
func TestSignalsArrive(t *testing.T) {
	for _, sig := range Signals() {
		c := make(chan os.Signal, 1)
		signal.Notify(c, sig)
		if err := syscall.Kill(os.Getpid(), sig); err != nil {
			t.Fatalf("kill %s: %v", SignalName(sig), err)
		}
		if got := <-c; got != sig {
			t.Errorf("sent %s, notified of %v", SignalName(sig), got)
		}
		signal.Stop(c)
	}
}

// Go cannot be told of 34, glibc's RTMIN: it ends the program, subscribed or not.
func TestFirstRealTimeSignalCannotBeCaught(t *testing.T) {
	err := exec.Command(os.Args[0], "helper-raise", "RTMIN").Run()
	status := exitStatus(err)
	if !status.Signaled() || status.Signal() != 34 {
		t.Errorf("RTMIN: %v, want death by signal 34", err)
	}
	if slices.Contains(Signals(), syscall.Signal(34)) {
		t.Error("Signals has 34")
	}
	out, err := exec.Command(os.Args[0], "helper-raise", "RTMIN+1").Output()
	if err != nil || string(out) != "notified\n" {
		t.Errorf("RTMIN+1: %q, %v", out, err)
	}
}

// A reader of standard error that goes away does not end a program that is
// subscribed to Signals; without, it does.
func TestSubscriptionSurvivesBrokenStderr(t *testing.T) {
	for how, want := range map[string]syscall.Signal{"subscribed": 0, "not": syscall.SIGPIPE} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		cmd := exec.Command(os.Args[0], "helper-pipe", how)
		cmd.Stderr = w
		out, err := cmd.Output()
		w.Close()
		status := exitStatus(err)
		if want == 0 && (err != nil || !strings.Contains(string(out), "broken pipe")) {
			t.Errorf("%s: %q, %v; want a broken pipe and exit 0", how, out, err)
		}
		if want != 0 && (!status.Signaled() || status.Signal() != want) {
			t.Errorf("%s: %v, want death by %v", how, err, want)
		}
	}
}

func exitStatus(err error) syscall.WaitStatus {
	if e, ok := err.(*exec.ExitError); ok {
		return e.Sys().(syscall.WaitStatus)
	}
	return 0
}
