package control

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
	"syscall"
	"testing"
)

// hasClosed tells whether err says that the other side has closed.
func hasClosed(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) || err == io.EOF
}

func TestEveryVerbArrives(t *testing.T) {
	lock := lockIn(t)
	s := listen(t, lock)
	serve(t, s, func(r *Request) { r.Reply([]any{r.Verb, r.Signal, r.Peer().PID, r.Peer().UID, r.Peer().GID}) })
	me, err := json.Marshal([]int{os.Getpid(), os.Geteuid(), os.Getegid()})
	do(t, err)
	for verb := range answersAtOnce {
		r := Request{Verb: verb}
		if verb == Signal {
			r.Signal = "USR1"
		}
		asks(t, lock, r, `["`+verb+`","`+r.Signal+`",`+string(me[1:]))
	}
}

func TestProgressThenResult(t *testing.T) {
	lock := lockIn(t)
	s := listen(t, lock)
	serve(t, s, func(r *Request) {
		for _, step := range []any{1, "two\nlines", nil, map[string]int{"three": 3}} {
			if err := r.Progress(step); err != nil {
				t.Errorf("Progress: %v", err)
			}
		}
		r.Reply("end")
	})
	var steps []string
	result, err := Call(lock, Request{Verb: Upgrade}, func(step json.RawMessage) { steps = append(steps, string(step)) })
	want := []string{"1", `"two\nlines"`, "null", `{"three":3}`}
	if err != nil || string(result) != `"end"` || !slices.Equal(steps, want) {
		t.Errorf("progress %q, result %s, %v; want %q and \"end\"", steps, result, err, want)
	}
}

func TestNoResultIsNull(t *testing.T) {
	lock := lockIn(t)
	s := listen(t, lock)
	serve(t, s, func(r *Request) { r.Reply(nil) })
	asks(t, lock, Request{Verb: Reload}, "null")
}

func TestErrorsOfTheHandler(t *testing.T) {
	lock := lockIn(t)
	s := listen(t, lock)
	serve(t, s, func(r *Request) { r.Fail(r.Signal, errors.New("pid 812 is at it")) })
	for code, target := range map[string]error{CodeBusy: nil, CodeRefused: ErrRefused, "own": nil} {
		_, err := Call(lock, Request{Verb: Signal, Signal: code}, nil)
		var remote *RemoteError
		if !errors.As(err, &remote) || *remote != (RemoteError{code, "pid 812 is at it"}) {
			t.Errorf("Call: %v, want the code %q and the handler's text", err, code)
		}
		if errors.Is(err, ErrRefused) != (target == ErrRefused) {
			t.Errorf("Call: %v: errors.Is(err, ErrRefused) is wrong", err)
		}
	}
}

func TestAnAnswerThatIsNoJSON(t *testing.T) {
	lock := lockIn(t)
	s := listen(t, lock)
	errs := make(chan error, 2)
	serve(t, s, func(r *Request) {
		errs <- r.Progress(func() {})
		errs <- r.Reply(func() {})
	})
	_, err := Call(lock, Request{Verb: Status}, nil)
	var remote *RemoteError
	if !errors.As(err, &remote) || remote.Code != CodeInternal {
		t.Errorf("Call: %v, want the code %q", err, CodeInternal)
	}
	for range 2 {
		if err := <-errs; err == nil {
			t.Error("a function was sent as JSON")
		}
	}
}

func TestOneAnswerOnly(t *testing.T) {
	lock := lockIn(t)
	s := listen(t, lock)
	requests := make(chan *Request, 1)
	serve(t, s, func(r *Request) {
		r.Reply("first")
		requests <- r
	})
	asks(t, lock, Request{Verb: Status}, `"first"`)
	r := <-requests
	is(t, "Reply", r.Reply("second"), ErrAnswered)
	is(t, "Fail", r.Fail(CodeBusy, io.EOF), ErrAnswered)
	is(t, "Progress", r.Progress("late"), ErrAnswered)
	<-r.Gone()
}

// A request that came over no connection is what a test of the machine makes.
func TestRequestWithoutAConnection(t *testing.T) {
	r := &Request{Verb: Upgrade}
	is(t, "Reply", r.Reply(1), ErrAnswered)
	is(t, "Fail", r.Fail(CodeBusy, io.EOF), ErrAnswered)
	is(t, "Progress", r.Progress(1), ErrAnswered)
	if r.Gone() != nil || r.Peer() != (Peer{}) {
		t.Errorf("it has a client: %v", r.Peer())
	}
}

// The answer may come from elsewhere, long after the handler has returned.
func TestAnswerAfterTheHandlerReturned(t *testing.T) {
	lock := lockIn(t)
	s := listen(t, lock)
	requests := make(chan *Request, 1)
	serve(t, s, func(r *Request) { requests <- r })
	go func() { (<-requests).Reply("later") }()
	asks(t, lock, Request{Verb: Stop}, `"later"`)
}

// The client has the answer though the process ends right after Reply.
func TestReplyAndExit(t *testing.T) {
	lock := lockIn(t)
	h := start(t, nil)
	h.ask("serving", "serve", lock)
	asks(t, lock, Request{Verb: Upgrade}, `"done"`)
}
