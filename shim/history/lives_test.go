package history

import (
	"reflect"
	"testing"
	"time"

	"github.com/lockshim/lockshim/shim/event"
)

func at(seconds int) *time.Time { t := after(seconds); return &t }

func code(n int) *int { return &n }

// told is what a shim that began at dawn has: its pid is 1.
func told(records []event.Record, living ...Generation) History {
	h := History{Since: at(0), Time: after(1000), Shim: &Shim{PID: 1, Started: dawn}, Generations: living}
	return Tell(h, records)
}

// alone is what nobody remembers.
func alone(living ...Generation) History {
	return Tell(History{Time: after(1000), Generations: living}, nil)
}

// master is a generation that lives, as start times tell it.
func master(number, pid, seconds int) Generation {
	return Generation{Number: number, PID: pid, Command: "server", Born: at(seconds), Workers: []Worker{{PID: pid + 1, Started: after(seconds)}}}
}

func launched(seconds, pid int) event.Record {
	return event.Record{Time: after(seconds), Kind: event.Launched, PID: pid, Generation: 1, Command: "server"}
}

func born(seconds, number, pid, started int) event.Record {
	return event.Record{Time: after(seconds), Kind: event.NewGeneration, PID: pid, Generation: number, Started: after(started), Command: "server"}
}

func ended(seconds, number, pid, c int) event.Record {
	return event.Record{Time: after(seconds), Kind: event.Ended, PID: pid, Generation: number, Code: code(c)}
}

func of(kind event.Kind, seconds, number int) event.Record {
	return event.Record{Time: after(seconds), Kind: kind, Generation: number}
}

var none = []Worker{}

func TestTell(t *testing.T) {
	crew := func(pid, seconds int) []Worker { return []Worker{{PID: pid + 1, Started: after(seconds)}} }
	for _, c := range []struct {
		name string
		got  History
		want []Generation
	}{
		{"nothing", alone(), []Generation{}},
		{"two upgrades",
			told([]event.Record{
				launched(1, 10), of(event.Ready, 2, 1), born(12, 2, 20, 11), of(event.Ready, 13, 2), of(event.Retiring, 14, 1),
				ended(15, 1, 10, 0), born(30, 3, 30, 28), of(event.Retiring, 31, 2),
			}, master(2, 20, 11), master(3, 30, 28)),
			[]Generation{
				{Number: 1, PID: 10, Command: "server", Born: at(1), Seen: true, Ready: at(2), Retired: at(14), Ended: at(15), Code: code(0), Workers: none},
				{Number: 2, PID: 20, Command: "server", Born: at(11), Seen: true, Ready: at(13), Retired: at(31), Lives: true, Workers: crew(20, 11)},
				{Number: 3, PID: 30, Command: "server", Born: at(28), Seen: true, Lives: true, Workers: crew(30, 28)},
			}},
		{"a launcher ends, and a daemon leads",
			told([]event.Record{launched(1, 10), ended(2, 1, 10, 0), born(3, 1, 20, 2)}, master(1, 20, 2)),
			[]Generation{{Number: 1, PID: 20, Command: "server", Born: at(1), Seen: true, Lives: true, Workers: crew(20, 2)}}},
		{"a launcher's end is told late",
			told([]event.Record{launched(1, 10), born(3, 1, 20, 2), ended(4, 1, 10, 0)}, master(1, 20, 2)),
			[]Generation{{Number: 1, PID: 20, Command: "server", Born: at(1), Seen: true, Lives: true, Workers: crew(20, 2)}}},
		{"re-executed in place",
			told([]event.Record{launched(1, 10), born(5, 2, 10, 1)}, master(2, 10, 1)),
			[]Generation{
				{Number: 1, PID: 10, Command: "server", Born: at(1), Seen: true, Ended: at(5), Workers: none},
				{Number: 2, PID: 10, Command: "server", Born: at(5), Seen: true, Lives: true, Workers: crew(10, 1)},
			}},
		{"adopted",
			told([]event.Record{{Time: after(1), Kind: event.Adopted, PID: 10}, born(1, 1, 10, -500)}, master(1, 10, -500)),
			[]Generation{{Number: 1, PID: 10, Command: "server", Born: at(-500), Lives: true, Workers: crew(10, -500)}}},
		{"a birth that was forgotten, of one that lives and of one that does not",
			told([]event.Record{ended(50, 7, 70, 128+9)}, master(8, 80, 40)),
			[]Generation{
				{Number: 7, PID: 70, Ended: at(50), Code: code(137), Workers: none},
				{Number: 8, PID: 80, Command: "server", Born: at(40), Seen: true, Lives: true, Workers: crew(80, 40)},
			}},
		{"workers that outlive their master",
			told([]event.Record{launched(1, 10), ended(5, 1, 10, 137)}, Generation{Number: 1, Workers: crew(10, 2)}),
			[]Generation{{Number: 1, PID: 10, Command: "server", Born: at(1), Seen: true, Ended: at(5), Code: code(137), Lives: true, Workers: crew(10, 2)}}},
		{"an upgrade that failed",
			told([]event.Record{launched(1, 10), of(event.Retiring, 3, 1), of(event.UpgradeFailed, 4, 1)}, master(1, 10, 1)),
			[]Generation{{Number: 1, PID: 10, Command: "server", Born: at(1), Seen: true, Lives: true, Workers: crew(10, 1)}}},
		{"replaced: the numbers begin anew",
			told([]event.Record{born(1, 1, 10, -9), ended(2, 1, 10, 0), launched(3, 20), of(event.Ready, 4, 1)}, master(1, 20, 3)),
			[]Generation{
				{Number: 1, PID: 10, Command: "server", Born: at(-9), Ended: at(2), Code: code(0), Workers: none},
				{Number: 1, PID: 20, Command: "server", Born: at(3), Seen: true, Ready: at(4), Lives: true, Workers: crew(20, 3)},
			}},
		{"no shim", alone(Generation{Number: 1, Workers: crew(10, 2)}, master(2, 20, 11)),
			[]Generation{
				{Number: 1, Lives: true, Workers: crew(10, 2)},
				{Number: 2, PID: 20, Command: "server", Born: at(11), Lives: true, Workers: crew(20, 11)},
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if len(c.got.Generations) != len(c.want) || c.got.Events == nil {
				t.Fatalf("%+v", c.got)
			}
			for i, got := range c.got.Generations {
				if !reflect.DeepEqual(got, c.want[i]) {
					t.Errorf("%+v\nis not\n%+v", got, c.want[i])
				}
			}
		})
	}
}

