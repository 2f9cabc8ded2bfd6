package profile

import "syscall"

// The real-time signals as glibc counts them: it keeps 32 and 33 for threads
// (signal(7), "Real-time signals"). Go can be told of those above 34.
const (
	rtMin     = 34
	rtMax     = 64
	maxSignal = 64
)

// passableHere adds what Linux alone has: PWR and the real-time signals.
func passableHere(sig syscall.Signal) bool {
	return sig == syscall.SIGPWR || sig > rtMin && sig <= rtMax
}
