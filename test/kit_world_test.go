//go:build linux

package test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lockshim/lockshim/contrib"
	"github.com/lockshim/lockshim/internal/testkit"
)

// An initSystem is a real one, which runs services from the files of contrib.
//
// Its pids are those that are seen in it: it may have a pid namespace of its own.
type initSystem interface {
	// install writes the files of a service to where the init looks for them, with the
	// tenant's settings and these. It is called before boot, for each tenant.
	install(x *tenant, set ...contrib.Setting)
	// boot starts the init, which starts what is installed. It does not wait for that.
	boot()
	// enter is what to put before a command line to run it where the services are.
	enter() []string
	// start, stop and restart return when the init says that it has done so.
	start(x *tenant)
	stop(x *tenant)
	restart(x *tenant)
	// main is the pid that the init follows, 0 for none.
	main(x *tenant) int
	// cut is a power cut: the init itself is gone when it returns, by SIGKILL, and stops
	// nothing before. The kit ends what else there is.
	cut()
	// end stops the init as at a shutdown, and waits for it.
	end()
}

// A world is an init system with services in it.
type world struct {
	t       *testing.T
	dir     string // of its own; the marker of all that is in it
	init    initSystem
	tenants []*tenant
}

// A tenant is a service that an init system runs, as www-data.
type tenant struct {
	*service
	w     *world
	name  string   // as init and lockshim call it
	words *os.File // what the command of nasty writes
}

// tenantUser is who the services run as.
const tenantUser = "www-data"

// newWorld makes a world without an init yet: its directory, and two services, a
// Unicorn in the foreground and a Gunicorn that goes to the background and writes a
// pid file, which is how people have them. A worker of Gunicorn is what costs most time
// in a world: it has one.
func newWorld(t *testing.T) *world {
	t.Helper()
	return worldOf(t,
		setup{server: unicorn, hook: true, pidfile: true},
		setup{server: gunicorn, hook: true, pidfile: true, background: true, workers: 1})
}

// worldOf makes a world of other services.
func worldOf(t *testing.T, services ...setup) *world {
	t.Helper()
	testkit.NeedRoot(t)
	dir, err := os.MkdirTemp(base, "")
	must(t, err)
	must(t, os.Chmod(dir, 0o755))
	w := &world{t: t, dir: dir}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for _, c := range services {
		w.settle(c)
	}
	t.Cleanup(w.close) // before the tenants': the init would start them anew
	return w
}

// settle makes a tenant. Its lockfile is where the files of contrib have it.
func (w *world) settle(c setup) *tenant {
	w.t.Helper()
	x := &tenant{service: prepareIn(w.t, w.dir, c), w: w}
	x.name = c.name + "-" + filepath.Base(x.dir)
	x.lock = filepath.Join("/run/lockshim", x.name, x.name+".lock")
	x.own(x.dir)
	w.tenants = append(w.tenants, x)
	w.t.Cleanup(func() {
		os.RemoveAll(filepath.Dir(x.lock))
		os.RemoveAll("/var/log/" + x.name)
	})
	return x
}

// own gives a file to the tenant's user.
func (x *tenant) own(path string) {
	x.t.Helper()
	must(x.t, os.Chown(path, userID(x.t, tenantUser), userID(x.t, tenantUser)))
}

// close is the end of a test: nothing of the world may be left.
func (w *world) close() {
	if left := endAll(w.dir + "/"); len(left) > 0 {
		w.t.Errorf("left behind in the world:\n%s", strings.Join(left, "\n"))
	}
	if w.t.Failed() {
		w.explain()
	}
}

// explain shows the init's own log, a file of the world.
func (w *world) explain() {
	for _, name := range []string{"log", "console.log"} {
		if text, err := os.ReadFile(w.file(name)); err == nil {
			w.t.Logf("%s:\n%s", name, text)
		}
	}
}

// file is a path in the world's directory.
func (w *world) file(name string) string { return filepath.Join(w.dir, name) }

