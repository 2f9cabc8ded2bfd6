//go:build linux

package hooks_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// asgiServer is the part of a server that the hook sees. It starts the application
// ("start"), listens ("listen") and says whether the hook is in between.
const asgiServer = `
import asyncio, os, socket, sys
async def app(scope, receive, send):
    await send({"type": "lifespan.startup." + os.environ["STARTUP"]})
app.extra = 42
plain = app
before = len(os.listdir("/proc/self/fd"))
exec(sys.argv[1])
app = Lockshim(app)
print("between" if app is not plain else "out of it", app.extra, len(os.listdir("/proc/self/fd")) - before, flush=True)
async def send(message):
    pass
for line in sys.stdin:
    if line == "start\n":
        asyncio.run(app({"type": "lifespan"}, None, send))
    elif line == "listen\n":
        server = socket.create_server(("127.0.0.1", 0))
    elif line == "os\n":
        print(os.get_inheritable(int(os.environ["LOCKSHIM_FD"])))
    print("done", flush=True)
`

// asgi makes the program one in Python that uses the hook.
func (p *program) asgi(startup string) {
	p.t.Helper()
	if _, err := os.Stat("/usr/bin/python3"); err != nil {
		p.t.Skip("needs the package python3")
	}
	text, err := os.ReadFile("asgi.py")
	must(p.t, err)
	env := p.cmd.Env
	p.cmd = exec.Command("/usr/bin/python3", "-c", asgiServer, string(text))
	p.cmd.Env, p.cmd.Stderr = append(env, "STARTUP="+startup), os.Stderr
}

func TestASGIWithoutLockshim(t *testing.T) {
	t.Parallel()
	for name, lock := range map[string]string{"none": "LOCKSHIM_LOCK=", "name": "LOCKSHIM_LOCK=web"} {
		t.Run(name, func(t *testing.T) {
			p := newProgram(t, lock)
			socket := p.notified()
			p.asgi("complete")
			if got := p.begin(); got != "out of it 42 0" {
				t.Errorf("the application is %s", got)
			}
			p.say("start")
			p.say("listen")
			p.end()
			if text := waiting(t, socket); text != "" || len(lockFDs(p.cmd.Process.Pid, p.info)) > 0 {
				t.Errorf("it said %q", text)
			}
		})
	}
}

// begin starts the program, and returns its first line.
func (p *program) begin() string {
	p.t.Helper()
	p.open()
	line, err := p.out.ReadString('\n')
	must(p.t, err)
	return strings.TrimSpace(line)
}

// A worker is ready when it listens, and not when the application has started, or
// has failed to.
func TestASGIReady(t *testing.T) {
	t.Parallel()
	for _, startup := range []string{"complete", "failed"} {
		t.Run(startup, func(t *testing.T) {
			p := newProgram(t)
			socket := p.notified()
			p.asgi(startup)
			if got := p.begin(); got != "between 42 1" {
				t.Errorf("the application is %s", got)
			}
			p.holds(p.cmd.Process.Pid)
			if got := read(t, socket); got != "X_LOCKSHIM=hook" {
				t.Errorf("it said %q", got)
			}
			p.say("start")
			if text := waiting(t, socket); text != "" {
				t.Errorf("it said %q before it listens", text)
			}
			p.say("listen")
			if startup == "complete" {
				if got := read(t, socket); got != "READY=1\nX_LOCKSHIM=ready" {
					t.Errorf("it said %q", got)
				}
			}
			p.end()
			if text := waiting(t, socket); text != "" {
				t.Errorf("it said %q", text)
			}
		})
	}
}

// read blocks for a datagram.
func read(t *testing.T, socket io.Reader) string {
	t.Helper()
	text := make([]byte, 100)
	n, err := socket.Read(text)
	must(t, err)
	return string(text[:n])
}

// What the hook inherits it takes, keeps from programs, and opens no other.
func TestASGIInherits(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	inherited := p.shared()
	p.asgi("complete")
	p.inherits(inherited)
	if got := p.begin(); got != "between 42 0" {
		t.Errorf("the application is %s", got)
	}
	if fd := p.holds(p.cmd.Process.Pid); fd != 3 {
		t.Errorf("the lock is descriptor %d, want the inherited 3", fd)
	}
	if got := p.say("os"); got != "False" {
		t.Errorf("whether it is inheritable, Python says %s", got)
	}
}

// A lock that cannot be had is no reason not to serve.
func TestASGICannotHold(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	must(t, os.Remove(p.path))
	p.asgi("complete")
	var log strings.Builder
	p.cmd.Stderr = &log
	if got := p.begin(); got != "between 42 0" {
		t.Errorf("the application is %s", got)
	}
	p.say("start")
	p.end()
	if want := fmt.Sprintf("runs without the lock of '%s': [Errno 2] No such file or directory", p.path); strings.Count(log.String(), want) != 1 {
		t.Errorf("it logged %q", log.String())
	}
}
