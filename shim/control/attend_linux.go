package control

import (
	"encoding/json"
	"fmt"
	"os"
)

// attend reads the request of one client and hands it over.
func (s *Server) attend(c *conn, handle func(*Request)) {
	r, problem := s.receive(c)
	switch {
	case problem != nil:
		(&Request{conn: c}).Fail(problem.Code, problem)
	case r == nil:
		c.close()
	default:
		handle(r)
	}
}

// receive is the request, or what is wrong with it. Both are nil when nobody
// is there to be told.
func (s *Server) receive(c *conn) (*Request, *RemoteError) {
	if uid := c.peer.UID; uid != 0 && uid != os.Geteuid() {
		return nil, &RemoteError{CodeRefused, fmt.Sprintf("cannot ask the shim: not permitted: uid %d may not ask one of uid %d", uid, os.Geteuid())}
	}
	line, problem := c.readLine()
	if line == nil {
		return nil, problem
	}
	r, problem := decode(line)
	if problem == nil {
		problem = s.admit(r, c)
	}
	return r, problem
}

// admit connects the request with its client, if there is a place for it.
func (s *Server) admit(r *Request, c *conn) *RemoteError {
	if s.isClosed() {
		return &RemoteError{CodeClosing, "the shim is about to exit"}
	}
	r.conn = c
	if answersAtOnce[r.Verb] {
		return nil
	}
	select {
	case s.long <- struct{}{}:
		c.ended = func() { <-s.long; s.leave() }
		return nil
	default:
		return &RemoteError{CodeBusy, fmt.Sprintf("%d requests wait for the server already", maxLong)}
	}
}

// decode is the request in a line.
func decode(line []byte) (*Request, *RemoteError) {
	r := new(Request)
	if err := json.Unmarshal(line, r); err != nil {
		return nil, &RemoteError{CodeMalformed, "not a request: " + err.Error()}
	}
	if _, known := answersAtOnce[r.Verb]; !known {
		return nil, &RemoteError{CodeUnknown, fmt.Sprintf("no such verb: %q", r.Verb)}
	}
	if (r.Verb == Signal) != (r.Signal != "") {
		return nil, &RemoteError{CodeMalformed, fmt.Sprintf("not a request: the verb %q with the signal %q", r.Verb, r.Signal)}
	}
	return r, nil
}
