package main

import (
	"fmt"
	"strconv"
	"time"
)

// A scale puts times on a line of cells: columns of a terminal, or pixels.
type scale struct {
	from, to time.Time
	cells    int
}

// at is the cell of a time. What lies beyond an end is at it.
func (s scale) at(t time.Time) int {
	cell := int(float64(t.Sub(s.from)) / float64(s.span()) * float64(s.cells))
	return max(0, min(s.cells-1, cell))
}

// span is the time that the line stands for.
func (s scale) span() time.Duration { return max(time.Millisecond, s.to.Sub(s.from)) }

// A tick is a mark on the scale, and what it is called.
type tick struct {
	cell  int
	label string
}

// ticks are at round distances from the start, as many as leave apart cells
// between each two.
func (s scale) ticks(apart int) []tick {
	step := s.step(apart)
	list := []tick{{0, "0"}}
	for d := step; d <= s.span(); d += step {
		list = append(list, tick{s.at(s.from.Add(d)), "+" + elapsed(d)})
	}
	return list
}

// steps are distances that people count in.
var steps = []time.Duration{
	time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond, 20 * time.Millisecond,
	50 * time.Millisecond, 100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour,
}

const day = 24 * time.Hour

// step is the smallest distance between ticks that leaves apart cells.
func (s scale) step(apart int) time.Duration {
	wide := func(d time.Duration) bool { return float64(d)/float64(s.span())*float64(s.cells) >= float64(apart) }
	for _, d := range steps {
		if wide(d) {
			return d
		}
	}
	d := day
	for i := 0; !wide(d); i++ {
		d = []time.Duration{2, 5, 10}[i%3] * power(i/3) * day
	}
	return d
}

// power is 10 to the n-th.
func power(n int) time.Duration {
	if n == 0 {
		return 1
	}
	return 10 * power(n-1)
}

// elapsed is a time without the units in which it has nothing.
func elapsed(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%dms", d.Milliseconds())
	}
	if d < time.Minute {
		return strconv.FormatFloat(d.Round(time.Millisecond).Seconds(), 'f', -1, 64) + "s"
	}
	d = d.Truncate(time.Second)
	text := ""
	for _, unit := range []struct {
		length time.Duration
		name   string
	}{{day, "d"}, {time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}} {
		if n := d / unit.length; n > 0 {
			text += fmt.Sprintf("%d%s", n, unit.name)
			d -= n * unit.length
		}
	}
	return text
}
