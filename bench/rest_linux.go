package main

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

// calm is how long after a start a peer counts as at rest. Lockshim looks at a
// young tree a second time, nine seconds after the launch.
const calm = 12 * time.Second

// rest prints what a peer costs that has nothing to do.
func (b *bench) rest() error {
	peers := with(b.peers(), func(p peer) bool { return p.rest })
	var lives []life
	for _, p := range peers {
		l, err := b.begin(p.argv(b.path("rest"+strconv.Itoa(len(lives))), b.server, b.fifo))
		if err != nil {
			return err
		}
		lives = append(lives, l)
	}
	uses, err := b.watch(lives)
	if err != nil {
		return err
	}
	t := newTable("at rest", "RSS kB", "private dirty kB", "threads", "wake-ups a minute", "processor time µs a minute")
	for i, p := range peers {
		u := uses[i]
		t.row(p.name, strconv.Itoa(u.rss), strconv.Itoa(u.dirty), strconv.Itoa(u.threads), b.wakeUps(u), b.spent(u))
	}
	t.print(fmt.Sprintf("Watched for %s, from %s after the start, all at once. Wake-ups are the context switches of all threads.", b.period, calm))
	return b.endAll(lives)
}

// watch returns what each life has at the end of the period, and what it did in
// it.
func (b *bench) watch(lives []life) ([]usage, error) {
	note("watching %d services for %s", len(lives), calm+b.period)
	time.Sleep(calm)
	before, err := useAll(lives)
	if err != nil {
		return nil, err
	}
	time.Sleep(b.period)
	after, err := useAll(lives)
	if err != nil {
		return nil, err
	}
	for i := range after {
		after[i] = after[i].since(before[i])
	}
	return after, nil
}

func useAll(lives []life) ([]usage, error) {
	var all []usage
	for _, l := range lives {
		u, err := use(l)
		if err != nil {
			return nil, err
		}
		all = append(all, u)
	}
	return all, nil
}

func (b *bench) wakeUps(u usage) string {
	return fmt.Sprintf("%.1f", float64(u.switches)/b.period.Minutes())
}

func (b *bench) spent(u usage) string {
	return micros(time.Duration(float64(u.cpu) / b.period.Minutes()))
}

func (b *bench) endAll(lives []life) error {
	var all error
	for _, l := range lives {
		_, err := b.end(l)
		all = errors.Join(all, err)
	}
	return all
}
