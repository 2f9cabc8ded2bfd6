//go:build !linux

package check

import (
	"errors"
	"fmt"
)

// kernel fails: a shim runs on Linux.
func kernel(*Subject) []Finding {
	return fail("kernel", "", fmt.Errorf("cannot run a shim: %w", errors.ErrUnsupported))
}

func limits(*Subject) []Finding    { return nil }
func processes(*Subject) []Finding { return nil }
func timeouts(*Subject) []Finding  { return nil }
func socket(*Subject) []Finding    { return nil }
