package main

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// look prints what the look over /proc before a launch costs on a host with few
// and with many processes. Dumb-init looks at nothing; what it needs more on a
// full host is the kernel's.
func (b *bench) look() error {
	peers := with(b.peers(), func(p peer) bool { return p.name == shimName || p.name == dumbName || p.name == bareName })
	t := newTable("processes on the host", "dumb-init µs", "bare Go µs", "lockshim µs", "of dumb-init", "lockshim more than bare Go, µs per process")
	for _, n := range b.processes {
		if err := b.lookAt(t, peers, n); err != nil {
			return err
		}
	}
	t.print(fmt.Sprintf("Exec of the peer -> first instruction of the server, median of %d runs, interleaved.", b.lookRuns()))
	return nil
}

// lookRuns is fewer: the figure is of milliseconds.
func (b *bench) lookRuns() int { return max(b.runs/4, 1) }

// lookAt adds a row for a host with n processes, or with those that it has.
func (b *bench) lookAt(t *table, peers []peer, n int) error {
	have, err := processes()
	if err != nil {
		return err
	}
	if more := n - have; more > 1 {
		crowd, err := b.crowd(more)
		if err != nil {
			return err
		}
		defer b.disperse(crowd)
	}
	if have, err = processes(); err != nil {
		return err
	}
	note("look: %d processes", have)
	samples, err := b.interleave(peers, b.lookRuns())
	if err != nil {
		return err
	}
	dumb, bare, shim := samples[dumbName].series(false), samples[bareName].series(false), samples[shimName].series(false)
	each := float64(shim.median()-bare.median()) / float64(time.Microsecond) / float64(have)
	t.row(strconv.Itoa(have), micros(dumb.median()), micros(bare.median()), micros(shim.median()),
		ratio(shim.median(), dumb.median()), fmt.Sprintf("%.1f", each))
	return nil
}

// crowd makes n processes: a server without a peer, and its workers.
func (b *bench) crowd(n int) (life, error) {
	return b.begin([]string{b.server, b.fifo, "workers=" + strconv.Itoa(n-1)})
}

// disperse ends a crowd, and waits until it is gone.
func (b *bench) disperse(l life) {
	if err := unix.Kill(l.pid, unix.SIGTERM); err != nil {
		note("cannot end %d: %v", l.pid, err)
		return
	}
	if err := reap(l.pid); err != nil {
		note("%v", err)
	}
	b.forget(l.pid)
}

// processes counts those of the host, as far as /proc shows them.
func processes() (int, error) {
	entries, err := os.ReadDir("/proc")
	n := 0
	for _, e := range entries {
		if _, err := strconv.Atoi(e.Name()); err == nil {
			n++
		}
	}
	return n, err
}
