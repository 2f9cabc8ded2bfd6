//go:build linux

package test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"testing"

	"github.com/lockshim/lockshim/hooks"
)

var uvicorn = server{
	name:    "uvicorn",
	program: "/usr/bin/uvicorn",
	config:  "app.py",
	args: func(s *service) []string {
		return []string{"--workers", fmt.Sprint(s.workers), "--app-dir", s.dir, "--uds", s.socket(), "app:app"}
	},
}

var hypercorn = server{
	name:    "hypercorn",
	program: "/usr/bin/hypercorn",
	config:  "app.py",
	args: func(s *service) []string {
		return []string{"--workers", fmt.Sprint(s.workers), "--graceful-timeout", "7200", "--bind", "unix:" + s.socket(), s.file("app.py") + ":app"}
	},
}

// eachASGI runs a test in parallel for uvicorn and Hypercorn.
func eachASGI(t *testing.T, test func(*testing.T, *service)) {
	t.Helper()
	t.Parallel()
	for _, server := range []server{uvicorn, hypercorn} {
		t.Run(server.name, func(t *testing.T) {
			t.Parallel()
			test(t, prepareASGI(t, setup{server: server}))
		})
	}
}

// prepareASGI writes the application, which tells of a worker once its socket
// takes connections, which is after its startup, and answers as those of the other
// servers do.
func prepareASGI(t *testing.T, c setup) *service {
	t.Helper()
	s := prepare(t, c)
	loading := ""
	if c.hook {
		text, err := hooks.Get(c.name)
		must(t, err)
		s.put("hook.py", string(text))
		loading = fmt.Sprintf("exec(open(%q).read())\napp = Lockshim(app)\n", s.file("hook.py"))
	}
	s.put("app.py", c.app+fmt.Sprintf(`
import asyncio, os, socket
def say(line):
    fd = os.open(%q, os.O_WRONLY)
    os.write(fd, (line + "\n").encode())
    os.close(fd)
def wait():
    open(%q).readline()
async def tell():
    while socket.socket(socket.AF_UNIX).connect_ex(%q):
        await asyncio.sleep(0.01)
    say("worker %%d of %%d" %% (os.getpid(), os.getppid()))
async def app(scope, receive, send):
    while scope["type"] == "lifespan":
        message = await receive()
        if message["type"] == "lifespan.startup":
            task = asyncio.get_running_loop().create_task(tell())
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return
    if scope["path"] == "/hang":
        say("hanging %%d" %% os.getpid())
        await asyncio.get_running_loop().run_in_executor(None, wait)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": str(os.getpid()).encode()})
`, s.file("events"), s.file("hang"), s.socket())+c.more+loading)
	return s
}

// removeSocket makes room for another start: uvicorn's master removes its socket
// when it ends, and takes none that is there.
func removeSocket(s *service) error {
	err := os.Remove(s.socket())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
