//go:build linux

package test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/internal/testkit"
	"github.com/lockshim/lockshim/shim"
)

// makeDeb builds the package in a directory, and returns its path.
func (w *world) makeDeb(dist string) string {
	w.t.Helper()
	out, err := os.Create(w.file("make.log"))
	must(w.t, err)
	defer out.Close()
	env := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "MAKE") || strings.HasPrefix(v, "MFLAGS=") })
	make := start(w.t, spec{args: []string{"/usr/bin/make", "deb", "DIST=" + dist}, env: append(env, marker+"="+w.dir+"/"), dir: root, out: out, err: out})
	if code := make.wait(); code != 0 {
		text, _ := os.ReadFile(out.Name())
		w.t.Fatalf("make deb ends with %d:\n%s", code, text)
	}
	found, err := filepath.Glob(dist + "/lockshim_*.deb")
	must(w.t, err)
	if len(found) != 1 {
		w.t.Fatalf("the packages are %q", found)
	}
	return found[0]
}

// sum is that of a file's bytes.
func sum(t *testing.T, path string) [sha256.Size]byte {
	t.Helper()
	text, err := os.ReadFile(path)
	must(t, err)
	return sha256.Sum256(text)
}

// A debian is a fresh system in a directory, in which one service runs, as its runit
// has it.
type debian struct {
	*world
	x    *tenant
	dir  string   // its root
	init *process // runsvdir, once it is booted
}

// newDebian makes one of this host's suite.
func newDebian(w *world, x *tenant) *debian {
	w.t.Helper()
	testkit.Need(w.t, "/usr/bin/mmdebstrap", "mmdebstrap")
	d := &debian{world: w, x: x, dir: w.file("debian")}
	suite := w.must("/bin/sh", "-c", ". /etc/os-release; echo $VERSION_CODENAME")
	// What it mounts is gone with it, however it ends. Nobody will miss what a power cut
	// takes from this system.
	w.must("/usr/bin/unshare", "--mount", "--propagation", "private", "/usr/bin/mmdebstrap", "--quiet", "--variant=essential", "--include=runit,nginx-light",
		"--dpkgopt=force-unsafe-io", suite, d.dir)
	return d
}

// path is that of one of its files on the host.
func (d *debian) path(name string) string { return filepath.Join(d.dir, name) }

// run runs a program in it, before it is booted or afterwards.
func (d *debian) run(args ...string) string {
	d.t.Helper()
	return d.must(append([]string{"/usr/sbin/chroot", d.dir}, args...)...)
}

// boot starts runsvdir as its first process. The service's directory is there.
func (d *debian) boot() {
	d.t.Helper()
	must(d.t, os.MkdirAll(d.path(d.x.dir), 0o755))
	script := "mount --make-rprivate /; mount -t proc proc " + d.path("proc") + "; mount --bind " + d.x.dir + " " + d.path(d.x.dir) +
		"; exec chroot " + d.dir + " runsvdir -P /etc/ours"
	log, err := os.Create(d.file("log"))
	must(d.t, err)
	defer log.Close()
	env := []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", marker + "=" + d.world.dir + "/"}
	d.init = start(d.t, spec{args: []string{"/bin/sh", "-ec", script}, env: env, dir: "/", out: log, err: log,
		sys: &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS}})
}

// in runs a program in it while it runs.
func (d *debian) in(args ...string) result {
	d.t.Helper()
	return d.ask(slices.Concat([]string{"/usr/bin/nsenter", "--target", strconv.Itoa(d.init.pid), "--mount", "--pid", "--root", "--wd"}, args)...)
}

// serve installs the service from the package's own files.
func (d *debian) serve() {
	d.t.Helper()
	for _, name := range []string{"run", "finish", "log/run"} {
		text, err := os.ReadFile(d.path("usr/share/lockshim/contrib/runit/" + name))
		must(d.t, err)
		if got := d.run("/usr/bin/lockshim", "contrib", "runit/"+name); got != strings.TrimSpace(string(text)) {
			d.t.Errorf("the file runit/%s is not what lockshim prints:\n%s", name, text)
		}
		to := d.path("etc/sv/" + d.x.name + "/" + name)
		must(d.t, os.MkdirAll(filepath.Dir(to), 0o755))
		must(d.t, os.WriteFile(to, []byte(d.run(d.x.filled("/usr/bin/lockshim", "runit/"+name)...)+"\n"), 0o755))
	}
	// Not in /etc/service: Debian has a service of its own there.
	d.run("mkdir", "/etc/ours")
	d.run("ln", "-s", "/etc/sv/"+d.x.name, "/etc/ours/")
}

// serves blocks until that generation serves with all its workers.
func (d *debian) serves(generation int) {
	d.t.Helper()
	again(d.t, fmt.Sprintf("generation %d", generation), func() (any, bool) {
		got := d.in("/usr/bin/lockshim", "status", "--json", d.x.lock)
		var st shim.Status
		err := json.Unmarshal([]byte(got.out), &st)
		return got, err == nil && st.State == shim.Serving && len(st.Generations) == 1 &&
			st.Generations[0].Generation == generation && len(st.Generations[0].Workers) == d.x.workers
	})
}

// supervisors fails the test if anything runs but runit's own.
func (d *debian) supervisors() {
	d.t.Helper()
	for _, pid := range testkit.Descendants(d.init.pid) {
		args := testkit.CommandLine(pid)
		if len(args) > 0 && !slices.Contains([]string{"runsv", "svlogd"}, filepath.Base(args[0])) {
			d.t.Errorf("process %d lives: %q", pid, args)
		}
	}
}
