package event

import (
	"encoding/json"
	"errors"
	"reflect"
	"syscall"
	"testing"
	"time"

	"github.com/lockshim/lockshim/shim/proc"
)

var at = time.Date(2026, 1, 2, 3, 4, 5, 600, time.FixedZone("", 3600))

// An event and the line that it is, in a log or on a socket.
var written = []struct {
	event Event
	line  string
}{
	{Event{Time: at, Kind: Exiting}, `{"time":"2026-01-02T02:04:05.0000006Z","event":"exiting","code":0}`},
	{Event{Time: at, Kind: Ended, PID: 7, Generation: 2, Code: -1},
		`{"time":"2026-01-02T02:04:05.0000006Z","event":"ended","pid":7,"generation":2,"code":-1}`},
	{Event{Time: at, Kind: Launched, PID: 7, FD: 1025, Command: []string{"a", "b\nc", ""}},
		`{"time":"2026-01-02T02:04:05.0000006Z","event":"launched","pid":7,"fd":1025,"command":"a $'b\\012c' ''"}`},
	{Event{Time: at, Kind: Signalled, PID: 7, Signal: syscall.SIGTERM},
		`{"time":"2026-01-02T02:04:05.0000006Z","event":"signalled","pid":7,"signal":"TERM"}`},
	{Event{Time: at, Kind: Trouble, Err: errors.New("why")},
		`{"time":"2026-01-02T02:04:05.0000006Z","event":"trouble","error":"why"}`},
	{Event{Time: at, Kind: StrayLeft, Omitted: 3, Processes: []proc.Process{{ID: proc.ID{PID: 9}, Args: []string{"git gc"}, Shared: true}}},
		`{"time":"2026-01-02T02:04:05.0000006Z","event":"strays","processes":[{"pid":9,"command":"git gc","locked":true}],"omitted":3}`},
}

func TestEventsAreWrittenAsRecords(t *testing.T) {
	for _, c := range written {
		if got, err := json.Marshal(c.event); err != nil || string(got) != c.line {
			t.Errorf("%s\nis not\n%s (%v)", got, c.line, err)
		}
	}
}

// What comes back from a line is the event, as far as a record goes.
func TestEventsAreReadBack(t *testing.T) {
	for _, c := range written {
		var got Event
		if err := json.Unmarshal([]byte(c.line), &got); err != nil {
			t.Fatal(err)
		}
		if want := c.event.Record(); !reflect.DeepEqual(got.Record(), want) {
			t.Errorf("%+v\nis not\n%+v", got.Record(), want)
		}
		if got.Kind != c.event.Kind || got.Signal != c.event.Signal || got.Code != c.event.Code || !reflect.DeepEqual(got.Command, c.event.Command) {
			t.Errorf("%+v\nis not\n%+v", got, c.event)
		}
	}
}

// A process without a title, or with one that is not fit to print, reads the
// same after any number of journeys.
func TestTitlesDoNotChangeOnTheWay(t *testing.T) {
	for _, args := range [][]string{nil, {"a\nb", `c\d`}, {"\xff"}} {
		e := Event{Kind: Foreign, Processes: []proc.Process{{ID: proc.ID{PID: 7}, Args: args}}}
		title := e.Processes[0].Title()
		for range 3 {
			e = e.Record().Event()
			if got := e.Processes[0].Title(); got != title {
				t.Errorf("%q became %q", title, got)
			}
		}
	}
}

// A sender of another version may say more, or something unknown; what is no
// record at all is an error.
func TestRecordsOfAnotherVersion(t *testing.T) {
	var e Event
	if err := json.Unmarshal([]byte(`{"event":"sang","signal":"LATER","colour":"red","pid":3}`), &e); err != nil {
		t.Fatal(err)
	}
	if e.Kind != "sang" || e.PID != 3 || e.Signal != 0 {
		t.Errorf("%+v", e)
	}
	if err := json.Unmarshal([]byte(`{"pid":"three"}`), &e); err == nil || e.PID != 3 {
		t.Errorf("%+v, %v: a record that cannot be read must leave the event alone", e, err)
	}
}
