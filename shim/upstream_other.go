//go:build !linux

package shim

import (
	"os"
	"time"
)

// monotonic is not reached: a machine starts on Linux alone.
func monotonic() time.Duration { return 0 }

// openPipe finds none.
func openPipe() *os.File { return nil }

// tellPipe is not reached.
func tellPipe(pipe *os.File) {}
