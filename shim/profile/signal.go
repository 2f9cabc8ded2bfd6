package profile

import (
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Signals lists, sorted, every signal that the shim should subscribe to: those
// that Action passes on or acts on, and PIPE.
//
// PIPE is there to be ignored: without a subscription Go ends a program whose
// standard error has lost its reader (os/signal, "SIGPIPE"), and a log that
// went away must not end a shim. signal.Ignore would not do, since the server
// would inherit it. What is missing: CHLD, which is the waiting's own; URG and
// PROF, which are the Go runtime's; XCPU and XFSZ, which speak of the shim's own
// limits; and what Go cannot notify of, which on Linux is 32, 33 and 34 too
// (runtime/sigtab_linux_generic.go): 34 is glibc's RTMIN.
func Signals() []syscall.Signal {
	s := []syscall.Signal{syscall.SIGPIPE}
	for sig := syscall.Signal(1); sig <= maxSignal; sig++ {
		if passable(sig) {
			s = append(s, sig)
		}
	}
	slices.Sort(s)
	return s
}

// passable says whether sig, sent to the shim, is a message to the server.
func passable(sig syscall.Signal) bool {
	switch sig {
	case syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM,
		syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGWINCH,
		syscall.SIGTTIN, syscall.SIGTTOU, syscall.SIGTSTP, syscall.SIGCONT,
		syscall.SIGABRT, syscall.SIGALRM, syscall.SIGVTALRM, syscall.SIGIO:
		return true
	}
	return passableHere(sig)
}

// SignalName is the name of sig without SIG: TERM, RTMIN+3, RTMAX. A number that
// has no name is its own. ParseSignal reads what it returns.
func SignalName(sig syscall.Signal) string {
	if name, ok := realTimeName(int(sig)); ok {
		return name
	}
	if name := unix.SignalName(sig); name != "" {
		return strings.TrimPrefix(name, "SIG")
	}
	return strconv.Itoa(int(sig))
}

// realTimeName names a real-time signal by its distance from the first one.
func realTimeName(n int) (string, bool) {
	switch {
	case n < rtMin || n > rtMax:
		return "", false
	case n == rtMin:
		return "RTMIN", true
	case n == rtMax:
		return "RTMAX", true
	}
	return "RTMIN+" + strconv.Itoa(n-rtMin), true
}

// ParseSignal reads a signal's name, in any case, with or without SIG, or its
// number: TERM, sigterm, 15, RTMIN+3, RTMAX-1. RTMIN is glibc's, 34 on Linux.
// It takes signals that exist and can be sent, so KILL but not 0, nor those
// that the C library keeps for its threads (32, 33). Its error is a
// *SyntaxError.
func ParseSignal(s string) (syscall.Signal, error) {
	if sig := lookupSignal(s); sig != 0 {
		return sig, nil
	}
	return 0, &SyntaxError{What: "signal", Text: s, Why: "no such signal", Want: "TERM, SIGUSR2, 15 or RTMIN+3"}
}

// lookupSignal is ParseSignal with 0 for what is no signal.
func lookupSignal(s string) syscall.Signal {
	if n, ok := digits(s); ok {
		return numbered(n)
	}
	name := strings.TrimPrefix(strings.ToUpper(s), "SIG")
	if n, ok := realTime(name); ok {
		return numbered(n)
	}
	switch name {
	case "CLD":
		return syscall.SIGCHLD
	case "IOT":
		return syscall.SIGABRT
	case "POLL":
		return syscall.SIGIO
	}
	return unix.SignalNum("SIG" + name)
}

// numbered is the signal with the number n, or 0 where there is none.
func numbered(n int) syscall.Signal {
	if n >= rtMin && n <= rtMax || n > 0 && unix.SignalName(syscall.Signal(n)) != "" {
		return syscall.Signal(n)
	}
	return 0
}

// realTime reads RTMIN, RTMIN+n, RTMAX and RTMAX-n. A number outside the range
// of the real-time signals is not one.
func realTime(name string) (int, bool) {
	base, sign := 0, 0
	rest, ok := strings.CutPrefix(name, "RTMIN")
	if ok {
		base, sign = rtMin, 1
	} else if rest, ok = strings.CutPrefix(name, "RTMAX"); ok {
		base, sign = rtMax, -1
	}
	if !ok || rtMax == 0 {
		return 0, false
	}
	if rest == "" {
		return base, true
	}
	n, ok := digits(rest[1:])
	if !ok || (rest[0] == '+') != (sign > 0) || rest[0] != '+' && rest[0] != '-' || n > rtMax-rtMin {
		return 0, false
	}
	return base + sign*n, true
}

// digits reads a small decimal number that has nothing but digits.
func digits(s string) (int, bool) {
	if s == "" || len(s) > 9 {
		return 0, false
	}
	n := 0
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}