// mkdir makes directories in the world's.
func (w *world) mkdir(names ...string) {
	w.t.Helper()
	for _, name := range names {
		must(w.t, os.MkdirAll(w.file(name), 0o755))
	}
}

// patience is the timeout of settings, in seconds, or else what is longer than any stop
// in a test takes.
func patience(set []contrib.Setting) string {
	for _, s := range set {
		if s.Key == "timeout" {
			return s.Value
		}
	}
	return "60"
}

// env is that of an init system: the binary under test is what PATH has, and the
// marker is for all that it starts.
func (w *world) env() []string {
	return []string{
		"PATH=" + filepath.Dir(plain) + ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8",
		"GORACE=atexit_sleep_ms=1", marker + "=" + w.dir + "/",
	}
}

// start starts a program of the world, such as the init, with its output in the log.
func (w *world) start(args ...string) *process {
	w.t.Helper()
	log, err := os.OpenFile(w.file("log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	must(w.t, err)
	defer log.Close()
	return start(w.t, spec{args: args, env: w.env(), dir: w.dir, out: log, err: log})
}

// ask runs a program of the host, from outside of the init's namespaces.
func (w *world) ask(args ...string) result {
	w.t.Helper()
	return w.begin(args...).result()
}

// begin is ask without waiting.
func (w *world) begin(args ...string) *running {
	w.t.Helper()
	return begin(w.t, spec{args: args, env: w.env(), dir: w.dir})
}

// must is ask of what has to succeed. It returns what the program printed.
func (w *world) must(args ...string) string {
	w.t.Helper()
	got := w.ask(args...)
	if got.code != 0 {
		w.t.Fatalf("%q answers %+v", args, got)
	}
	return strings.TrimSpace(got.out)
}

// in runs a program where the services are.
func (w *world) in(args ...string) result {
	w.t.Helper()
	return w.ask(append(w.init.enter(), args...)...)
}

// filled is the command line of `lockshim contrib` that prints a file of contrib for a
// tenant.
func (x *tenant) filled(program, file string, set ...contrib.Setting) []string {
	x.t.Helper()
	has, err := contrib.Keys(file)
	must(x.t, err)
	args := []string{program, "contrib", file}
	for _, s := range only(append(x.settings(), set...), has) {
		args = append(args, "--set", s.Key+"="+s.Value)
	}
	return args
}

// fill writes a file of contrib for a tenant, as `lockshim contrib` prints it.
func (x *tenant) fill(file, to string, set ...contrib.Setting) {
	x.t.Helper()
	args := x.filled(plain, file, set...)
	got := x.w.ask(args...)
	if got.code != 0 {
		x.t.Fatalf("%q answers %+v", args, got)
	}
	mode := os.FileMode(0o644)
	if contrib.Executable([]byte(got.out)) {
		mode = 0o755
	}
	must(x.t, os.MkdirAll(filepath.Dir(to), 0o755))
	must(x.t, os.WriteFile(to, []byte(got.out), mode))
	must(x.t, os.Chmod(to, mode))
}

// only leaves out the settings that a file has no place for.
func only(set []contrib.Setting, has []string) []contrib.Setting {
	return slices.DeleteFunc(slices.Clone(set), func(s contrib.Setting) bool { return !slices.Contains(has, s.Key) })
}

// settings are the tenant's own. Rack is not to log each request.
func (x *tenant) settings() []contrib.Setting {
	command := x.command()
	if x.server.name == unicorn.name {
		command = append(command, "-E", "none")
	}
	return []contrib.Setting{
		{Key: "name", Value: x.name},
		{Key: "user", Value: tenantUser},
		{Key: "directory", Value: x.dir},
		{Key: "flags", Value: "--clear-pidfile " + x.file("server.pid")},
		{Key: "command", Value: strings.Join(command, " ")},
	}
}

// endSupervisors kills the world's processes of that name, and waits for them.
func endSupervisors(w *world, name string) {
	w.t.Helper()
	for _, id := range marked(w.dir + "/") {
		if args := testkit.CommandLine(id.PID); len(args) > 0 && filepath.Base(args[0]) == name {
			end(id)
		}
	}
}
