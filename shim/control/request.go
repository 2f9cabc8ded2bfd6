package control

import (
	"encoding/json"
	"fmt"
)

// A Request is what a client asks for.
//
// A handler answers each Request once, by Reply or Fail, from whatever
// goroutine and after the handler has returned if it likes; an unanswered one
// keeps its connection open, until the server's process ends. The methods may
// be called from several goroutines at once, and none of them blocks: what a
// slow client does not take at once follows behind, and is given up after 5 s.
type Request struct {
	Verb   string `json:"verb"`
	Signal string `json:"signal,omitempty"` // for the verb Signal: a name as kill(1) takes it
	Stop   string `json:"stop,omitempty"`   // for the verb Stop: its schedule, "" for the shim's own

	conn *conn
}

// A Peer is the process that connected, as the kernel knew it at that moment
// (SO_PEERCRED). It may have ended since.
type Peer struct{ PID, UID, GID int }

// Peer is who asks. It is zero for a Request that came over no connection.
func (r *Request) Peer() Peer {
	if r.conn == nil {
		return Peer{}
	}
	return r.conn.peer
}

// Progress sends v, as JSON, to a client that waits for the answer.
//
// Errors are for information, the request goes on: ErrSlow for a client that
// has not taken an earlier line yet, ErrAnswered, EPIPE for a client that is
// gone, and those of json.Marshal.
func (r *Request) Progress(v any) error {
	line, err := encode(map[string]any{"progress": v})
	if err != nil {
		return fmt.Errorf("cannot send progress: %w", err)
	}
	if r.conn == nil {
		return fmt.Errorf("cannot send progress: %w", ErrAnswered)
	}
	if err := r.conn.progress(line); err != nil {
		return fmt.Errorf("cannot send progress: %w", err)
	}
	return nil
}

// Reply sends v, as JSON, as the result, and closes the connection. What cannot
// be made JSON fails the request.
//
// When it returns nil the client has the answer even if the process exits,
// unless the answer is larger than the socket's buffer (200 kB) or the client
// has not read what came before. It does not say that the client has read it.
// Errors are those of Progress but for ErrSlow.
func (r *Request) Reply(v any) error {
	line, err := encode(map[string]any{"result": v})
	if err != nil {
		r.Fail(CodeInternal, err)
		return fmt.Errorf("cannot reply: %w", err)
	}
	return r.last(line)
}

// Fail sends an error with a code and the text of err, and closes the
// connection, as Reply does.
func (r *Request) Fail(code string, err error) error {
	line, encodeErr := encode(map[string]*RemoteError{"error": {Code: code, Text: err.Error()}})
	if encodeErr != nil {
		return fmt.Errorf("cannot reply: %w", encodeErr)
	}
	return r.last(line)
}

// last sends the last line.
func (r *Request) last(line []byte) error {
	err := ErrAnswered
	if r.conn != nil {
		err = r.conn.last(line)
	}
	if err != nil {
		return fmt.Errorf("cannot reply: %w", err)
	}
	return nil
}

// Gone is closed when the client has hung up, or the request is answered; a
// half-closed client has not hung up. It is nil, and so never closed, for a
// Request that came over no connection. The first call costs a goroutine.
func (r *Request) Gone() <-chan struct{} {
	if r.conn == nil {
		return nil
	}
	return r.conn.watch()
}

// encode is v as a line of JSON.
func encode(v any) ([]byte, error) {
	line, err := json.Marshal(v)
	return append(line, '\n'), err
}
