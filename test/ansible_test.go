//go:build linux

package test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/lockshim/lockshim/contrib"
	"github.com/lockshim/lockshim/internal/testkit"
	"github.com/lockshim/lockshim/shim/event"
)

// A fleet are hosts as Ansible sees them: each has one service, called web.
type fleet struct {
	t     *testing.T
	hosts []*service
	shims []*shimRun
}

// newFleet starts the services of three hosts. Each of these is told, by the Python
// that Ansible runs there, where its runtime directory is.
func newFleet(t *testing.T) *fleet {
	t.Helper()
	testkit.Need(t, "/usr/bin/ansible-playbook", "ansible-core")
	f := &fleet{t: t}
	for range 3 {
		s := prepare(t, fragile(setup{server: unicorn, hook: true, more: preload["unicorn"]}))
		s.put("python", "#!/bin/sh\nRUNTIME_DIRECTORY="+s.dir+" exec /usr/bin/python3 \"$@\"\n")
		must(t, os.Chmod(s.file("python"), 0o755))
		f.hosts = append(f.hosts, s)
		f.shims = append(f.shims, s.serve())
	}
	f.write()
	return f
}

// write writes the inventory, and the playbook as it lies in its folder.
func (f *fleet) write() {
	f.t.Helper()
	inventory := "[web]\n"
	for i, s := range f.hosts {
		inventory += fmt.Sprintf("host%d ansible_connection=local ansible_become=false ansible_python_interpreter=%s\n", i, s.file("python"))
	}
	text, err := contrib.Get("ansible/upgrade.yml")
	must(f.t, err)
	f.hosts[0].put("ansible.cfg", "")
	f.hosts[0].put("hosts", inventory)
	f.hosts[0].put("upgrade.yml", string(text))
}

// play runs the playbook, and keeps all that Ansible writes in a directory of the test.
func (f *fleet) play(args ...string) result {
	f.t.Helper()
	s := f.hosts[0]
	env := []string{
		"PATH=" + base + ":/usr/bin:/bin", "LANG=C.UTF-8", "HOME=" + s.dir, marker + "=" + s.dir + "/", "ANSIBLE_CONFIG=" + s.file("ansible.cfg"),
		"ANSIBLE_HOME=" + s.file("ansible"), "ANSIBLE_LOCAL_TEMP=" + s.file("ansible/tmp"), "ANSIBLE_REMOTE_TEMP=" + s.file("ansible/tmp"),
		"ANSIBLE_NOCOLOR=1", "ANSIBLE_NOCOWS=1", "PYTHONDONTWRITEBYTECODE=1", "GORACE=atexit_sleep_ms=1",
	}
	out, outPipe := collect(f.t)
	errs, errPipe := collect(f.t)
	args = append([]string{"/usr/bin/ansible-playbook", "-i", s.file("hosts"), s.file("upgrade.yml")}, args...)
	p := start(f.t, spec{args: args, env: env, dir: s.dir, out: outPipe, err: errPipe})
	must(f.t, outPipe.Close())
	must(f.t, errPipe.Close())
	return (&running{p, out, errs}).result()
}

// recap fails the test unless the play ended with that code, and says this of each
// host: "ok changed failed skipped", nothing of one that it did not come to.
func (f *fleet) recap(got result, code int, want ...string) {
	f.t.Helper()
	_, text, _ := strings.Cut(got.out, "PLAY RECAP")
	for i, w := range want {
		said := ""
		for line := range strings.Lines(text) {
			words := strings.Fields(line)
			if len(words) > 7 && words[0] == fmt.Sprint("host", i) {
				said = strings.Join([]string{words[2], words[3], words[5], words[6]}, " ")
			}
		}
		if said != w {
			f.t.Errorf("the play says %q of host %d, want %q", said, i, w)
		}
	}
	if got.code != code || f.t.Failed() {
		f.t.Fatalf("the play ends with %d, want %d:\n%s%s", got.code, code, got.out, got.err)
	}
}

// masters are those of the hosts. One generation serves on each.
func (f *fleet) masters() []int {
	f.t.Helper()
	var found []int
	for i, s := range f.hosts {
		for st := s.status(); s.master != leader(st); {
			s.generation()
		}
		s.shows(f.shims[i].pid, s.current())
		found = append(found, s.master)
	}
	return found
}

// changed fails the test unless these hosts have another master than before, and only
// these.
func (f *fleet) changed(before []int, want ...bool) {
	f.t.Helper()
	for i, master := range f.masters() {
		if (master != before[i]) != want[i] {
			f.t.Errorf("the master of host %d is %d, and was %d", i, master, before[i])
		}
	}
}

// A rolling upgrade stops at the first host whose new code does not serve: it goes on
// with its old one, and the next is left alone. Then all are upgraded, one by one.
func TestAnsible(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	if got := f.play("--syntax-check"); got.code != 0 || got.err != "" {
		t.Errorf("the syntax check answers %+v", got)
	}
	before := f.masters()
	f.recap(f.play("--check"), 0, "ok=2 changed=0 failed=0 skipped=1", "ok=2 changed=0 failed=0 skipped=1", "ok=2 changed=0 failed=0 skipped=1")
	f.changed(before, false, false, false)

	requests := f.hosts[1].client()
	f.hosts[1].breaks(broken)
	f.recap(f.play(), 2, "ok=3 changed=1 failed=0 skipped=0", "ok=1 changed=0 failed=1 skipped=0", "")
	f.changed(before, true, false, false)
	requests.more()
	f.shims[2].never(event.Upgrading)

	f.hosts[1].mends()
	before = f.masters()
	f.recap(f.play(), 0, "ok=3 changed=1 failed=0 skipped=0", "ok=3 changed=1 failed=0 skipped=0", "ok=3 changed=1 failed=0 skipped=0")
	f.changed(before, true, true, true)
	requests.more()
	requests.finish()
	f.oneByOne()
	for i, s := range f.hosts {
		s.stop(f.shims[i], false)
	}
}

// oneByOne fails the test unless the last upgrade of a host began after that of the
// host before it was over.
func (f *fleet) oneByOne() {
	f.t.Helper()
	var over toldEvent
	for i, r := range f.shims {
		for range map[int]int{0: 2, 1: 1, 2: 1}[i] {
			r.until(event.Upgraded)
		}
		began := r.all(event.Upgrading)
		if last := began[len(began)-1]; last.Time.Before(over.Time) {
			f.t.Errorf("host %d was upgraded from %v on, and the one before it up to %v", i, last.Time, over.Time)
		}
		over = r.told[r.passed-1]
	}
}

// A host where nothing serves ends the play before anything is changed.
func TestAnsibleWithoutService(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.hosts[0].stop(f.shims[0], false)
	f.recap(f.play(), 2, "ok=0 changed=0 failed=1 skipped=0", "", "")
	for i := 1; i < 3; i++ {
		f.hosts[i].stop(f.shims[i], false)
	}
}
