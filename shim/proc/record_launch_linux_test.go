package proc

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// launchers are the ways to a server that change what its launch looks like.
// DIR/start is a script that runs the server as its child, DIR/exec one that
// becomes it.
var launchers = []struct {
	name     string
	command  []string // the server's own command follows
	whole    bool     // it does not: the command is in there
	profiles []string
}{
	{"env", []string{"env", "-u", "LANGUAGE", "A=b"}, false, nil},
	{"setpriv", []string{"setpriv", "--reuid", "www-data", "--regid", "www-data", "--clear-groups"}, false, nil},
	{"chpst", []string{"chpst", "-u", "www-data"}, false, nil},
	{"sudo", []string{"sudo", "-u", "www-data"}, false, nil},
	{"timeout", []string{"timeout", "1h"}, false, nil},
	{"tini", []string{"tini", "-s", "--"}, false, nil},
	{"sh", []string{"sh", "-c", "exec SERVER"}, true, []string{"generic", "SERVER"}},
	{"script", []string{"bash", "DIR/start"}, true, []string{"generic", "SERVER"}},
	{"script-exec", []string{"DIR/exec"}, true, []string{"generic", "SERVER"}},
}

// TestRecordLaunches records each server behind each launcher.
func TestRecordLaunches(t *testing.T) {
	for _, v := range []server{unicorn(), gunicorn()} {
		v.need(t)
		for _, l := range launchers {
			name := v.name + "-" + l.name
			t.Run(name, func(t *testing.T) {
				if _, err := exec.LookPath(l.command[0]); err != nil && l.command[0] != "DIR/exec" {
					t.Skip("needs the program " + l.command[0])
				}
				r := record(t, name)
				in := strings.NewReplacer("DIR", r.dir, "SERVER", strings.Join(v.command, " "))
				r.write("start", "#!/bin/bash\n"+strings.Join(v.command, " ")+"\nstatus=$?\nexit $status\n")
				r.write("exec", "#!/bin/sh\nexec "+strings.Join(v.command, " ")+"\n")
				var command []string
				for _, word := range l.command {
					command = append(command, in.Replace(word))
				}
				if !l.whole {
					command = append(command, v.command...)
				}
				for _, p := range l.profiles {
					r.Profiles = append(r.Profiles, strings.Replace(p, "SERVER", v.name, 1))
				}
				launched := v
				launched.command = command
				recordUpgrade(r, launched)
			})
		}
	}
}

// TestRecordTitles records Gunicorn with titles, which need python3-setproctitle
// on PYTHONPATH, and as a module.
func TestRecordTitles(t *testing.T) {
	v := gunicorn()
	v.need(t)
	v.command = append([]string{"/usr/bin/python3", "-m"}, v.command...)
	t.Run("module", func(t *testing.T) { recordUpgrade(record(t, "gunicorn-module"), v) })
	check := exec.Command("/usr/bin/python3", "-c", "import setproctitle")
	check.Env = os.Environ()
	if check.Run() != nil {
		t.Skip("needs the package python3-setproctitle")
	}
	v = gunicorn()
	t.Run("titles", func(t *testing.T) { recordUpgrade(record(t, "gunicorn-titles"), v) })
	t.Run("titles-daemon", func(t *testing.T) { recordUpgrade(record(t, "gunicorn-titles-daemon"), v.background()) })
}

// recordUpgrade records one upgrade, and the loss of the master that it leaves.
func recordUpgrade(r *recorder, v server) {
	r.t.Helper()
	v.files(v, r.service, 2)
	r.gate("config")
	r.launchAs(v.command...)
	r.at("config", "booting")
	r.generation(2)
	r.shoot("serving")
	old := r.master
	r.gate("config")
	r.kill(old, syscall.SIGUSR2)
	r.at("config", "executed, reading its configuration")
	r.generation(2)
	r.shoot("two generations")
	r.quit(v, old)
	r.shoot("upgraded")
	r.lose(r.master, r.workers, "only master killed")
}

// slowSetsid is code of Gunicorn's configuration: a daemon stops before it starts
// its session.
const slowSetsid = `
own = os.setsid
def setsid():
    gate("setsid")
    own()
os.setsid = setsid
`

// TestRecordChains records Gunicorn as a daemon behind a chain of wrappers, whose
// launcher has ended before anybody saw what it executed last.
func TestRecordChains(t *testing.T) {
	v := gunicorn().background()
	v.need(t)
	for name, chain := range map[string][]string{
		"s6": {"s6-setuidgid", "www-data", "env", "A=b"}, "chpst": {"chpst", "-u", "www-data", "env", "A=b"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := exec.LookPath(chain[0]); err != nil {
				t.Skip("needs the program " + chain[0])
			}
			r := record(t, "gunicorn-daemon-below-"+name)
			v := v.below(chain...)
			v.files(v, r.service, 2)
			r.write("slow.py", "exec(open('DIR/gunicorn.conf.py').read())\n"+slowSetsid)
			v.command[len(v.command)-2] = "slow.py"
			r.gate("setsid")
			r.launchAs(v.command...)
			r.until("at setsid ")
			must(t, r.ended(r.service.Launched.PID))
			r.shoot("forked, in the session of the launch")
			r.open("setsid")
			r.generation(2)
			r.shoot("serving")
			r.lose(r.master, r.workers, "only master killed")
		})
	}
}
