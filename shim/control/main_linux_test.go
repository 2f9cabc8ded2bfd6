package control

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/internal/testkit"
)

// commands are what a helper can do. The answer is one line.
var commands = map[string]func(args []string) (string, error){}

func TestMain(m *testing.M) {
	os.Exit(testkit.Main(m, map[string]func() error{"obey": testkit.Obey(commands, class)}))
}

// classes are the errors that a helper tells apart.
var classes = []struct {
	name string
	err  error
}{
	{"no-server", ErrNoServer}, {"refused", ErrRefused}, {"lost", ErrLost}, {"in-the-way", ErrInTheWay}, {"too-long", ErrTooLong},
	{"EACCES", syscall.EACCES}, {"EROFS", syscall.EROFS}, {"ENOSPC", syscall.ENOSPC},
}

// class is what errors.Is says of err, in words.
func class(err error) string {
	var words []string
	for _, c := range classes {
		if errors.Is(err, c.err) {
			words = append(words, c.name)
		}
	}
	if words == nil {
		return err.Error()
	}
	return strings.Join(words, " ")
}

// A helper is a process that does what a test says.
type helper struct {
	*testkit.Process
	t *testing.T
}

// start runs a helper and waits until it is ready. attr may be nil.
func start(t *testing.T, attr *syscall.SysProcAttr) *helper {
	t.Helper()
	cmd := testkit.Helper("obey")
	cmd.SysProcAttr = attr
	h := &helper{testkit.Start(t, cmd), t}
	h.Expect("ready")
	return h
}

// startAsNobody runs a helper as another user than root.
func startAsNobody(t *testing.T) *helper {
	t.Helper()
	testkit.NeedRoot(t)
	return start(t, &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: testkit.Nobody, Gid: testkit.Nobody}})
}

// ask sends a command and expects an answer.
func (h *helper) ask(want string, words ...any) {
	h.t.Helper()
	h.Say(words...)
	h.Expect(want)
}
