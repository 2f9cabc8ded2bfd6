//go:build !linux

package notify

import (
	"errors"
	"fmt"
)

// A Socket is never made here.
type Socket struct{}

// Listen returns errors.ErrUnsupported: the mechanism is Linux's.
func Listen(lock string) (*Socket, error) {
	return nil, fmt.Errorf("cannot make a notify socket: %w", errors.ErrUnsupported)
}

// Address is "".
func (s *Socket) Address() string { return "" }

// Receive returns errors.ErrUnsupported.
func (s *Socket) Receive() (Message, error) {
	return Message{}, fmt.Errorf("cannot receive a notification: %w", errors.ErrUnsupported)
}

// Close does nothing.
func (s *Socket) Close() error { return nil }

func openUpstream() (int, error)           { return -1, errors.ErrUnsupported }
func (u *Upstream) send(text string) error { return errors.ErrUnsupported }

// Close does nothing.
func (u *Upstream) Close() error { return nil }
