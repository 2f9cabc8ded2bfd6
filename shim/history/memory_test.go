package history

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/lockshim/lockshim/shim/event"
	"github.com/lockshim/lockshim/shim/proc"
)

var dawn = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func after(seconds int) time.Time { return dawn.Add(time.Duration(seconds) * time.Second) }

// The last events are there in order, and how many were before them is known.
func TestMemoryIsARing(t *testing.T) {
	for _, n := range []int{0, 1, Room - 1, Room, Room + 1, 2*Room + 7} {
		var m Memory
		for i := range n {
			m.Add(event.Event{Time: after(i), Kind: event.Ready, Generation: i})
		}
		got, first := m.Records(), max(0, n-Room)
		if len(got) != n-first || m.Forgotten() != first {
			t.Errorf("of %d events %d are kept and %d forgotten", n, len(got), m.Forgotten())
		}
		for i, r := range got {
			if r.Generation != first+i {
				t.Fatalf("of %d events number %d is %d", n, i, r.Generation)
			}
		}
		want := after(-9)
		if first > 0 {
			want = after(first)
		}
		if since := m.Since(after(-9)); !since.Equal(want) {
			t.Errorf("of %d events all are there since %v, want %v", n, since, want)
		}
	}
}

// What Records returned does not change with what is added later.
func TestRecordsAreACopy(t *testing.T) {
	var m Memory
	for i := range Room {
		m.Add(event.Event{Time: after(i), Kind: event.Ready, Generation: i})
	}
	before := m.Records()
	m.Add(event.Event{Time: after(Room), Kind: event.Exiting})
	if before[0].Generation != 0 || before[0].Kind != event.Ready {
		t.Errorf("the first record became %+v", before[0])
	}
}

// A thousand processes with command lines of a megabyte leave a little.
func TestMemoryIsBounded(t *testing.T) {
	long := strings.Repeat("é", 1<<19)
	big := event.Event{Time: dawn, Kind: event.Masterless, Command: []string{long}, Err: errors.New(long)}
	for i := range 1000 {
		big.Processes = append(big.Processes, proc.Process{ID: proc.ID{PID: i + 1}, Args: []string{long}})
	}
	for range 100 {
		big.Output = append(big.Output, long)
	}
	var m Memory
	m.Add(big)
	r := m.Records()[0]
	if len(r.Processes) != maxProcesses || r.Omitted != 1000-maxProcesses {
		t.Errorf("%d processes are listed, %d are not", len(r.Processes), r.Omitted)
	}
	line, err := json.Marshal(r)
	if err != nil || len(line) > 5500 || !utf8.Valid(line) {
		t.Errorf("%d bytes, %v", len(line), err)
	}
	for _, s := range []string{r.Command, r.Error, r.Processes[0].Command, r.Output[0]} {
		if !strings.HasSuffix(s, "é...") || !utf8.ValidString(s) {
			t.Errorf("cut to %q", s)
		}
	}
	if len(r.Output) != maxLines {
		t.Errorf("%d lines of output are kept", len(r.Output))
	}
	if len(big.Processes) != 1000 || big.Omitted != 0 || len(big.Output) != 100 {
		t.Error("the event itself was cut")
	}
}

// What fits is kept as it is.
func TestMemoryKeepsWhatFits(t *testing.T) {
	e := event.Event{
		Time: dawn, Kind: event.Ended, PID: 7, Generation: 2, Code: 3, Command: []string{"a b", "c"}, Err: errors.New("why"),
		Processes: []proc.Process{{ID: proc.ID{PID: 8}, Args: []string{"x", "y"}, Shared: true}}, Omitted: 2, Output: []string{"said", "so"},
	}
	var m Memory
	m.Add(e)
	if got := m.Records()[0]; !reflect.DeepEqual(got, e.Record()) {
		t.Errorf("%+v\nis not\n%+v", got, e.Record())
	}
}
