package notify

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
)

// open is an Upstream that the test closes.
func open(t *testing.T, address string) *Upstream {
	t.Helper()
	u, err := OpenUpstream(address)
	do(t, err)
	t.Cleanup(func() { do(t, u.Close()) })
	return u
}

func TestNoUpstream(t *testing.T) {
	u := open(t, "")
	if u != nil {
		t.Errorf("OpenUpstream(\"\") = %v, want nil", u)
	}
	do(t, u.Send("READY=1"))
}

func TestUpstream(t *testing.T) {
	for _, lock := range []string{lockIn(t), deep(t)} {
		s := listen(t, lock)
		u := open(t, s.Address())
		do(t, u.Send("RELOADING=1", "MONOTONIC_USEC=12", "STATUS=two words = three"))
		m := receives(t, s, "RELOADING=1", "MONOTONIC_USEC=12", "STATUS=two words = three")
		from(t, m, os.Getpid(), os.Geteuid(), os.Getegid())
		long := "STATUS=" + strings.Repeat("x", 4089)
		do(t, u.Send(long))
		receives(t, s, long)
		do(t, u.Send())
		is(t, "4097 bytes", u.Send(long+"x"), syscall.EMSGSIZE)
		for _, line := range []string{"", "READY", "=1", "A=1\nB=2", "A=\x00"} {
			is(t, line, u.Send("READY=1", line), syscall.EINVAL)
		}
		do(t, u.Send("READY=1"))
		receives(t, s, "READY=1") // and nothing before it
	}
}

func TestAddressesThatAreNone(t *testing.T) {
	for _, address := range []string{"notify", "./notify", "/", "@", "vsock:2:1234", "/run/a\x00b", "/" + strings.Repeat("n", 107), "@" + strings.Repeat("n", 107)} {
		_, err := OpenUpstream(address)
		is(t, address, err, ErrAddress)
	}
}

// A full queue is reported, at once, and is no end.
func TestUpstreamWhoseQueueIsFull(t *testing.T) {
	s := listen(t, lockIn(t))
	u := open(t, s.Address())
	sent := 0
	var err error
	for ; err == nil; sent++ {
		err = u.Send("WATCHDOG=1")
	}
	is(t, "Send", err, syscall.EAGAIN)
	for range sent - 1 {
		receives(t, s, "WATCHDOG=1")
	}
	do(t, u.Send("READY=1"))
	receives(t, s, "READY=1")
}

// A service manager that starts anew is found again.
func TestUpstreamThatComesBack(t *testing.T) {
	lock := lockIn(t)
	u := open(t, addressOf(lock))
	is(t, "before", u.Send("READY=1"), syscall.ENOENT)
	h := helper(t, "receive", "", nil, "LOCK="+lock)
	h.Expect("listening")
	do(t, u.Send("READY=1", "STATUS=x"))
	h.Expect("READY=1 STATUS=x")
	h.Kill()
	is(t, "between", u.Send("READY=1"), syscall.ECONNREFUSED)
	s := listen(t, lock)
	do(t, u.Send("STOPPING=1"))
	receives(t, s, "STOPPING=1")
	do(t, s.Close())
	if err := u.Send("STOPPING=1"); !errors.Is(err, syscall.ENOENT) {
		t.Errorf("after: %v", err)
	}
}
