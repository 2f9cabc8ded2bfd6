//go:build !linux

package main

import (
	"errors"
	"fmt"
)

// becomeInit fails: there is no shim here either.
func becomeInit() error {
	return fmt.Errorf("cannot play the init system: %w", errors.ErrUnsupported)
}
