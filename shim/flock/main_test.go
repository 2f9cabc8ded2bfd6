package flock

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/internal/testkit"
)

// commands are what a helper can do. The answer is one line.
var commands = map[string]func(args []string) (string, error){}

func TestMain(m *testing.M) {
	os.Exit(testkit.Main(m, map[string]func() error{"obey": testkit.Obey(commands, explain)}))
}

// explain is a helper's error in a line.
func explain(err error) string { return class(err) + ": " + err.Error() }

// class is the first word of a helper's error: what errors.Is would say.
func class(err error) string {
	for name, target := range map[string]error{
		"not-regular": ErrNotRegular, "unsafe": ErrUnsafe, "filesystem": ErrFilesystem, "held": ErrHeld,
	} {
		if errors.Is(err, target) {
			return name
		}
	}
	var words []string
	if errors.Is(err, ErrCreate) {
		words = append(words, "create")
	}
	if errors.Is(err, fs.ErrPermission) {
		words = append(words, "permission")
	}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		words = append(words, fmt.Sprintf("errno%d", errno))
	}
	return strings.Join(words, "+")
}

// A helper is a process that does what a test says, on files of its own.
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

// ask sends a command and reads the answer.
func (h *helper) ask(words ...any) string {
	h.t.Helper()
	h.Say(words...)
	return h.Read()
}

// must is an ask whose answer is no error.
func (h *helper) must(words ...any) string {
	h.t.Helper()
	answer := h.ask(words...)
	if strings.HasPrefix(answer, "error: ") {
		h.t.Fatalf("helper: %v: %s", words, answer)
	}
	return answer
}

// fails is an ask whose answer is an error of that class.
func (h *helper) fails(class string, words ...any) {
	h.t.Helper()
	if answer := h.ask(words...); !strings.HasPrefix(answer, "error: "+class+": ") {
		h.t.Errorf("helper: %v: got %q, want an error of class %q", words, answer, class)
	}
}
