//go:build linux

package test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"syscall"
	"testing"
)

// visitors are four clients that keep their connections, and four that open one for
// each request. Nothing is sent twice behind the test's back, as net/http does.
type visitors struct {
	t       *testing.T
	s       *service
	quit    context.Context
	end     func()
	clients sync.WaitGroup

	mu       sync.Mutex
	answers  int
	closed   int // connections that were closed in the moment in which a second request was sent on them
	failures []error
}

// visitorsEach is the number of clients of each kind.
const visitorsEach = 4

// underLoad starts the clients.
func (s *service) underLoad() *visitors {
	l := &visitors{t: s.t, s: s}
	l.quit, l.end = context.WithCancel(context.Background())
	for i := range 2 * visitorsEach {
		l.clients.Go(func() {
			for l.quit.Err() == nil {
				l.note(l.converse(i < visitorsEach))
			}
		})
	}
	s.t.Cleanup(func() {
		l.end()
		l.clients.Wait()
	})
	return l
}

// errClosed is a connection that the server closed while it had no request, or one
// that it has not read: HTTP lets a server do that, and a client ask again (RFC
// 9112, 9.3.1 and 9.5).
var errClosed = errors.New("closed while idle")

// converse opens a connection, and sends one request after the other on it while
// the server keeps it.
func (l *visitors) converse(keep bool) error {
	conn, err := l.s.dial(context.Background())
	if err != nil {
		return err
	}
	defer conn.Close()
	answers := bufio.NewReader(conn)
	for first := true; l.quit.Err() == nil; first = false {
		again, err := ask(conn, answers, keep)
		switch {
		case err != nil && !first && answers.Buffered() == 0 && (errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)):
			return errClosed
		case err != nil:
			return err
		}
		l.note(nil)
		if !again {
			return nil
		}
	}
	return nil
}

// ask sends a request and reads the answer, and says whether the server keeps the
// connection.
func ask(conn net.Conn, answers *bufio.Reader, keep bool) (bool, error) {
	connection := map[bool]string{false: "close", true: "keep-alive"}[keep]
	if _, err := fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: web\r\nConnection: %s\r\n\r\n", connection); err != nil {
		return false, err
	}
	answer, err := http.ReadResponse(answers, nil)
	if err != nil {
		return false, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && (answer.StatusCode != http.StatusOK || len(body) == 0) {
		err = fmt.Errorf("answered %s: %q", answer.Status, body)
	}
	return keep && !answer.Close, err
}

// note counts; nil is an answer, or the end of a connection.
func (l *visitors) note(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case errors.Is(err, errClosed):
		l.closed++
	case err != nil:
		l.failures = append(l.failures, err)
	default:
		l.answers++
	}
}

// finish ends it, and fails the test if a request was lost.
func (l *visitors) finish(what string) {
	l.t.Helper()
	l.end()
	l.clients.Wait()
	l.t.Logf("%s: %d answers, %d failures, %d kept connections closed while idle", what, l.answers, len(l.failures), l.closed)
	if len(l.failures) > 0 || l.answers == 0 {
		l.t.Errorf("%s: %d requests failed: %v", what, len(l.failures), l.failures[:min(3, len(l.failures))])
	}
}
