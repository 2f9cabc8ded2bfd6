package main

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// look prints what the look over /proc before a launch costs on a host with few
// and with many processes. The bare waiter does all of a start but the look;
// ps(1) looks at every process too.
func (b *bench) look() error {
	peers := with(b.peers(), func(p peer) bool { return p.name == shimName || p.name == bareName })
	t := newTable("processes on the host", "bare Go µs", "`ps -e` µs", "lockshim µs", "lockshim of ps", "lockshim more than bare Go, µs a process")
	for _, n := range b.processes {
		if err := b.lookAt(t, peers, n); err != nil {
			return err
		}
	}
	t.print(fmt.Sprintf("Exec -> first instruction of the server; of ps: exec -> reaped. Median of %d runs, interleaved.", b.lookRuns()))
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
	var ps series
	samples := newSamples(peers)
	for range b.lookRuns() {
		if err := b.interleave(peers, samples, 1); err != nil {
			return err
		}
		took, err := b.timed("ps", "-e", "-o", psColumns)
		if err != nil {
			return err
		}
		ps = append(ps, took)
	}
	bare, shim := samples[bareName].start.median(), samples[shimName].start.median()
	each := float64(shim-bare) / float64(time.Microsecond) / float64(have)
	t.row(strconv.Itoa(have), micros(bare), micros(ps.median()), micros(shim), ratio(shim, ps.median()), fmt.Sprintf("%.1f", each))
	return nil
}

// psColumns are what a person asks of ps(1) for the same answer.
const psColumns = "pid,ppid,rss,args"

// timed runs a program to its end.
func (b *bench) timed(argv ...string) (time.Duration, error) {
	pid, began, err := b.spawn(argv)
	if err != nil {
		return 0, err
	}
	err = reap(pid)
	b.forget(pid)
	return clock() - began, err
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
