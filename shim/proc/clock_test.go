package proc

import (
	"testing"
	"time"
)

// A tick is a hundredth of a second (USER_HZ), and start times count from boot.
func TestClock(t *testing.T) {
	boot := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for ticks, want := range map[uint64]time.Time{
		0:           boot,
		1:           boot.Add(10 * time.Millisecond),
		100:         boot.Add(time.Second),
		8_640_000:   boot.AddDate(0, 0, 1),
		864_000_000: boot.AddDate(0, 0, 100),
	} {
		p := Process{ID: ID{PID: 1, Start: ticks}, Ticks: Clock{Boot: boot}}
		if got := p.Started(); !got.Equal(want) {
			t.Errorf("%d ticks after boot is %v, want %v", ticks, got, want)
		}
	}
}

// A process without arguments has a name all the same.
func TestTitle(t *testing.T) {
	for want, p := range map[string]Process{
		"pid 7":          {ID: ID{PID: 7}},
		`a b\nc`:         {Args: []string{"a", "b\nc"}},
		`sh -c \xff "x"`: {Args: []string{"sh", "-c", "\xff", `"x"`}},
	} {
		if got := p.Title(); got != want {
			t.Errorf("%+v has the title %q, want %q", p.Args, got, want)
		}
	}
}
