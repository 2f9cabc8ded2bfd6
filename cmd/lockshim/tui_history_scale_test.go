package main

import (
	"testing"
	"time"
)

// Ticks are at round distances, apart enough for their labels, and not fewer
// than need be.
func TestTicks(t *testing.T) {
	for _, c := range []struct {
		span  time.Duration
		cells int
		last  string
		count int
	}{
		{9 * time.Millisecond, 66, "+8ms", 5},
		{time.Second, 66, "+1s", 6},
		{1250 * time.Millisecond, 186, "+1.2s", 13},
		{8 * time.Second, 66, "+8s", 5},
		{90 * time.Second, 66, "+1m30s", 7},
		{5 * time.Minute, 66, "+5m", 6},
		{36 * time.Hour, 66, "+1d12h", 7},
		{30 * day, 66, "+30d", 7},
		{400 * day, 66, "+400d", 5},
		{4000 * day, 186, "+4000d", 9},
		{0, 66, "+1ms", 2},
	} {
		s := scale{from: statusTime, to: statusTime.Add(c.span), cells: c.cells}
		list := s.ticks(11)
		last := list[len(list)-1]
		if last.label != c.last || len(list) != c.count {
			t.Errorf("%v on %d cells: %d ticks up to %s, want %d up to %s", c.span, c.cells, len(list), last.label, c.count, c.last)
		}
		for i := 1; i < len(list); i++ {
			if apart := list[i].cell - list[i-1].cell; apart < 10 && i < len(list)-1 {
				t.Errorf("%v on %d cells: %s is %d cells from %s", c.span, c.cells, list[i].label, apart, list[i-1].label)
			}
		}
	}
}

// Every time has a cell, those beyond the ends the last one there.
func TestScaleStaysOnTheLine(t *testing.T) {
	s := scale{from: statusTime, to: statusTime.Add(10 * time.Second), cells: 20}
	for seconds, want := range map[int]int{-5: 0, 0: 0, 5: 10, 10: 19, 99: 19} {
		if got := s.at(statusTime.Add(time.Duration(seconds) * time.Second)); got != want {
			t.Errorf("%d s is at cell %d, want %d", seconds, got, want)
		}
	}
}

// The paper is as wide as the terminal, and has UTF-8 where the locale says so.
func TestPaper(t *testing.T) {
	for _, c := range []struct {
		env   map[string]string
		width int
		utf8  bool
	}{
		{nil, 80, false},
		{map[string]string{"LANG": "en_US.UTF-8", "COLUMNS": "132"}, 132, true},
		{map[string]string{"LANG": "en_US.UTF-8", "LC_CTYPE": "C"}, 80, false},
		{map[string]string{"LANG": "C", "LC_CTYPE": "de_DE.utf8@euro", "COLUMNS": "7"}, 40, true},
		{map[string]string{"LC_ALL": "C.UTF-8", "LANG": "C", "COLUMNS": "x"}, 80, true},
		{map[string]string{"LC_ALL": "ja_JP.EUC-JP", "LC_CTYPE": "C.UTF-8"}, 80, false},
	} {
		p := paperOf(func(name string) string { return c.env[name] }, -1)
		if p.width != c.width || p.utf8 != c.utf8 {
			t.Errorf("%v gives %d columns, UTF-8 %v", c.env, p.width, p.utf8)
		}
	}
}
