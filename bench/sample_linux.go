package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// A sample is what was measured of one peer.
type sample struct{ start, exit series }

// A series is the same thing measured again and again.
type series []time.Duration

// at is the quantile q, NaN's place taken by 0 where nothing was measured.
func (s series) at(q float64) time.Duration {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	return sorted[int(q*float64(len(sorted)-1)+0.5)]
}

func (s series) median() time.Duration { return s.at(0.5) }
func (s series) p99() time.Duration    { return s.at(0.99) }

// warm is the number of first rounds that do not count.
const warm = 2

// slowRuns is how often a peer that polls is measured.
const slowRuns = 4

func newSamples(peers []peer) map[string]*sample {
	samples := map[string]*sample{}
	for _, p := range peers {
		samples[p.name] = &sample{}
	}
	return samples
}

// interleave measures peers in rounds, each in another order.
func (b *bench) interleave(peers []peer, samples map[string]*sample, rounds int) error {
	for round := range rounds {
		for _, i := range rand.Perm(len(peers)) {
			s := samples[peers[i].name]
			if peers[i].slow && len(s.exit) >= slowRuns {
				continue
			}
			if err := b.once(peers[i], i, s); err != nil {
				return err
			}
		}
		if round%50 == 49 {
			note("%d of %d rounds", round+1, rounds)
		}
	}
	return nil
}

// once is one start and one exit. Each peer has its own lockfile.
func (b *bench) once(p peer, i int, s *sample) error {
	l, err := b.begin(p.argv(b.path(fmt.Sprintf("lock%d", i)), b.server, b.fifo))
	if err != nil {
		return err
	}
	time.Sleep(b.settle)
	took, err := b.end(l)
	if err != nil {
		return err
	}
	s.start, s.exit = append(s.start, l.start), append(s.exit, took)
	return nil
}

// measured are the samples of the topics exit and start, taken once for both.
func (b *bench) measured() (map[string]*sample, error) {
	if b.samples != nil {
		return b.samples, nil
	}
	peers := with(b.peers(), func(p peer) bool { return p.exit && b.asked("exit") || p.start && b.asked("start") })
	// The first rounds read the programs from the disk.
	if err := b.interleave(with(peers, func(p peer) bool { return !p.slow }), newSamples(peers), warm); err != nil {
		return nil, err
	}
	b.samples = newSamples(peers)
	return b.samples, b.interleave(peers, b.samples, b.runs)
}

func (b *bench) asked(name string) bool { return slices.Contains(b.topics, name) }

// exit prints how long the end of a service takes to be seen.
func (b *bench) exit() error {
	samples, err := b.measured()
	if err != nil {
		return err
	}
	t := newTable("the last process SIGKILLed -> the peer reaped", "median µs", "p99 µs", "of sh + flock", "p99 of it", "of bare Go", "of the limit")
	for _, p := range with(b.peers(), func(p peer) bool { return p.exit }) {
		s := samples[p.name].exit
		base := samples[flockName].series(true)
		t.row(p.name, micros(s.median()), micros(s.p99()),
			ratio(s.median(), base.median()), ratio(s.p99(), base.p99()),
			ratio(s.median(), samples[bareName].series(true).median()),
			ratio(s.median(), samples[limitName].series(true).median()))
	}
	t.print(fmt.Sprintf("%d runs, interleaved; pidproxy, which polls, %d.", b.runs, slowRuns))
	return nil
}

// start prints how long a server waits for its peer.
func (b *bench) start() error {
	samples, err := b.measured()
	if err != nil {
		return err
	}
	t := newTable("exec of the peer -> first instruction of the server", "median µs", "p99 µs", "of `sh -c`", "of dumb-init", "of tini", "of bare Go")
	for _, p := range with(b.peers(), func(p peer) bool { return p.start }) {
		s := samples[p.name].start
		cells := []string{p.name, micros(s.median()), micros(s.p99())}
		for _, name := range []string{shellName, dumbName, tiniName, bareName} {
			cells = append(cells, ratio(s.median(), samples[name].series(false).median()))
		}
		t.row(cells...)
	}
	t.print(fmt.Sprintf("%d runs, interleaved; pidproxy %d.", b.runs, slowRuns))
	return nil
}

// series is one side of a sample; none of a peer that is not installed.
func (s *sample) series(exit bool) series {
	switch {
	case s == nil:
		return nil
	case exit:
		return s.exit
	}
	return s.start
}
