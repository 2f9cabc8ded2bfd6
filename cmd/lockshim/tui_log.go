package main

import (
	"bytes"
	"encoding/json"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/shim/event"
)

// A renderer writes events to standard error, one line each.
type renderer struct {
	json  bool
	quiet bool
	lock  string
	hook  string // of the profile, "" where there is none
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
	writeRecord(event.Record{Time: time.Now().UTC(), Kind: "error", Lock: r.lock, Code: &code, Error: err.Error(), Hint: hint})
}

// record is an event in JSON, with the service that it is about.
func (r *renderer) record(e event.Event) event.Record {
	rec := e.Record()
	rec.Lock = r.lock
	return rec
}

// writeRecord leaves out a record that cannot be written: there is nobody left
// to tell. A command line keeps its < and &.
func writeRecord(rec event.Record) {
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
