//go:build linux

package test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/contrib"
	"github.com/lockshim/lockshim/internal/testkit"
)

// The package has what the README says, where Debian has it; two builds are the same
// bytes; and in a fresh Debian it runs a service, and goes without a trace.
func TestDeb(t *testing.T) {
	t.Parallel()
	testkit.Need(t, "/usr/bin/make", "make")
	testkit.Need(t, "/usr/bin/mmdebstrap", "mmdebstrap")
	w := worldOf(t, setup{server: nginx, pidfile: true})
	x := w.tenants[0]
	deb := w.makeDeb(w.file("first"))
	if second := w.makeDeb(w.file("second")); sum(t, deb) != sum(t, second) || filepath.Base(deb) != filepath.Base(second) {
		t.Errorf("%s and %s differ", deb, second)
	}
	w.contents(deb)
	d := newDebian(w, x)
	d.install(deb)
	d.live()
	d.purge()
}

// contents fails the test unless the package has these files, with these modes, all of
// them root's and of one time, and nothing else but directories.
func (w *world) contents(deb string) {
	w.t.Helper()
	want := map[string]string{"./usr/bin/lockshim": "-rwxr-xr-x"}
	for _, name := range []string{
		"bash-completion/completions/lockshim", "zsh/vendor-completions/_lockshim", "fish/vendor_completions.d/lockshim.fish",
		"man/man1/lockshim.1.gz", "doc/lockshim/README.md", "doc/lockshim/changelog.gz", "doc/lockshim/copyright",
	} {
		want["./usr/share/"+name] = "-rw-r--r--"
	}
	for _, name := range []string{"asgi.py", "gunicorn.py", "puma.rb", "unicorn.rb", "uwsgi.ini"} {
		want["./usr/share/lockshim/hooks/"+name] = "-rw-r--r--"
	}
	for _, name := range contrib.Names() {
		text, err := contrib.Get(name)
		must(w.t, err)
		want["./usr/share/lockshim/contrib/"+name] = map[bool]string{false: "-rw-r--r--", true: "-rwxr-xr-x"}[contrib.Executable(text)]
	}
	times := map[string]bool{}
	for line := range strings.Lines(w.must("/usr/bin/dpkg-deb", "--contents", deb)) {
		f := strings.Fields(line) // mode, owner, size, day, minute, name
		times[f[3]+f[4]] = true
		if f[1] != "root/root" || f[0][0] == 'd' && f[0] != "drwxr-xr-x" {
			w.t.Errorf("%s", line)
		}
		if mode, is := want[f[5]]; f[0][0] != 'd' && f[5] != "./usr/share/lockshim/contrib/README.md" && (!is || mode != f[0]) {
			w.t.Errorf("%s has the mode %s, want %q", f[5], f[0], mode)
		}
		delete(want, f[5])
	}
	if len(want) > 0 || len(times) != 1 {
		w.t.Errorf("missing are %v; the times are %v", want, times)
	}
	if arch := w.must("/usr/bin/dpkg-deb", "--field", deb, "Architecture"); arch != w.must("/usr/bin/dpkg", "--print-architecture") {
		w.t.Errorf("the package is for %s", arch)
	}
}

// install installs the package, which needs no other and has no script.
func (d *debian) install(deb string) {
	d.t.Helper()
	text, err := os.ReadFile(deb)
	must(d.t, err)
	must(d.t, os.WriteFile(d.path("tmp/package.deb"), text, 0o644))
	d.run("dpkg", "--install", "/tmp/package.deb")
	must(d.t, os.Remove(d.path("tmp/package.deb")))
	if got, want := d.run("lockshim", "--version"), d.run("dpkg-query", "--show", "--showformat", "${Version}", "lockshim"); !strings.Contains(got, want) {
		d.t.Errorf("the program is %q, and the package %q", got, want)
	}
	if scripts, err := filepath.Glob(d.path("var/lib/dpkg/info/lockshim.*inst")); err != nil || len(scripts) > 0 {
		d.t.Errorf("the package has scripts: %q %v", scripts, err)
	}
}

// live is the life of the service: a start, an upgrade under a client, and a stop.
func (d *debian) live() {
	d.t.Helper()
	d.serve()
	d.boot()
	d.x.generation()
	d.serves(1)
	requests := d.x.client()
	if got := d.in("/usr/bin/lockshim", "upgrade", d.x.lock); got.code != 0 {
		d.t.Errorf("upgrade answers %+v", got)
	}
	d.serves(2)
	requests.more()
	requests.finish()
	if got := d.in("/usr/bin/sv", "-w", "60", "stop", "/etc/ours/"+d.x.name); got.code != 0 {
		d.t.Errorf("sv answers %+v", got)
	}
	d.supervisors()
	d.x.released()
	d.init.send(syscall.SIGHUP)
	d.init.wait()
}

// purge removes the package. No file of its own is left, by its name.
func (d *debian) purge() {
	d.t.Helper()
	d.run("dpkg", "--purge", "lockshim")
	must(d.t, filepath.WalkDir(d.dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && strings.Contains(e.Name(), "lockshim") && path != d.path("run/lockshim") {
			d.t.Errorf("%s is left", path)
		}
		return err
	}))
	if status, err := os.ReadFile(d.path("var/lib/dpkg/status")); err != nil || strings.Contains(string(status), "Package: lockshim\n") {
		d.t.Errorf("dpkg knows the package: %v", err)
	}
}
