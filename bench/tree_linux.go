package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// The numbers of runs on a large tree, whose figures are of milliseconds.
const (
	statusRuns = 20
	stopRuns   = 5
)

// tree prints what status and stop cost on a server with many workers.
func (b *bench) tree() error {
	status, ps, err := b.statuses()
	if err != nil {
		return err
	}
	var stop, limit series
	for range stopRuns {
		if err := b.stops(&stop, &limit); err != nil {
			return err
		}
	}
	t := newTable(fmt.Sprintf("a server with %d workers", b.workers), "median ms", "slowest ms", "of the other")
	t.row("`lockshim status --json`", millis(status.median()), millis(status.at(1)), ratio(status.median(), ps.median()))
	t.row("`ps -e -o pid,ppid,rss,args`", millis(ps.median()), millis(ps.at(1)), "")
	t.row("`lockshim stop`, until it returns", millis(stop.median()), millis(stop.at(1)), ratio(stop.median(), limit.median()))
	t.row("TERM to the server without a shim, until its parent has reaped it", millis(limit.median()), millis(limit.at(1)), "")
	t.print(fmt.Sprintf("%d runs of status and ps, %d of each stop, interleaved.", statusRuns, stopRuns))
	return nil
}

// tall starts a shim over a server with many workers.
func (b *bench) tall() (life, string, error) {
	lock := b.path("tree")
	l, err := b.begin(b.lockshim(lock, b.server, b.fifo, "workers="+strconv.Itoa(b.workers)))
	return l, lock, err
}

// statuses measures status beside ps(1), on the same tree.
func (b *bench) statuses() (status, ps series, err error) {
	l, lock, err := b.tall()
	if err != nil {
		return nil, nil, err
	}
	for range statusRuns {
		began := clock()
		out, err := exec.Command(b.shims, "status", "--json", lock).Output()
		if err != nil {
			return nil, nil, fmt.Errorf("cannot see the status: %w", err)
		}
		status = append(status, clock()-began)
		if err := b.complete(out); err != nil {
			return nil, nil, err
		}
		took, err := b.timed("ps", "-e", "-o", psColumns)
		if err != nil {
			return nil, nil, err
		}
		ps = append(ps, took)
	}
	_, err = b.stopOne(l, lock)
	return status, ps, err
}

// complete makes sure that a status has all workers: a fast one that does not
// see them is no answer.
func (b *bench) complete(out []byte) error {
	var s struct {
		Generations []struct{ Workers []struct{ PID int } }
	}
	if err := json.Unmarshal(out, &s); err != nil {
		return fmt.Errorf("cannot read a status: %w", err)
	}
	if len(s.Generations) != 1 || len(s.Generations[0].Workers) != b.workers {
		return fmt.Errorf("cannot trust a status without the %d workers: %.300s", b.workers, out)
	}
	return nil
}

// stops measures one stop by lockshim, and one of a server without it.
func (b *bench) stops(stop, limit *series) error {
	l, lock, err := b.tall()
	if err != nil {
		return err
	}
	took, err := b.stopOne(l, lock)
	if err != nil {
		return err
	}
	*stop = append(*stop, took)
	if l, err = b.crowd(b.workers + 1); err != nil {
		return err
	}
	began := clock()
	if err := unix.Kill(l.pid, unix.SIGTERM); err != nil {
		return fmt.Errorf("cannot end server %d: %w", l.pid, err)
	}
	err = reap(l.pid)
	*limit = append(*limit, clock()-began)
	b.forget(l.pid)
	return err
}

// stopOne stops a service, and makes sure that its server is gone.
func (b *bench) stopOne(l life, lock string) (time.Duration, error) {
	began := clock()
	if out, err := exec.Command(b.shims, "stop", lock).CombinedOutput(); err != nil {
		return 0, fmt.Errorf("cannot stop: %w: %s", err, out)
	}
	took := clock() - began
	if err := unix.Kill(l.server, 0); !errors.Is(err, unix.ESRCH) {
		return 0, fmt.Errorf("cannot trust a stop that leaves server %d: %v", l.server, err)
	}
	err := reap(l.pid)
	b.forget(l.server)
	b.forget(l.pid)
	return took, err
}
