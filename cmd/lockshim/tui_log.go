package main

import (
	"bytes"
	"encoding/json"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/shim/event"
	"github.com/lockshim/lockshim/shim/proc"
	"github.com/lockshim/lockshim/shim/profile"
)

// A renderer writes events to standard error, one line each.
type renderer struct {
	json  bool
	quiet bool
	lock  string
	hook  string // of the profile, "" where there is none
}

// A record is an event in JSON: the fields that its kind has.
type record struct {
	Time       time.Time     `json:"time"`
	Event      event.Kind    `json:"event"`
	Lock       string        `json:"lock"`
	PID        int           `json:"pid,omitempty"`
	Generation int           `json:"generation,omitempty"`
	Signal     string        `json:"signal,omitempty"`
	Code       *int          `json:"code,omitempty"`
	FD         int           `json:"fd,omitempty"`
	Command    string        `json:"command,omitempty"`
	Processes  []processLine `json:"processes,omitempty"`
	Error      string        `json:"error,omitempty"`
	Hint       string        `json:"hint,omitempty"`
}

// A processLine is what an event says of a process.
type processLine struct {
	PID     int    `json:"pid"`
	Command string `json:"command"`
	Locked  bool   `json:"locked"`
}

// emit writes one event.
func (r *renderer) emit(e event.Event) {
	switch {
	case r.quiet:
	case r.json:
		writeRecord(r.record(e))
	default:
		toStderr([]byte("lockshim: " + oneLine(r.sentence(e)) + "\n"))
	}
}

// warn tells something that went wrong and did not matter.
func (r *renderer) warn(err error) {
	r.emit(event.Event{Time: time.Now(), Kind: event.Trouble, Err: err})
}

// failure writes the error that ends the process as the last record. Quiet is
// about events; an error is told.
func (r *renderer) failure(err error, hint string, code int) {
	writeRecord(record{Time: time.Now().UTC(), Event: "error", Lock: r.lock, Code: &code, Error: err.Error(), Hint: hint})
}

// record is an event with names for its numbers.
func (r *renderer) record(e event.Event) record {
	rec := record{
		Time: e.Time.UTC(), Event: e.Kind, Lock: r.lock, PID: e.PID, Generation: e.Generation, FD: e.FD,
		Processes: processLines(e.Processes),
	}
	if len(e.Command) > 0 {
		rec.Command = shellQuote(e.Command)
	}
	if e.Signal != 0 {
		rec.Signal = profile.SignalName(e.Signal)
	}
	if e.Kind == event.Ended || e.Kind == event.Exiting {
		rec.Code = &e.Code
	}
	if e.Err != nil {
		rec.Error = e.Err.Error()
	}
	return rec
}

func processLines(processes []proc.Process) []processLine {
	lines := make([]processLine, 0, len(processes))
	for _, p := range processes {
		lines = append(lines, processLine{p.PID, p.Title(), p.Shared})
	}
	return lines
}

// writeRecord leaves out a record that cannot be written: there is nobody left
// to tell. A command line keeps its < and &.
func writeRecord(rec record) {
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	if enc.Encode(rec) == nil {
		toStderr(line.Bytes())
	}
}

// logPatience is how long a reader of standard error has to make room, in
// milliseconds.
const logPatience = 200

// toStderr writes one line to standard error.
func toStderr(line []byte) { writeLine(unix.Stderr, line) }

// writeLine writes to a descriptor whose reader may have gone or may hang, which
// must not take the shim with it: where the pipe stays full the line is dropped
// (one of more than PIPE_BUF bytes may be cut), and a pipe without a reader is no
// more than an error. os.Stderr would wait, and would raise SIGPIPE (os/signal,
// "SIGPIPE").
func writeLine(fd int, line []byte) {
	for len(line) > 0 {
		ready := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
		n, err := unix.Poll(ready, logPatience)
		if err == unix.EINTR {
			continue
		}
		if n <= 0 || ready[0].Revents&unix.POLLOUT == 0 {
			return
		}
		written, err := unix.Write(fd, line[:min(len(line), pipeBuf)])
		if err != nil && err != unix.EINTR {
			return
		}
		line = line[max(0, written):]
	}
}

// pipeBuf is PIPE_BUF of Linux: what a pipe with any room at all takes without
// making the writer wait (pipe(7)).
const pipeBuf = 4096
