//go:build !linux

package shim

import "errors"

// suspend is not reached: a machine starts on Linux alone.
func suspend(group int) error { return errors.ErrUnsupported }
