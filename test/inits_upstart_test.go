//go:build linux

package test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/contrib"
	"github.com/lockshim/lockshim/shim"
)

// A stop is graceful though its signal goes to the whole process group, and a reload is
// an upgrade: with a shim that root starts as the user, and in a job that is all the
// user's.
func TestUpstartStopsGracefully(t *testing.T) {
	t.Parallel()
	for _, stem := range []string{"web", "web-setuid"} {
		t.Run(stem, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			u := newUpstart(w).(*upstart)
			u.stem, w.init = stem, u
			x := w.tenants[0]
			if stem == "web-setuid" {
				x.keepsOnDisk()
			}
			u.install(x)
			u.boot()
			x.alive()
			keeper := x.keeper()
			for _, pid := range append(x.members(), keeper) {
				x.isUsers(pid)
			}
			u.jobs[x].reload()
			x.alive()
			if x.keeper() != keeper {
				t.Error("an upgrade has changed the pid")
			}
			_, answers := x.hang()
			done := make(chan struct{})
			go func() {
				u.stop(x)
				close(done)
			}()
			x.until("a stop", func(st shim.Status) bool { return st.State == shim.StateStop })
			x.release()
			if got := <-answers; got.err != nil {
				t.Errorf("a request is lost: %v", got.err)
			}
			await(t, "the stop", done)
			x.empty()
		})
	}
}

// keepsOnDisk makes the directory that the file wants, where nobody but root can.
func (x *tenant) keepsOnDisk() {
	x.t.Helper()
	x.lock = filepath.Join("/var/lib/lockshim", x.name, x.name+".lock")
	must(x.t, os.MkdirAll(filepath.Dir(x.lock), 0o755))
	x.own(filepath.Dir(x.lock))
	x.t.Cleanup(func() {
		os.RemoveAll(filepath.Dir(x.lock))
		os.Remove("/var/lib/lockshim") // unless it has others in it
	})
}

// What will not get better is not started again.
func TestUpstartGivesUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := newUpstart(w).(*upstart)
	w.init = u
	x := w.tenants[0]
	u.install(x, contrib.Setting{Key: "command", Value: x.file("nothing")})
	u.boot()
	await(t, "the end of the job", u.jobs[x].stopped)
	log, _ := os.ReadFile(w.file("log"))
	if n := strings.Count(string(log), "main process ended with 127"); n != 1 {
		t.Errorf("it ended with 127 %d times:\n%s", n, log)
	}
	x.empty()
}

// The kit's Upstart runs a job as init(5) says.
func TestUpstartItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	x := w.tenants[0]
	job := w.upstartJob("job", `# a comment
description "it's a job" # another
env A='b c' # and another
env HERE=`+x.file("events")+`
umask 027
limit nofile 100 200
chdir /usr
setuid www-data
pre-start exec touch `+x.file("touched")+`
kill timeout 1000
respawn
respawn limit 3 1000
normal exit 7 TERM
script
    echo "at $(pwd) $(umask) $(ulimit -Sn) $(ulimit -Hn) $(id -un) $(id -gn) $A $UPSTART_JOB $0" >$HERE
    trap '' TERM
    (trap - TERM; echo ready >$HERE; exec cat `+x.file("hang")+`) &
    wait $! || echo child $? >$HERE
    read code <`+x.file("hang")+`
    exit $code
end script
`)
	must(t, job.start())
	want := []string{"at", "/usr", "0027", "100", "200", tenantUser, tenantUser, "b", "c", "job", "/bin/sh"}
	if got := x.line("at"); !slices.Equal(got, want) {
		t.Errorf("the job tells %q, want %q", got, want)
	}
	if _, err := os.Stat(x.file("touched")); err != nil {
		t.Error(err)
	}
	x.line("ready")
	if sid, err := syscall.Getpgid(job.pid()); err != nil || sid != job.pid() {
		t.Errorf("the process group is %d, %v, want %d", sid, err, job.pid())
	}
	go job.stop()
	if got := x.line("child"); got[1] != "143" {
		t.Errorf("TERM, which is for the group, ended the child with %s", got[1])
	}
	_, err := x.block.WriteString("0\n")
	must(t, err)
	await(t, "the end of the job", job.stopped)
	stubborn := w.upstartJob("stubborn", "kill timeout 1\nscript\ntrap '' TERM\necho ready >"+x.file("events")+"\nread code <"+x.file("hang")+"\nend script\n")
	must(t, stubborn.start())
	x.line("ready")
	p := watch(t, stubborn.pid())
	stubborn.stop()
	p.gone()
	w.close()
}

