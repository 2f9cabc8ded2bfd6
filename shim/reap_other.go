//go:build !linux

package shim

import (
	"errors"
	"fmt"
)

// changed is not reached: a machine starts on Linux alone.
func changed(stops bool) (int, error) { return 0, errors.ErrUnsupported }

// reap is not reached either.
func reap(pid int, stops bool) (reaped, error) { return reaped{}, errors.ErrUnsupported }

// becomeSubreaper fails: without it orphans of the tree are lost, and with
// them what Run promises.
func becomeSubreaper() error {
	return fmt.Errorf("cannot become the reaper of the tree: %w", errors.ErrUnsupported)
}
