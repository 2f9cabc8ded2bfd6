//go:build linux

package test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lockshim/lockshim/contrib"
	"github.com/lockshim/lockshim/internal/testkit"
)

// A chain is an init of the family of daemontools, with service directories.
type chain interface {
	initSystem
	of(x *tenant) string      // the service directory
	up(x *tenant)             // begins a start, and does not wait
	down(x *tenant)           // begins a stop, and does not wait
	resigned(x *tenant)       // blocks until the service is down, and is to stay so
	directory(args ...string) // boots by another command line, in the place of %s
	writes() []string         // the directories that are written to, within one of services
}

// scripted makes a tenant's command a shell's script that says "started", its user and
// its directory, and ends with the code that tell gives it.
func (x *tenant) scripted() []contrib.Setting {
	x.t.Helper()
	x.words = x.fifo("codes")
	return x.script("read code <" + x.file("codes") + "\nexit $code")
}

// stubborn makes it one that says how often it was asked to end, and does so the
// second time.
func (x *tenant) stubborn() []contrib.Setting {
	x.t.Helper()
	return x.script(fmt.Sprintf("n=0\ntrap 'n=$((n+1)); echo asked $n >%s; [ $n = 1 ] || exit 0' TERM\nwhile :; do read -r line <%s; done", x.file("events"), x.file("hang")))
}

// script makes the tenant's command a script, in a directory that a symbolic link
// leads to, as a deploy has it.
func (x *tenant) script(body string) []contrib.Setting {
	x.t.Helper()
	_ = os.Mkdir(x.file("release"), 0o755)
	_ = os.Symlink("release", x.file("current"))
	x.put("server", "#!/bin/sh\necho started $(id -un) $PWD $$ >"+x.file("events")+"\n"+body+"\n")
	must(x.t, os.Chmod(x.file("server"), 0o755))
	return []contrib.Setting{
		{Key: "command", Value: x.file("server")},
		{Key: "directory", Value: x.file("current")},
		{Key: "flags", Value: ""},
	}
}

// started blocks until the script runs, by whom and where it should.
func (x *tenant) started() {
	x.t.Helper()
	words := x.line("started")
	if words[1] != tenantUser || words[2] != x.file("current") {
		x.t.Errorf("the service runs as %s in %s", words[1], words[2])
	}
	x.master = number(x.t, words[3])
}

// tell lets the script exit with a code.
func (x *tenant) tell(code int) {
	x.t.Helper()
	_, err := x.words.WriteString(strconv.Itoa(code) + "\n")
	must(x.t, err)
}

// tries blocks until the log has n lines of lockshim about a lock that another has.
func (x *tenant) tries(n int) {
	x.t.Helper()
	again(x.t, fmt.Sprint(n, " tries"), func() (any, bool) {
		text, _ := os.ReadFile("/var/log/" + x.name + "/current")
		return string(text), strings.Count(string(text), "lockshim: error: ") >= n
	})
}

// rival starts another shim of the service, as the same user.
func (x *tenant) rival() *process {
	x.t.Helper()
	x.w.must("/usr/bin/install", "-d", "-o", tenantUser, "/run/lockshim/"+x.name)
	id := strconv.Itoa(userID(x.t, tenantUser))
	return x.w.start("/usr/bin/setpriv", "--reuid", id, "--regid", id, "--clear-groups",
		plain, "run", "--lock", x.lock, "--", "/bin/sh", "-c", "echo rival >"+x.file("events")+"; exec cat "+x.file("hang"))
}

// eachChain runs a test in parallel for each init of these.
func eachChain(t *testing.T, inits map[string]func(*world) initSystem, test func(*world, chain, *tenant)) {
	t.Helper()
	t.Parallel()
	for name, build := range inits {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, r := range rows {
				if strings.HasPrefix(name, r.name) {
					testkit.Need(t, r.needs[0][0], r.needs[0][1])
				}
			}
			w := newWorld(t)
			w.tenants = w.tenants[:1]
			w.init = build(w)
			test(w, w.init.(chain), w.tenants[0])
			w.init.end()
			w.each((*tenant).empty)
		})
	}
}

// Those with a finish script, and all.
var (
	finishing = map[string]func(*world) initSystem{"runit": newRunit, "s6": newS6, "s6-rc": newS6RC}
	chains    = map[string]func(*world) initSystem{"runit": newRunit, "s6": newS6, "daemontools": newDaemontools}
)

// atLeast fails the test if less time has passed: a bound that no load can break.
func atLeast(t *testing.T, since time.Time, d time.Duration) {
	t.Helper()
	if passed := time.Since(since); passed < d {
		t.Errorf("that took %s only, want %s at least", passed, d)
	}
}