// What ends is started again, unless its end is a normal one, or it ends too often.
func TestUpstartRespawns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	x := w.tenants[0]
	text := "respawn\nrespawn limit 2 1000\nnormal exit 7 USR1\nexec sh -c 'echo at $$ >" + x.file("events") +
		"; read code <" + x.file("hang") + `; case $code in USR1) kill -USR1 $$;; esac; exit $code'` + "\n"
	for _, ends := range [][]string{{"7"}, {"USR1"}, {"1", "0", "1"}} {
		job := w.upstartJob("job", text)
		must(t, job.start())
		for _, end := range ends {
			x.line("at")
			_, err := x.block.WriteString(end + "\n")
			must(t, err)
		}
		await(t, "the end of the job", job.stopped)
	}
	failing := w.upstartJob("job", "respawn\npre-start exec false\nexec cat\n")
	if err := failing.start(); err == nil {
		t.Error("a job starts whose pre-start fails")
	}
	await(t, "the end of the job", failing.stopped)
	missing := w.upstartJob("job", "exec "+x.file("nothing")+"\n")
	if err := missing.start(); err == nil {
		t.Error("a job starts that is not there")
	}
}

// The kit's Upstart knows what its own files have, and refuses what init(5) does not know.
func TestUpstartParses(t *testing.T) {
	t.Parallel()
	for name, what := range map[string]string{
		"an unknown stanza": "exec cat\nrestart always\n", "an unknown argument": "exec cat\nkill mode mixed\n",
		"no process": "respawn\n", "an open quote": "exec cat 'a\n", "a backslash in quotes": `exec cat 'a\'` + "\n",
		"too much": "chdir /a /b\nexec cat\n", "too little": "chdir\nexec cat\n", "an open script": "script\ncat\n",
		"no signal": "kill signal STOPP\nexec cat\n", "no number": "kill timeout soon\nexec cat\n", "no limit": "limit x 1 1\nexec cat\n",
	} {
		if _, err := parseUpstart(what); err == nil {
			t.Errorf("%s: it is taken:\n%s", name, what)
		}
	}
	for text, want := range map[string]string{
		"exec a  b # c\n":              "a  b",
		"exec a \\\n    b\n":           "a b",
		`exec a "# b" '#' \# c` + "\n": `a "# b" '#' \# c`,
		`exec "a\\" "b\"c"` + "\n":     `"a\\" "b\"c"`,
	} {
		if c, err := parseUpstart(text); err != nil || c.main.text != want {
			t.Errorf("%q is %+v, %v, want %q", text, c.main, err, want)
		}
	}
	for text, want := range map[string]string{`"a b"`: "a b", `'a'"'"b`: "a'b", `a\ b`: "a b", `"a\\b"`: `a\b`} {
		if c, err := parseUpstart("chdir " + text + "\nexec cat\n"); err != nil || c.chdir != want {
			t.Errorf("%s is %q, %v, want %q", text, c.chdir, err, want)
		}
	}
	for _, name := range []string{"upstart/web.conf", "upstart/web-setuid.conf"} {
		text, err := contrib.Get(name)
		must(t, err)
		if c, err := parseUpstart(string(text)); err != nil || c.killSignal != syscall.SIGCONT || c.killTimeout.Seconds() != 90 || !c.respawn {
			t.Errorf("%s: %v %+v", name, err, c)
		}
	}
}
