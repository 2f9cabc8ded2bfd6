//go:build linux

package test

import (
	"fmt"
	"os"
	"testing"

	"github.com/lockshim/lockshim/contrib"
)

// A deploy moves a symbolic link to the next release, and upgrades: the new code runs
// then, under each init system, and nobody changes a directory. The link has a name that
// some language would act on.
func TestInitsDeploy(t *testing.T) {
	eachInit(t, func(_ row, w *world) {
		x := w.tenants[0]
		for _, release := range []string{"one", "two"} {
			must(w.t, os.Mkdir(x.file(release), 0o755))
		}
		link := x.file(`it's the 100% "current" #1; $x`)
		must(w.t, os.Symlink("one", link))
		w.init.install(x, contrib.Setting{Key: "directory", Value: link})
		w.init.boot()
		x.alive()
		x.runsRelease("one")
		must(w.t, os.Symlink("two", x.file("next")))
		must(w.t, os.Rename(x.file("next"), link))
		if got := x.verb("upgrade"); got.code != 0 {
			w.t.Fatalf("upgrade answers %+v", got)
		}
		x.alive()
		x.runsRelease("two")
		w.init.end()
		x.empty()
	})
}

// runsRelease fails the test unless that is the master's working directory.
func (x *tenant) runsRelease(release string) {
	x.t.Helper()
	link, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", x.leader()))
	must(x.t, err)
	if link != x.file(release) {
		x.t.Errorf("the master runs in %s, want %s", link, x.file(release))
	}
}
