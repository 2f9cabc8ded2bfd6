//go:build linux

package test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lockshim/lockshim/shim"
	"github.com/lockshim/lockshim/shim/event"
)

// The files that tell the next generation of a fragile service what to do:
const (
	broken = "broken" // its application does not load
	stuck  = "stuck"  // its application loads once the test has written a line into the FIFO hang
	dying  = "dying"  // its master is killed with the first request
	wrong  = "wrong"  // its configuration does not load
)

// fragile is c with a configuration and an application that look at these files
// when they are loaded. It has one worker: the line that lets a stuck one go on is
// for one reader.
func fragile(c setup) setup {
	c.fragile, c.workers = true, 1
	return c
}

// What the servers load, once before their configuration and once before their
// application. %[1]s is the directory.
var fragileConfig = map[string]string{
	"unicorn": `raise "the configuration is wrong" if File.exist?("%[1]s/wrong")`,
	"gunicorn": `
assert not os.path.exists("%[1]s/wrong"), "the configuration is wrong"
dying = os.path.exists("%[1]s/dying")
def pre_request(worker, request):
    if dying and os.getppid() == worker.ppid:
        os.kill(worker.ppid, 9)
`,
}

var fragileApp = map[string]string{
	"unicorn": `
raise "the code is broken" if File.exist?("%[1]s/broken")
if File.exist?("%[1]s/stuck")
  File.open("%[1]s/events", "a") { |f| f.syswrite("loading #{$$}\n") }
  File.open("%[1]s/hang") { |f| f.gets }
end
class Dying
  def initialize(app)
    @app, @master = app, Process.ppid
  end
  def call(env)
    Process.kill(:KILL, @master) if Process.ppid == @master
    @app.call(env)
  end
end
use Dying if File.exist?("%[1]s/dying")
`,
	"gunicorn": `
assert not os.path.exists("%[1]s/broken"), "the code is broken"
if os.path.exists("%[1]s/stuck"):
    with open("%[1]s/events", "w") as f:
        f.write("loading %%d\n" %% os.getpid())
    open("%[1]s/hang").readline()
`,
}

// breaks writes one of the files; mends removes all of them.
func (s *service) breaks(how string) { s.put(how, "") }

func (s *service) mends() {
	s.t.Helper()
	for _, how := range []string{broken, stuck, dying, wrong} {
		if err := os.Remove(filepath.Join(s.dir, how)); err != nil && !os.IsNotExist(err) {
			s.t.Fatal(err)
		}
	}
}

// upgradeByVerb runs the verb, which must succeed, and returns when the new
// generation can be upgraded in its turn. What one that failed before has said is
// passed over.
func (s *service) upgradeByVerb(r *shimRun) {
	s.t.Helper()
	s.succeeded(s.beginVerb("upgrade"))
	r.until(event.Upgraded)
	for lead := leader(s.status()); s.master != lead; {
		s.generation()
	}
	s.shows(r.pid, s.current())
	s.promoted()
}

// leader is the current master, 0 for none.
func leader(st shim.Status) int {
	if all := gens(st); len(all) > 0 {
		return all[len(all)-1].master
	}
	return 0
}

// succeeded blocks until the verb has ended, with 0.
func (s *service) succeeded(got *running) {
	s.t.Helper()
	if result := got.result(); result.code != 0 || result.out != "" {
		s.t.Fatalf("upgrade answers %+v", result)
	}
}

// exitUpgrade is the code of an upgrade that was rolled back.
const exitUpgrade = 1

// failed blocks until the verb has ended, with that code, and has told why.
func (s *service) failed(got *running, code int, why string) {
	s.t.Helper()
	result := got.result()
	if result.code != code || !strings.Contains(result.err, why) {
		s.t.Errorf("upgrade answers %d, want %d and %q:\n%s", result.code, code, why, result.err)
	}
	if !strings.Contains(result.err, "\nlockshim: error: cannot upgrade ") && !strings.HasPrefix(result.err, "lockshim: error: cannot upgrade ") {
		s.t.Errorf("upgrade has no error line:\n%s", result.err)
	}
}

// eachFragile runs a test for each server in the foreground with the hook.
func eachFragile(t *testing.T, test func(*testing.T, setup)) {
	t.Helper()
	eachServer(t, func(t *testing.T, c setup) { test(t, fragile(c)) })
}

// fill puts the directory into a piece of configuration.
func (s *service) fill(text string) string { return fmt.Sprintf(text, s.dir) }
