package main

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// becomeInit makes what a killed shim leaves the children of this process.
func becomeInit() error {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("cannot play the init system: %w", err)
	}
	return nil
}
