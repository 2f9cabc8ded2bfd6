//go:build linux

package test

import (
	"bufio"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/internal/testkit"
)

// sysvinit is where packages.sh unpacks SysV init, whose package conflicts with
// that of another init.
const sysvinit = "/opt/sysvinit-core"

// A box is a machine of its own: pid and mount namespaces whose pid 1 is SysV init.
//
// Its /etc is the host's, but for what there is in the world's directory "etc"; its
// /run is empty, but for the services' directories; and it has no control groups.
type box struct {
	w     *world
	lines *bufio.Reader // what the scripts of the box tell
	outer *process      // unshare(1)
	init  watched       // pid 1
}

// boxScript becomes the init. It tells of its end, which comes only when something of
// it fails. A tmpfs is moved over /run once the world's directory is bound in it.
const boxScript = `
tell() { echo "$1" >WORLD/told; }
trap 'tell failed' EXIT
set -e
[ $$ = 1 ]
mount -n --make-rprivate /
mount -n -t tmpfs -o mode=755 tmpfs WORLD/run
base=BASE
case $base in /run/*)
	mkdir -p "WORLD/run/${base#/run/}"
	mount -n --bind "$base" "WORLD/run/${base#/run/}" ;;
esac
mkdir -p /run/lockshim WORLD/run/lockshim WORLD/run/etc
mount -n --bind /run/lockshim WORLD/run/lockshim
mount -n --bind /etc WORLD/run/etc
mount -n --move WORLD/run /run
mount -n -t tmpfs -o mode=755 tmpfs /etc
for f in /run/etc/* WORLD/etc/*; do ln -sfn "$f" /etc/; done
mount -n -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
mount -n --bind WORLD/bin /usr/local/bin
[ ! -e /var/log/wtmp ] || mount -n --bind /dev/null /var/log/wtmp
[ ! -e /dev/console ] || mount -n --bind WORLD/console.log /dev/console
cd /
tell booting
exec INIT/sbin/init 2
`

// newBox makes the files of a box that has this inittab.
func newBox(w *world, inittab string) *box {
	w.mkdir("run", "bin", "etc/init.d", "etc/lockshim")
	b := &box{w: w, lines: bufio.NewReader(testkit.FIFO(w.t, w.file("told")))}
	must(w.t, os.Symlink(plain, w.file("bin/lockshim")))
	b.put("console.log", "")
	b.put("etc/inittab", inittab)
	b.put("box.sh", b.text(boxScript))
	return b
}

// text puts places into a script of the box.
func (b *box) text(script string) string {
	return strings.NewReplacer("WORLD", b.w.dir, "BASE", base, "INIT", sysvinit).Replace(script)
}

// put writes a file of the world.
func (b *box) put(name, text string) {
	must(b.w.t, os.WriteFile(b.w.file(name), []byte(text), 0o644))
}

// boot starts the init, and returns when that is about to read its inittab.
func (b *box) boot() {
	b.w.t.Helper()
	b.outer = b.w.start("/usr/bin/unshare", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child", "--mount-proc",
		"/bin/sh", b.w.file("box.sh"))
	b.hear("booting")
	for _, pid := range testkit.Descendants(b.outer.pid) {
		if insidePID(pid) == 1 {
			b.init = watch(b.w.t, pid)
			return
		}
	}
	b.w.t.Fatal("cannot find pid 1 of the box")
}

// hear blocks for a line that a script of the box tells.
func (b *box) hear(want string) {
	b.w.t.Helper()
	line, err := b.lines.ReadString('\n')
	if err != nil || strings.TrimSpace(line) != want {
		b.w.t.Fatalf("the box tells %q and not %q: %v", line, want, err)
	}
}

// enter is what runs a program in the box, in its root directory.
func (b *box) enter() []string {
	return []string{"/usr/bin/nsenter", "--target=" + strconv.Itoa(b.init.PID), "--mount", "--uts", "--ipc", "--pid", "--wd"}
}

// cut kills pid 1, and with that the kernel kills all others of the namespace
// (pid_namespaces(7)).
func (b *box) cut() {
	b.w.t.Helper()
	b.init.send(syscall.SIGKILL)
	b.init.gone()
	b.outer.wait()
}

// down changes to the runlevel of a halted machine, with that much patience, and cuts
// when the inittab has told that this was reached. Then none of the services may live.
func (b *box) down(patience string) {
	b.w.t.Helper()
	b.w.must(append(b.enter(), sysvinit+"/sbin/telinit", "-t", patience, "0")...)
	b.hear("down")
	b.w.each((*tenant).empty)
	b.cut()
}

// needBox skips the test where no box can be made.
func needBox(t *testing.T) {
	t.Helper()
	testkit.NeedRoot(t)
	p := start(t, spec{args: []string{"/usr/bin/unshare", "--mount", "--pid", "--fork", "--mount-proc", "/bin/true"}})
	if p.wait() != 0 {
		t.Skip("needs namespaces")
	}
}
