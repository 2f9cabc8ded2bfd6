package proc

import (
	"strings"
	"syscall"
	"testing"
)

// asgiApp is an application that tells of each worker. The first one starts a
// process of multiprocessing's, as a pool does; one of Hypercorn's may not.
const asgiApp = `
import multiprocessing, os, time
def say(line):
    fd = os.open("DIR/events", os.O_WRONLY)
    os.write(fd, (line + "\n").encode())
    os.close(fd)
def idle():
    say("pool %d" % os.getpid())
    time.sleep(1e6)
async def app(scope, receive, send):
    while scope["type"] == "lifespan":
        message = await receive()
        if message["type"] == "lifespan.startup":
            try:
                os.close(os.open("DIR/first", os.O_CREAT | os.O_EXCL))
                if not multiprocessing.current_process().daemon:
                    multiprocessing.get_context("spawn").Process(target=idle).start()
            except FileExistsError:
                pass
            say("its worker %d %d" % (os.getpid(), os.getppid()))
        await send({"type": message["type"] + ".complete"})
`

// TestRecordASGI records uvicorn, whose workers Python executes anew, and
// Hypercorn, which forks them up to 0.14.1; with one worker they have no other
// process. A tracker of multiprocessing's lives beside them.
func TestRecordASGI(t *testing.T) {
	for name, command := range map[string]string{
		"uvicorn":              "uvicorn --workers 2 --uds DIR/s app:app",
		"uvicorn-module":       "/usr/bin/python3 -Bs -m uvicorn --workers 2 --uds DIR/s app:app",
		"uvicorn-one-worker":   "uvicorn --uds DIR/s app:app",
		"hypercorn":            "hypercorn -w 2 -b unix:DIR/s app:app",
		"hypercorn-module":     "/usr/bin/python3 -m hypercorn -w 2 -b unix:DIR/s app:app",
		"hypercorn-one-worker": "hypercorn -b unix:DIR/s app:app",
	} {
		t.Run(name, func(t *testing.T) {
			program, _, _ := strings.Cut(name, "-")
			r := recordOther(t, name, "/usr/bin/"+program, "app.py", asgiApp)
			r.launchAs(strings.Fields(strings.ReplaceAll(command, "DIR", r.dir))...)
			workers := 2
			if strings.HasSuffix(name, "one-worker") {
				workers = 1
			}
			r.recordASGI(workers)
		})
	}
}

// recordASGI takes such a server to the end of its master.
func (r *recorder) recordASGI(workers int) {
	r.t.Helper()
	r.generation(workers)
	if strings.Contains(strings.Join(r.recording.Command, " "), "uvicorn") {
		r.untilPID("pool ")
	}
	r.master = r.service.Launched.PID
	r.shoot("serving")
	for _, pid := range r.workers {
		if pid != r.master {
			r.kill(pid, syscall.SIGSTOP)
		}
	}
	r.kill(r.master, syscall.SIGKILL)
	r.gone(r.master)
	r.shoot("only master killed")
}
