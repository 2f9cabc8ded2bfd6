package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	memoryLimit = 16 << 20 // where the collector runs after all: a host of many thousand processes
	heapAtRest  = 1 << 20  // what a rest leaves alone
)

// frugal sets the Go runtime up for a process that sleeps for months.
//
// One processor: with a second one free, each event wakes or creates a thread to
// look for more work, in the middle of the exit among others. It is set before
// there is anything in the second one's caches, which would stay.
//
// No collection of garbage by itself: the first one makes a small heap larger,
// and from then on the runtime wakes an idle process for one every two minutes.
// What a busy time leaves is collected by rest.
func frugal() {
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(memoryLimit)
}

// rest collects what a busy time left, if it is much. (Asking runtime.ReadMemStats
// would cost 300 kB: it empties every cache of the allocator.)
//
// The pages of this program's own file stay mapped. The kernel shares them among
// all shims, and an exit that has to map them again takes longer than one that
// has to unmap them.
func rest() {
	heap := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	if metrics.Read(heap); heap[0].Value.Uint64() > heapAtRest {
		debug.FreeOSMemory()
	}
}
