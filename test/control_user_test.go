//go:build linux

package test

import (
	"bufio"
	"encoding/json"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/shim/control"
)

// asked are the verbs by which another user might ask for something, and what
// they exit with where the lockfile may be read by all.
var asked = map[string]int{"status": 4, "status --json": 4, "history": 77, "upgrade": 77, "reload": 77, "signal HUP": 77, "stop": 77, "check": 77}

// stranger runs a verb as another user.
func (s *service) stranger(verb string) result {
	s.t.Helper()
	words := strings.Fields(verb)
	args := append([]string{lockshim, words[0], s.lock}, words[1:]...)
	out, outPipe := collect(s.t)
	errs, errPipe := collect(s.t)
	user := stranger()
	as := &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: user, Gid: user}}
	p := start(s.t, spec{args: args, env: s.env(), dir: s.dir, out: outPipe, err: errPipe, sys: as})
	must(s.t, outPipe.Close())
	must(s.t, errPipe.Close())
	return (&running{p, out, errs}).result()
}

// Another user who may read the lockfile is told nothing by the shim, and is not
// told that nothing runs: what cannot be seen is unknown. With the socket open to
// all, the kernel still names him, and the shim refuses. Nothing reaches the
// server.
func TestControlAnotherUser(t *testing.T) {
	eachServer(t, func(t *testing.T, c setup) {
		if os.Getuid() != 0 {
			t.Skip("needs root")
		}
		s := prepare(t, c)
		r := s.serve("--lock-mode", "0644")
		socket := control.Path(s.lock)
		if info, err := os.Stat(socket); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the socket: %v, %v; want the mode 0600", info.Mode(), err)
		}
		for _, mode := range []os.FileMode{0o600, 0o666} {
			must(t, os.Chmod(socket, mode))
			for verb, code := range asked {
				if mode == 0o666 && slices.Contains([]string{"status --json", "history", "check"}, verb) {
					continue // as they were
				}
				got := s.stranger(verb)
				if got.code != code || verb != "check" && (got.out != "" || !strings.HasPrefix(got.err, "lockshim: error: cannot ")) {
					t.Errorf("with the socket's mode %o %s answers %+v, want code %d", mode, verb, got, code)
				}
			}
		}
		if code := s.refusedBy(socket); code != control.CodeRefused {
			t.Errorf("the shim answers a stranger's request with %q, want %q", code, control.CodeRefused)
		}
		s.shows(r.pid, s.current())
		if st := s.status(); st.Shim.Version == "" {
			t.Error("the shim does not answer its own user")
		}
		if got := s.verb("signal", "CONT"); got.code != 0 {
			t.Errorf("signal answers %+v", got)
		}
		s.stopsWith(r, 0)
	})
}

// refusedBy is the code that a stranger's stop gets, from who connects as that
// user: a thread of this process with another effective id.
func (s *service) refusedBy(socket string) string {
	s.t.Helper()
	code := make(chan string, 1)
	go func() { code <- askAs(int(stranger()), socket, `{"verb":"stop"}`+"\n") }()
	return <-code
}

// askAs sends a line as another user, and returns the code of the error that
// comes back. Its goroutine's thread is not used again.
func askAs(uid int, socket, line string) string {
	if err := becomeOnThisThread(uid); err != nil {
		return err.Error()
	}
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return err.Error()
	}
	defer conn.Close()
	_, _ = conn.Write([]byte(line)) // it may be refused and closed before that
	answer, err := bufio.NewReader(conn).ReadBytes('\n')
	if err != nil {
		return err.Error()
	}
	var r struct{ Error control.RemoteError }
	if err := json.Unmarshal(answer, &r); err != nil {
		return strconv.Quote(string(answer))
	}
	return r.Error.Code
}
