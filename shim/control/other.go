//go:build !linux

package control

import (
	"errors"
	"fmt"
	"time"
)

// A Server is never made here.
type Server struct{}

// Listen returns errors.ErrUnsupported: the mechanism is Linux's.
func Listen(lock string) (*Server, error) { return nil, unsupported("make a control socket") }

// Serve returns errors.ErrUnsupported.
func (s *Server) Serve(handle func(*Request)) error { return unsupported("serve a control socket") }

// Close does nothing.
func (s *Server) Close() error { return nil }

// A conn is never made here.
type conn struct {
	peer Peer
	wait time.Duration
}

func dial(lock string, wait time.Duration) (*conn, error) {
	return nil, unsupported("reach a control socket")
}
func (c *conn) ask(line []byte) error      { return unsupported("ask") }
func (c *conn) Read(p []byte) (int, error) { return 0, unsupported("read") }
func (c *conn) progress(line []byte) error { return unsupported("send progress") }
func (c *conn) last(line []byte) error     { return unsupported("reply") }
func (c *conn) watch() <-chan struct{}     { return nil }
func (c *conn) close()                     {}

// unsupported is the error of a platform without the mechanism.
func unsupported(what string) error {
	return fmt.Errorf("cannot %s: %w", what, errors.ErrUnsupported)
}
