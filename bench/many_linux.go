package main

import (
	"fmt"
	"slices"
	"strconv"
)

// many prints what a host full of services pays for the programs between.
func (b *bench) many() error {
	peers := with(b.peers(), func(p peer) bool { return slices.Contains([]string{flockName, bareName, dumbName, shimName}, p.name) })
	lives, err := b.beginMany(peers)
	if err != nil {
		return err
	}
	uses, err := b.watch(lives)
	if err != nil {
		return err
	}
	t := newTable(fmt.Sprintf("%d services at rest", b.services), "RSS MB", "in truth (PSS) MB", "private dirty MB", "threads", "wake-ups a minute", "processor time µs a minute")
	for i, p := range peers {
		u := total(uses[i*b.services : (i+1)*b.services])
		t.row(p.name, megabytes(u.rss), megabytes(u.pss), megabytes(u.dirty), strconv.Itoa(u.threads), b.wakeUps(u), b.spent(u))
	}
	t.print(fmt.Sprintf("Watched for %s, all at once. PSS counts a page that several share once.", b.period))
	return b.endAll(lives)
}

// beginMany starts the services of each peer, one after the other.
func (b *bench) beginMany(peers []peer) ([]life, error) {
	var lives []life
	for _, p := range peers {
		for range b.services {
			l, err := b.begin(p.argv(b.path("many"+strconv.Itoa(len(lives))), b.server, b.fifo))
			if err != nil {
				return nil, err
			}
			lives = append(lives, l)
		}
	}
	return lives, nil
}

func total(uses []usage) usage {
	var sum usage
	for _, u := range uses {
		sum.threads += u.threads
		sum.rss += u.rss
		sum.pss += u.pss
		sum.dirty += u.dirty
		sum.switches += u.switches
		sum.cpu += u.cpu
	}
	return sum
}

func megabytes(kB int) string { return fmt.Sprintf("%.1f", float64(kB)/1024) }
