package event

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/lockshim/lockshim/internal/shell"
	"github.com/lockshim/lockshim/shim/proc"
	"github.com/lockshim/lockshim/shim/profile"
)

// A Record is an Event for a log, a history or a socket: the fields that its
// kind has, with names for its numbers. Times are in UTC. Command is one line
// that a shell reads back.
type Record struct {
	Time       time.Time `json:"time"`
	Kind       Kind      `json:"event"`
	Lock       string    `json:"lock,omitempty"` // where a record may be of any service
	PID        int       `json:"pid,omitempty"`
	Started    time.Time `json:"started,omitzero"`
	Generation int       `json:"generation,omitempty"`
	Signal     string    `json:"signal,omitempty"`
	Code       *int      `json:"code,omitempty"`
	FD         int       `json:"fd,omitempty"`
	Command    string    `json:"command,omitempty"`
	Processes  []Process `json:"processes,omitempty"`
	Omitted    int       `json:"omitted,omitempty"` // processes that are not listed
	Error      string    `json:"error,omitempty"`
	Output     []string  `json:"output,omitempty"` // what was written last
	Hint       string    `json:"hint,omitempty"`   // a command that helps
}

// A Process is what a Record says of one.
type Process struct {
	PID     int    `json:"pid"`
	Command string `json:"command"`
	Locked  bool   `json:"locked"`
}

// Record is the event in this form. Lock and Hint are empty: an Event has
// neither.
func (e Event) Record() Record {
	r := Record{
		Time: e.Time.UTC(), Kind: e.Kind, PID: e.PID, Started: e.Started.UTC(), Generation: e.Generation, FD: e.FD,
		Command: shell.Quote(e.Command...), Omitted: e.Omitted, Output: e.Output,
	}
	for _, p := range e.Processes {
		r.Processes = append(r.Processes, Process{p.PID, p.Title(), p.Shared})
	}
	if e.Signal != 0 {
		r.Signal = profile.SignalName(e.Signal)
	}
	if hasCode(e.Kind) {
		r.Code = &e.Code
	}
	if e.Err != nil {
		r.Error = e.Err.Error()
	}
	return r
}

// hasCode reports the kinds of which Code is a part: 0 is a value of it.
func hasCode(kind Kind) bool { return kind == Ended || kind == Exiting }

// Event is the record as an event again: one of which Record makes an equal
// record, but for Lock and Hint. What a record does not hold is gone: the errors
// behind Err, and all of a process but its pid, its title and whether it has the lock.
func (r Record) Event() Event {
	e := Event{
		Time: r.Time, Kind: r.Kind, PID: r.PID, Started: r.Started, Generation: r.Generation, FD: r.FD,
		Command: shell.Split(r.Command), Omitted: r.Omitted, Output: r.Output,
	}
	for _, p := range r.Processes {
		e.Processes = append(e.Processes, proc.Process{ID: proc.ID{PID: p.PID}, Args: []string{p.Command}, Shared: p.Locked})
	}
	if sig, err := profile.ParseSignal(r.Signal); err == nil {
		e.Signal = sig
	}
	if r.Code != nil {
		e.Code = *r.Code
	}
	if r.Error != "" {
		e.Err = errors.New(r.Error)
	}
	return e
}

// MarshalJSON writes the event's Record.
func (e Event) MarshalJSON() ([]byte, error) { return json.Marshal(e.Record()) }

// UnmarshalJSON reads a Record. Fields and kinds that it does not know do no
// harm: the sender may be of another version.
func (e *Event) UnmarshalJSON(text []byte) error {
	var r Record
	if err := json.Unmarshal(text, &r); err != nil {
		return err
	}
	*e = r.Event()
	return nil
}
