//go:build linux

package test

import (
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// An upstartConf is a job's configuration, as init(5) of Upstart 1.13 has it.
type upstartConf struct {
	startOn, stopOn          string
	env                      []string
	chdir, setuid, setgid    string
	umask                    int
	limits                   map[int]syscall.Rlimit
	preStart, main, postStop *upstartProcess
	respawn                  bool
	limit                    int // of respawns within the interval
	interval                 time.Duration
	normal                   []int // codes, as a shell has them
	killSignal, reloadSignal syscall.Signal
	killTimeout              time.Duration
}

// An upstartProcess is what a job runs: a command, or a shell's script.
type upstartProcess struct {
	text   string
	script bool
}

// upstartLimits are those of setrlimit(2), by init(5)'s names.
var upstartLimits = map[string]int{
	"core": unix.RLIMIT_CORE, "cpu": unix.RLIMIT_CPU, "data": unix.RLIMIT_DATA, "fsize": unix.RLIMIT_FSIZE,
	"memlock": unix.RLIMIT_MEMLOCK, "msgqueue": unix.RLIMIT_MSGQUEUE, "nice": unix.RLIMIT_NICE, "nofile": unix.RLIMIT_NOFILE,
	"nproc": unix.RLIMIT_NPROC, "rss": unix.RLIMIT_RSS, "rtprio": unix.RLIMIT_RTPRIO, "sigpending": unix.RLIMIT_SIGPENDING,
	"stack": unix.RLIMIT_STACK,
}

// parseUpstart reads a configuration. What this kit's Upstart cannot do is an error, as
// what init(5) does not know.
func parseUpstart(text string) (c upstartConf, err error) {
	defer func() {
		if why, is := recover().(upstartError); is {
			err = why
		}
	}()
	c = upstartConf{umask: 0o022, limit: 10, interval: 5 * time.Second, killTimeout: 5 * time.Second,
		killSignal: syscall.SIGTERM, reloadSignal: syscall.SIGHUP, limits: map[int]syscall.Rlimit{}}
	for l := (&upstartLines{text: text}); l.more(); {
		c.stanza(l)
	}
	if c.main == nil {
		return c, fmt.Errorf("there is neither exec nor script")
	}
	return c, nil
}

// stanza reads one.
func (c *upstartConf) stanza(l *upstartLines) {
	switch name := l.arg(); name {
	case "description", "author", "version", "usage":
		l.arg()
	case "start", "stop":
		l.expect("on")
		on := l.command()
		if name == "start" {
			c.startOn = on
		} else {
			c.stopOn = on
		}
		return
	case "env":
		c.env = append(c.env, l.arg())
	case "chdir":
		c.chdir = l.arg()
	case "setuid":
		c.setuid = l.arg()
	case "setgid":
		c.setgid = l.arg()
	case "umask":
		c.umask = l.number(8)
	case "limit":
		which, is := upstartLimits[l.arg()]
		if !is {
			l.fail("no such limit")
		}
		c.limits[which] = syscall.Rlimit{Cur: l.amount(), Max: l.amount()}
	case "exec":
		c.main = &upstartProcess{text: l.command()}
		return
	case "script":
		c.main = &upstartProcess{text: l.script(), script: true}
		return
	case "pre-start":
		c.preStart = l.process()
		return
	case "post-stop":
		c.postStop = l.process()
		return
	case "respawn":
		c.respawning(l)
	case "normal":
		l.expect("exit")
		for l.args() {
			c.normal = append(c.normal, l.code())
		}
	case "kill", "reload":
		c.signals(l, name)
	default:
		l.fail("unknown stanza " + name)
	}
	l.endLine()
}

// respawning reads what follows respawn.
func (c *upstartConf) respawning(l *upstartLines) {
	if !l.args() {
		c.respawn = true
		return
	}
	l.expect("limit")
	if c.limit = 0; l.peek() == "unlimited" {
		l.arg()
		return
	}
	c.limit, c.interval = l.number(10), time.Duration(l.number(10))*time.Second
}

// signals reads what follows kill and reload.
func (c *upstartConf) signals(l *upstartLines, name string) {
	switch what := l.arg(); {
	case what == "signal" && name == "kill":
		c.killSignal = l.signal()
	case what == "signal":
		c.reloadSignal = l.signal()
	case what == "timeout" && name == "kill":
		c.killTimeout = time.Duration(l.number(10)) * time.Second
	default:
		l.fail("unknown stanza " + name + " " + what)
	}
}

// process reads what follows pre-start and post-stop.
func (l *upstartLines) process() *upstartProcess {
	switch kind := l.arg(); kind {
	case "exec":
		return &upstartProcess{text: l.command()}
	case "script":
		return &upstartProcess{text: l.script(), script: true}
	default:
		l.fail("unknown stanza " + kind)
		return nil
	}
}

// number is an argument that is one.
func (l *upstartLines) number(base int) int {
	n, err := strconv.ParseUint(l.arg(), base, 31)
	if err != nil {
		l.fail(err.Error())
	}
	return int(n)
}

// amount is a limit.
func (l *upstartLines) amount() uint64 {
	if l.peek() == "unlimited" {
		l.arg()
		return unix.RLIM_INFINITY
	}
	return uint64(l.number(10))
}

// signal is an argument that names one, in full or without SIG.
func (l *upstartLines) signal() syscall.Signal {
	name := l.arg()
	sig := unix.SignalNum("SIG" + strings.TrimPrefix(name, "SIG"))
	if sig == 0 {
		l.fail("no such signal: " + name)
	}
	return sig
}

// code is an exit status, or a signal, as a shell has it.
func (l *upstartLines) code() int {
	if word := l.peek(); word[0] < '0' || word[0] > '9' {
		return 128 + int(l.signal())
	}
	return l.number(10)
}
