//go:build !linux

package profile

import "syscall"

// No real-time signal is passed on here: Darwin has none.
const (
	rtMin     = 0
	rtMax     = 0
	maxSignal = 31
)

// passableHere adds nothing to what every system has.
func passableHere(syscall.Signal) bool { return false }
