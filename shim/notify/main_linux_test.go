package notify

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/internal/testkit"
)

func TestMain(m *testing.M) {
	os.Exit(testkit.Main(m, map[string]func() error{"receive": receiveLoudly, "forge": forge}))
}

// receiveLoudly receives for the lockfile LOCK under the umask UMASK, and says
// what.
func receiveLoudly() error {
	var mask int
	fmt.Sscanf(os.Getenv("UMASK"), "%o", &mask)
	syscall.Umask(mask)
	s, err := Listen(os.Getenv("LOCK"))
	if err != nil {
		return err
	}
	fmt.Println("listening")
	for {
		m, err := s.Receive()
		if err != nil {
			return err
		}
		fmt.Println(strings.Join(m.Lines, " "))
	}
}

// A process is a program that a test started and that says lines.
type process struct {
	*testkit.Process
	t *testing.T
}

// start starts a command with NOTIFY_SOCKET and what else env says.
func start(t *testing.T, address string, cmd *exec.Cmd, env ...string) *process {
	t.Helper()
	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	cmd.Env = append(append(cmd.Env, "NOTIFY_SOCKET="+address), env...)
	return &process{testkit.Start(t, cmd), t}
}

// helper starts the test binary as a helper.
func helper(t *testing.T, name, address string, as *syscall.Credential, env ...string) *process {
	t.Helper()
	cmd := testkit.Helper(name)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	return start(t, address, cmd, env...)
}

// nobody is a user without rights.
var nobody = &syscall.Credential{Uid: testkit.Nobody, Gid: testkit.Nobody}

// do fails the test at once for an error, is for one that is not what it names.
var do, is = testkit.Must, testkit.Is
