//go:build linux

package test

import (
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/lockshim/lockshim/contrib"
)

// upstart does with a job what Upstart 1.13 does, by init(5): no Debian has it any more.
// A job's process leads a session and a process group, a stop signals the group, and
// SIGKILLs it after a while, and what ends by itself is started again.
type upstart struct {
	w    *world
	jobs map[*tenant]*upstartJob
	stem string // of the file of contrib
}

func newUpstart(w *world) initSystem {
	u := &upstart{w: w, jobs: map[*tenant]*upstartJob{}, stem: "web"}
	w.t.Cleanup(u.cut)
	return u
}

func (u *upstart) install(x *tenant, set ...contrib.Setting) {
	conf := u.w.file(x.name + ".conf")
	x.fill("upstart/"+u.stem+".conf", conf, set...)
	text, err := os.ReadFile(conf)
	must(x.t, err)
	u.jobs[x] = u.w.upstartJob(x.name, string(text))
}

func (u *upstart) boot() {
	for _, x := range u.w.tenants {
		if j := u.jobs[x]; j != nil {
			if j.startOn != "runlevel [2345]" || j.stopOn != "runlevel [!2345]" {
				u.w.t.Errorf("the job starts on %q, and stops on %q", j.startOn, j.stopOn)
			}
			u.start(x)
		}
	}
}

func (u *upstart) enter() []string { return nil }

func (u *upstart) start(x *tenant) { must(x.t, u.jobs[x].start()) }
func (u *upstart) stop(x *tenant)  { u.jobs[x].stop() }

func (u *upstart) restart(x *tenant) {
	u.stop(x)
	u.start(x)
}

func (u *upstart) main(x *tenant) int { return u.jobs[x].pid() }

func (u *upstart) cut() {
	for _, j := range u.jobs {
		j.forget()
	}
}

// end has lockshim stop the services before, as supervisord's does.
func (u *upstart) end() {
	u.w.quiet()
	for _, x := range u.w.tenants {
		if u.jobs[x] != nil {
			u.stop(x)
		}
	}
}

// An upstartJob is a job of a living Upstart.
type upstartJob struct {
	upstartConf
	name string
	env  []string // that every process of it gets
	log  *os.File

	mu       sync.Mutex
	main     *child        // nil where none lives
	starting bool          // the goal
	stopped  chan struct{} // closed when a stop is over
	dead     chan struct{} // closed when there is no Upstart any more
}

// upstartJob reads a job.
func (w *world) upstartJob(name, text string) *upstartJob {
	w.t.Helper()
	conf, err := parseUpstart(text)
	must(w.t, err)
	log, err := os.OpenFile(w.file("log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	must(w.t, err)
	w.t.Cleanup(func() { log.Close() })
	env := []string{w.env()[0], "TERM=linux", "UPSTART_JOB=" + name, "UPSTART_INSTANCE="}
	// What `start web KEY=VALUE` would add.
	env = append(env, "GORACE=atexit_sleep_ms=1", marker+"="+w.dir+"/")
	return &upstartJob{upstartConf: conf, name: name, env: env, log: log, dead: make(chan struct{})}
}

// start is `start NAME`: it returns when the main process has been executed.
func (j *upstartJob) start() error {
	j.mu.Lock()
	j.starting, j.stopped = true, make(chan struct{})
	j.mu.Unlock()
	first := make(chan error, 1)
	go j.live(first)
	return <-first
}

// live is what Upstart does with a job until it is stopped: it tells of the first start,
// and starts it again unless that is its end.
func (j *upstartJob) live(first chan<- error) {
	defer close(j.stopped)
	var began time.Time
	for count := 0; ; {
		c, err := j.launch()
		if first != nil {
			first <- err
			first = nil
		}
		ended := 0
		if err == nil {
			<-c.done
			ended = code(c.status)
		}
		again := j.over() && err == nil && j.respawn && !slices.Contains(j.normal, ended)
		if now := time.Now(); now.Sub(began) >= j.interval {
			began, count = now, 1
		} else if count++; j.limit > 0 && count > j.limit {
			again = false
			fmt.Fprintf(j.log, "init: %s respawning too fast, stopped\n", j.name)
		}
		fmt.Fprintf(j.log, "init: %s main process ended with %d, %v, respawning: %v\n", j.name, ended, err, again)
		if j.postStop != nil && !j.isDead() {
			j.run(j.postStop)
		}
		if !again || j.isDead() {
			return
		}
	}
}

// launch starts the job's processes up to the main one.
func (j *upstartJob) launch() (*child, error) {
	if j.preStart != nil {
		if ended, err := j.run(j.preStart); err != nil || ended != 0 {
			return nil, fmt.Errorf("pre-start ended with %d: %v", ended, err)
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.starting {
		return nil, fmt.Errorf("stopped in the meantime")
	}
	var err error
	j.main, err = j.spawn(j.upstartConf.main)
	return j.main, err
}

// over takes note of the end of the main process, and tells whether it was unasked for.
func (j *upstartJob) over() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.main = nil
	return j.starting
}

// run runs a process that ends.
func (j *upstartJob) run(p *upstartProcess) (int, error) {
	c, err := j.spawn(p)
	if err != nil {
		return 0, err
	}
	<-c.done
	return code(c.status), nil
}

// spawn executes a process, with a terminal whose other end is copied into the log
// ("console log").
func (j *upstartJob) spawn(p *upstartProcess) (*child, error) {
	c, err := j.child(p, j.env)
	if err != nil {
		return nil, err
	}
	master, slave, err := openPTY()
	if err != nil {
		return nil, err
	}
	defer slave.Close()
	go func() {
		<-j.dead
		master.Close()
	}()
	go func() { _, _ = io.Copy(j.log, master) }()
	return c.start(slave)
}

// stop is `stop NAME`: it returns when the job is over.
func (j *upstartJob) stop() {
	j.mu.Lock()
	j.starting = false
	main, stopped := j.main, j.stopped
	j.signalGroup(j.killSignal)
	j.mu.Unlock()
	if stopped == nil {
		return
	}
	select {
	case <-stopped:
	case <-time.After(j.killTimeout):
		j.mu.Lock()
		if j.main == main {
			j.signalGroup(syscall.SIGKILL)
		}
		j.mu.Unlock()
		<-stopped
	}
}

// signalGroup signals the process group of the main process.
func (j *upstartJob) signalGroup(sig syscall.Signal) {
	if j.main != nil {
		_ = syscall.Kill(-j.main.pid, sig)
	}
}

// reload is `reload NAME`.
func (j *upstartJob) reload() {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.main != nil {
		_ = syscall.Kill(j.main.pid, j.reloadSignal)
	}
}

// pid is that of the main process, 0 for none.
func (j *upstartJob) pid() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.main == nil {
		return 0
	}
	return j.main.pid
}

// forget is a SIGKILL of Upstart: nothing is done any more, and the other ends of the
// terminals are closed.
func (j *upstartJob) forget() {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.isDead() {
		close(j.dead)
	}
}

func (j *upstartJob) isDead() bool {
	select {
	case <-j.dead:
		return true
	default:
		return false
	}
}
