package control

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// asked makes a client whose request has arrived, and is unanswered.
func asked(t *testing.T) (*client, *Request) {
	t.Helper()
	lock := lockIn(t)
	s := listen(t, lock)
	requests := make(chan *Request)
	serve(t, s, func(r *Request) { requests <- r })
	c := raw(t, lock)
	c.send(`{"verb":"upgrade"}` + "\n")
	r := <-requests
	t.Cleanup(func() { r.Reply("the test is over") })
	return c, r
}

// stays makes sure that gone is not closed, as far as can be seen.
func stays(t *testing.T, what string, r *Request) {
	t.Helper()
	select {
	case <-r.Gone():
		t.Errorf("%s: the client counts as gone", what)
	case <-time.After(10 * time.Millisecond):
	}
}

func TestGoneAfterAHangUp(t *testing.T) {
	c, r := asked(t)
	gone := r.Gone()
	stays(t, "connected", r)
	do(t, c.Close())
	<-gone
	<-r.Gone()
	is(t, "Progress", r.Progress(1), unix.EPIPE)
	is(t, "Reply", r.Reply(1), unix.EPIPE)
}

// The hang-up may be older than the question.
func TestGoneBeforeItIsAsked(t *testing.T) {
	c, r := asked(t)
	do(t, c.Close())
	<-r.Gone()
}

func TestGoneWithTheAnswer(t *testing.T) {
	c, r := asked(t)
	gone := r.Gone()
	do(t, r.Reply("done"))
	<-gone
	if line := c.response(); string(line.Result) != `"done"` {
		t.Errorf("answer %+v", line)
	}
}

func TestHalfClosedIsNotGone(t *testing.T) {
	c, r := asked(t)
	r.Gone()
	do(t, c.CloseWrite())
	stays(t, "half closed", r)
	do(t, r.Progress("still here"))
	if line := c.response(); string(line.Progress) != `"still here"` {
		t.Errorf("answer %+v", line)
	}
	do(t, c.Close())
	<-r.Gone()
}

// What a client goes on to send is not read, keeps nobody busy, and does not
// hide the hang-up.
func TestTalkativeIsNotGone(t *testing.T) {
	c, r := asked(t)
	r.Gone()
	c.SetWriteDeadline(time.Now().Add(10 * time.Millisecond))
	n := 0
	for {
		written, err := c.Write(make([]byte, 1<<16))
		n += written
		if err != nil {
			break
		}
	}
	if n > 4<<20 {
		t.Errorf("%d bytes were taken from a client that had asked already", n)
	}
	stays(t, "talkative", r)
	do(t, c.Close())
	<-r.Gone()
}

// The poller waits for clients, no thread.
func TestWaitingClientsCostNoThread(t *testing.T) {
	lock := lockIn(t)
	h := start(t, nil)
	h.ask("serving", "serve", lock)
	for range maxServed - maxLong {
		raw(t, lock)
	}
	for range maxLong {
		c := raw(t, lock)
		c.send(`{"verb":"stop"}` + "\n")
		h.Expect("asked to stop")
	}
	h.Say("threads")
	if threads := number(t, h.Read()); threads > 20 {
		t.Errorf("%d threads for %d clients", threads, maxServed)
	}
}

// The time for a request to arrive ends with its arrival.
func TestNotGoneWhenTheTimeForTheRequestIsOver(t *testing.T) {
	lock := lockIn(t)
	s := listen(t, lock)
	s.wait = 50 * time.Millisecond // too short for the request on a busy host: then again
	requests := make(chan *Request, 1)
	serve(t, s, func(r *Request) { requests <- r })
	for {
		c := raw(t, lock)
		c.send(`{"verb":"upgrade"}` + "\n")
		ended := make(chan bool)
		go func() {
			c.response()
			close(ended)
		}()
		select {
		case <-ended: // it was late
		case r := <-requests:
			select {
			case <-r.Gone():
				t.Error("a client that waits counts as gone")
			case <-time.After(s.wait + 10*time.Millisecond):
			}
			good(t, r.Reply("end"))
			<-ended
			return
		}
	}
}
