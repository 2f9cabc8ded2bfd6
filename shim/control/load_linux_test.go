package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// 200 clients at once: each gets its own answer, and no more than 64 are open
// at any time. The first 64 wait for each other, and then for a 65th.
func TestTwoHundredClientsAtOnce(t *testing.T) {
	lock := lockIn(t)
	s := listen(t, lock)
	var came, inside, most atomic.Int64
	full, gate := make(chan bool), make(chan bool)
	go func() {
		<-full
		<-time.After(10 * time.Millisecond)
		close(gate)
	}()
	serve(t, s, func(r *Request) {
		most.Store(max(most.Load(), inside.Add(1)))
		if came.Add(1) == maxServed {
			close(full)
		}
		<-gate
		inside.Add(-1) // the place is free only after Reply
		r.Reply("you said " + r.Signal)
	})
	var calls sync.WaitGroup
	for i := range 200 {
		calls.Go(func() {
			word := strconv.Itoa(i + 1)
			asks(t, lock, Request{Verb: Signal, Signal: word}, `"you said `+word+`"`)
		})
	}
	calls.Wait()
	if came.Load() != 200 || most.Load() != maxServed {
		t.Errorf("%d requests, %d at once; want 200 and %d", came.Load(), most.Load(), maxServed)
	}
}

// 200 processes would be 200 threads of theirs; here are 200 connections of a
// helper's server, of which half speak nonsense.
func TestTwoHundredConnectionsOfEveryKind(t *testing.T) {
	lock := lockIn(t)
	h := start(t, nil)
	h.ask("serving", "serve", lock)
	var calls sync.WaitGroup
	for i := range 200 {
		if i%2 == 0 {
			calls.Go(func() { asks(t, lock, Request{Verb: Status}, `"status"`) })
			continue
		}
		c, m := raw(t, lock), malformed[i%len(malformed)]
		calls.Go(func() {
			c.send(m.line)
			if r := c.response(); r.Error == nil || r.Error.Code != m.code {
				t.Errorf("%s: answer %+v, want the code %q", m.name, r, m.code)
			}
		})
	}
	calls.Wait()
	asks(t, lock, Request{Verb: Status}, `"status"`)
}

// Clients that say nothing are in nobody's way until all places are taken; then
// one that goes makes room.
func TestSilentClientsAndOthers(t *testing.T) {
	lock, _ := service(t)
	var silent []*client
	for range maxServed - 1 {
		silent = append(silent, raw(t, lock))
	}
	asks(t, lock, Request{Verb: Status}, `"status"`)
	silent = append(silent, raw(t, lock))
	answered := make(chan error, 1)
	go func() {
		_, err := call(lock, Request{Verb: Status}, nil, ages)
		answered <- err
	}()
	select {
	case err := <-answered:
		t.Errorf("a client was served beside %d others (%v)", len(silent), err)
	case <-time.After(10 * time.Millisecond):
	}
	do(t, silent[7].Close())
	do(t, <-answered)
}

// Requests that wait for the server leave places for those that do not.
func TestTooManyStops(t *testing.T) {
	lock := lockIn(t)
	s := listen(t, lock)
	stops := make(chan *Request)
	serve(t, s, func(r *Request) {
		if r.Verb == Stop {
			stops <- r
			return
		}
		r.Reply(r.Verb)
	})
	var calls sync.WaitGroup
	var waiting []*Request
	for range maxLong {
		calls.Go(func() { asks(t, lock, Request{Verb: Stop}, `"stopped"`) })
		waiting = append(waiting, <-stops)
	}
	for range 3 {
		_, err := call(lock, Request{Verb: Upgrade}, nil, ages)
		var remote *RemoteError
		if !errors.As(err, &remote) || remote.Code != CodeBusy {
			t.Errorf("one more: %v, want the code %q", err, CodeBusy)
		}
		asks(t, lock, Request{Verb: Status}, `"status"`)
	}
	for _, r := range waiting {
		do(t, r.Reply("stopped"))
	}
	calls.Wait()
	calls.Go(func() { asks(t, lock, Request{Verb: Stop}, `"again"`) })
	do(t, (<-stops).Reply("again"))
	calls.Wait()
}

// big is an answer that no socket buffer takes.
func big() []string {
	var words []string
	for i := range 50_000 {
		words = append(words, fmt.Sprintf("worker %d", i))
	}
	return words
}

func TestAnAnswerLargerThanTheBuffer(t *testing.T) {
	lock := lockIn(t)
	s := listen(t, lock)
	serve(t, s, func(r *Request) { r.Reply(big()) })
	result, err := call(lock, Request{Verb: Status}, nil, ages)
	do(t, err)
	var got []string
	do(t, json.Unmarshal(result, &got))
	if want := big(); len(got) != len(want) || got[len(got)-1] != want[len(want)-1] {
		t.Errorf("%d elements, want %d", len(got), len(want))
	}
}

// A client that does not read costs the handler no time, and is given up.
func TestAClientThatDoesNotRead(t *testing.T) {
	lock := lockIn(t)
	s := listen(t, lock)
	s.wait = 50 * time.Millisecond
	requests := make(chan *Request)
	serve(t, s, func(r *Request) { requests <- r })
	c := raw(t, lock)
	c.send(`{"verb":"status"}` + "\n")
	r := <-requests
	do(t, r.Reply(big())) // nobody has read a byte
	<-r.Gone()
}

// Progress is dropped for a client that does not read, never broken in the
// middle of a line, and the result comes all the same.
func TestProgressForASlowReader(t *testing.T) {
	lock := lockIn(t)
	s := listen(t, lock)
	sent := make(chan int, 1)
	serve(t, s, func(r *Request) {
		n := 0
		var err error
		for ; err == nil; n++ {
			err = r.Progress(n)
		}
		is(t, "Progress", err, ErrSlow)
		sent <- n - 1
		good(t, r.Reply("end"))
	})
	c := raw(t, lock)
	c.send(`{"verb":"upgrade"}` + "\n")
	want := <-sent
	for i := range want {
		if r := c.response(); string(r.Progress) != strconv.Itoa(i) {
			t.Fatalf("line %d of %d: %+v", i, want, r)
		}
	}
	if r := c.response(); string(r.Result) != `"end"` {
		t.Errorf("the last line: %+v, want the result", r)
	}
	c.isClosed()
}