// Every event is a mark of the generation that it happened to, or one of the
// service's.
func TestMarks(t *testing.T) {
	sent := event.Record{Time: after(20), Kind: event.Signalled, PID: 10, Signal: "TERM", Processes: []event.Process{{PID: 10}, {PID: 20}}}
	records := []event.Record{
		launched(1, 10), of(event.Ready, 2, 1), {Time: after(10), Kind: event.Upgrading, PID: 10, Generation: 1},
		{Time: after(10), Kind: event.Signalled, PID: 10, Signal: "USR2"}, born(12, 2, 20, 11), of(event.Ready, 13, 2),
		{Time: after(19), Kind: event.Stopping, Signal: "TERM"}, sent, ended(21, 1, 10, 0), ended(22, 2, 20, 0),
		{Time: after(23), Kind: event.Exiting, Code: code(0)},
	}
	h := told(records)
	kinds := func(list []event.Record) (kinds []event.Kind) {
		for _, r := range list {
			kinds = append(kinds, r.Kind)
		}
		return kinds
	}
	for i, want := range [][]event.Kind{
		{event.Ready, event.Signalled, event.Signalled, event.Ended},
		{event.NewGeneration, event.Ready, event.Signalled, event.Ended},
	} {
		if got := kinds(h.Marks(i)); !reflect.DeepEqual(got, want) {
			t.Errorf("generation %d has the marks %q, want %q", i+1, got, want)
		}
	}
	want := []event.Kind{event.Launched, event.Upgrading, event.Stopping, event.Exiting}
	if got := kinds(h.Service()); !reflect.DeepEqual(got, want) {
		t.Errorf("the service has %q, want %q", got, want)
	}
}

// The end of a launcher is no end of the generation that it left.
func TestMarksOfADaemon(t *testing.T) {
	h := told([]event.Record{launched(1, 10), ended(2, 1, 10, 0), born(3, 1, 20, 2), of(event.Ready, 4, 1)}, master(1, 20, 2))
	for _, r := range h.Marks(0) {
		if r.Kind == event.Ended {
			t.Errorf("%+v", r)
		}
	}
}

// A pid that led one generation and then the next has its signals where they
// belong.
func TestMarksOfAMasterThatExecutesItselfInPlace(t *testing.T) {
	signal := func(seconds int) event.Record {
		return event.Record{Time: after(seconds), Kind: event.Signalled, PID: 10, Signal: "USR2"}
	}
	h := told([]event.Record{launched(1, 10), signal(4), born(5, 2, 10, 1), signal(9)}, master(2, 10, 1))
	for i, want := range []time.Time{after(4), after(9)} {
		var times []time.Time
		for _, r := range h.Marks(i) {
			if r.Kind == event.Signalled {
				times = append(times, r.Time)
			}
		}
		if len(times) != 1 || !times[0].Equal(want) {
			t.Errorf("generation %d was signalled at %v, want %v", i+1, times, want)
		}
	}
}
