package shim

import (
	"errors"
	"testing"

	"github.com/lockshim/lockshim/shim/proc"
)

// A snapshot with a process in the middle of an exec is taken again, but not for ever.
func TestLookAtImages(t *testing.T) {
	broken := errors.New("broken")
	for _, row := range []struct {
		name  string
		until int // the look at which the exec is over
		fails int // the look that fails, 0 for none
		looks int
	}{
		{"nobody executes", 1, 0, 1},
		{"an exec ends", 3, 0, 3},
		{"an exec hangs", 1000, 0, 1 + execTries},
		{"a look fails", 3, 2, 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			looks := 0
			look := func(proc.Query) (proc.Snapshot, error) {
				looks++
				if looks == row.fails {
					return proc.Snapshot{}, broken
				}
				return proc.Snapshot{Processes: []proc.Process{{Midway: looks < row.until}}}, nil
			}
			s, err := lookAtImages(look, proc.Query{})
			if looks != row.looks || errors.Is(err, broken) != (row.fails > 0) {
				t.Errorf("%d looks, %v, want %d", looks, err, row.looks)
			}
			if err == nil && s.Processes[0].Midway != (row.until > looks) {
				t.Errorf("the snapshot is not that of the last look")
			}
		})
	}
}
