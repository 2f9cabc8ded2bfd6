package control

import (
	"encoding/json"
	"io"
	"strings"
	"sync"
	"testing"
	"time"
)

// malformed are first lines that are no requests, and what is said to them.
var malformed = []struct{ name, line, code string }{
	{"no JSON", "status\n", CodeMalformed},
	{"HTTP", "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n", CodeMalformed},
	{"an empty line", "\n", CodeMalformed},
	{"half an object", `{"verb":"status"` + "\n", CodeMalformed},
	{"two objects", `{"verb":"status"}{"verb":"stop"}` + "\n", CodeMalformed},
	{"an array", `["status"]` + "\n", CodeMalformed},
	{"a number for the verb", `{"verb":1}` + "\n", CodeMalformed},
	{"an object for the signal", `{"verb":"signal","signal":{}}` + "\n", CodeMalformed},
	{"no signal", `{"verb":"signal"}` + "\n", CodeMalformed},
	{"a signal for a stop", `{"verb":"stop","signal":"KILL"}` + "\n", CodeMalformed},
	{"no verb", `{}` + "\n", CodeUnknown},
	{"null", "null\n", CodeUnknown},
	{"no known verb", `{"verb":"explode"}` + "\n", CodeUnknown},
	{"NULs", strings.Repeat("\x00", 100) + "\n", CodeMalformed},
	{"a NUL in the verb", `{"verb":"stop` + "\x00" + `"}` + "\n", CodeMalformed},
	{"no UTF-8", `{"verb":"` + "\xff\xfe" + `"}` + "\n", CodeUnknown},
	{"deep nesting", strings.Repeat("[", 8000) + "\n", CodeMalformed},
	{"8 KiB and no end", strings.Repeat("x", maxLine), CodeTooLong},
	{"1 MB", strings.Repeat("x", 1<<20) + "\n", CodeTooLong},
	{"1 MB of NULs", strings.Repeat("\x00", 1<<20), CodeTooLong},
	{"1 MB around a verb", `{"verb":"stop",` + strings.Repeat(" ", 1<<20) + "}\n", CodeTooLong},
}

func TestMalformedRequests(t *testing.T) {
	for _, m := range malformed {
		t.Run(m.name, func(t *testing.T) {
			lock := lockIn(t)
			s := listen(t, lock)
			serve(t, s, func(r *Request) {
				if r.Verb != Status {
					t.Errorf("the handler was asked for %q", r.Verb)
				}
				r.Reply(r.Verb)
			})
			c := raw(t, lock)
			c.send(m.line)
			if r := c.response(); r.Error == nil || r.Error.Code != m.code || r.Error.Text == "" {
				t.Errorf("answer %+v, want the code %q and a text", r, m.code)
			}
			c.isClosed()
			asks(t, lock, Request{Verb: Status}, `"status"`)
		})
	}
}

// What is unusual but right.
func TestWellFormedRequests(t *testing.T) {
	lock, _ := service(t)
	for name, line := range map[string]string{
		"spaces and CR":   "  { \"verb\" : \"status\" }\t\r\n",
		"unknown fields":  `{"verb":"status","args":{"verb":"stop"},"since":3}` + "\n",
		"a longest line":  `{"verb":"status"` + strings.Repeat(" ", maxLine-len(`{"verb":"status"}`)-1) + "}\n",
		"more after it":   `{"verb":"status"}` + "\n" + `{"verb":"stop"}` + "\nmore",
		"a megabyte more": `{"verb":"status"}` + "\n" + strings.Repeat("x", 1<<20),
	} {
		c := raw(t, lock)
		var sending sync.WaitGroup
		sending.Go(func() { c.send(line) })
		if r := c.response(); string(r.Result) != `"status"` {
			t.Errorf("%s: answer %+v, want a status", name, r)
		}
		c.isClosed()
		sending.Wait()
	}
}

func TestHalfALineThenHalfClosed(t *testing.T) {
	lock, _ := service(t)
	c := raw(t, lock)
	c.send(`{"verb":"status"}`)
	do(t, c.CloseWrite())
	if r := c.response(); r.Error == nil || r.Error.Code != CodeMalformed {
		t.Errorf("answer %+v, want the code %q", r, CodeMalformed)
	}
	c.isClosed()
}

// A program like nc(1) that has no more to say still listens.
func TestALineThenHalfClosed(t *testing.T) {
	lock, _ := service(t)
	c := raw(t, lock)
	c.send(`{"verb":"status"}` + "\n")
	do(t, c.CloseWrite())
	if r := c.response(); string(r.Result) != `"status"` {
		t.Errorf("answer %+v, want a status", r)
	}
}

// Serve returns only when each of these is given up.
func TestClientsThatGoAway(t *testing.T) {
	lock, _ := service(t)
	for _, text := range []string{"", `{"verb"`, `{"verb":"status"}`, `{"verb":"status"}` + "\n", strings.Repeat("x", 1<<20)} {
		c := raw(t, lock)
		// A long one waits for the server, and is cut off in the middle.
		c.SetWriteDeadline(time.Now().Add(time.Millisecond))
		io.WriteString(c, text)
		do(t, c.Close())
	}
	c := raw(t, lock)
	do(t, c.CloseWrite())
	c.isClosed()
	asks(t, lock, Request{Verb: Status}, `"status"`)
}

// A byte now and then does not buy more time: the line as a whole is late.
func TestASlowClient(t *testing.T) {
	lock := lockIn(t)
	s := listen(t, lock)
	s.wait = 50 * time.Millisecond
	serve(t, s, func(r *Request) { t.Errorf("the handler was asked for %q", r.Verb) })
	for _, first := range []string{"", `{"verb":`} {
		c := raw(t, lock)
		c.send(first)
		line := drip(c)
		var r response
		if err := json.Unmarshal(line, &r); err != nil || r.Error == nil || r.Error.Code != CodeSlow {
			t.Errorf("answer %q (%v), want the code %q", line, err, CodeSlow)
		}
	}
}

// drip sends a byte whenever the server has been silent for a while, and
// returns what it says in the end.
func drip(c *client) []byte {
	for {
		c.SetReadDeadline(time.Now().Add(time.Millisecond))
		line, err := c.lines.ReadBytes('\n')
		if len(line) > 0 || err == nil || hasClosed(err) {
			return line
		}
		c.send(" ")
	}
}
