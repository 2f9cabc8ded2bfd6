//go:build !linux

package shim

import (
	"errors"
	"fmt"
)

// reap is not reached: a machine starts on Linux alone.
func reap() (reaped, error) { return reaped{}, errors.ErrUnsupported }

// becomeSubreaper fails: without it orphans of the tree are lost, and with
// them what Run promises.
func becomeSubreaper() error {
	return fmt.Errorf("cannot become the reaper of the tree: %w", errors.ErrUnsupported)
}
