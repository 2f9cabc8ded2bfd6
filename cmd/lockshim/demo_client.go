package main

import (
	"bytes"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// A stream sends requests without a pause, each on a connection of its own, and
// counts what became of them.
type stream struct {
	port     int
	answered atomic.Int64
	failed   atomic.Int64
	progress chan struct{} // a token when there are more answers
	end      chan struct{}
	running  sync.WaitGroup
}

// startStream begins with that many clients.
func startStream(port, clients int) *stream {
	s := &stream{port: port, progress: make(chan struct{}, 1), end: make(chan struct{})}
	for range clients {
		s.running.Go(s.send)
	}
	return s
}

// send is one client.
func (s *stream) send() {
	for {
		select {
		case <-s.end:
			return
		default:
		}
		if request(s.port) {
			s.answered.Add(1)
		} else {
			s.failed.Add(1)
		}
		select {
		case s.progress <- struct{}{}:
		default:
		}
	}
}

// stop ends the stream after the requests in flight.
func (s *stream) stop() {
	close(s.end)
	s.running.Wait()
}

// request reports whether a whole answer came.
func request(port int) bool {
	conn, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		return false
	}
	defer unix.Close(conn)
	unix.CloseOnExec(conn)
	if unix.Connect(conn, loopback(port)) != nil {
		return false
	}
	if _, err := unix.Write(conn, []byte("GET / HTTP/1.0\r\n\r\n")); err != nil {
		return false
	}
	var answer []byte
	buf := make([]byte, 1024)
	for {
		n, err := unix.Read(conn, buf)
		if err != nil {
			return false
		}
		if n == 0 {
			return bytes.HasPrefix(answer, []byte("HTTP/1.0 200 ")) && bytes.HasSuffix(answer, []byte("\n"))
		}
		answer = append(answer, buf[:n]...)
	}
}
