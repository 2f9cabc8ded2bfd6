//go:build linux

package test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/contrib"
	"github.com/lockshim/lockshim/internal/testkit"
)

// systemd is systemd(1) as pid 1 of namespaces, with units of the world alone. Its
// pids are those of its pid namespace.
type systemd struct {
	w       *world
	pid1    *process
	cgroup  string // of all that is in the world
	console string // the name of its terminal
	booted  *bufio.Reader
}

// systemdNeeds are the programs of a world of systemd's.
var systemdNeeds = [][2]string{
	{"/lib/systemd/systemd", "systemd"}, {"/usr/bin/systemctl", "systemd"},
	{"/usr/bin/unshare", "util-linux"}, {"/usr/bin/nsenter", "util-linux"},
}

// systemdBoot makes the namespaces of a process into those of a pid 1, and becomes
// systemd. Its arguments are the tests' directory in /run, which is all that is left
// of it, and the terminal. systemd would change settings in /proc/sys that are the
// host's. Without -n mount(8) would write about them into the host's /run.
const systemdBoot = `set -e
mount -n --make-rprivate /
mount -n -t proc proc /proc
mount -n --bind /proc/sys /proc/sys
mount -n -o remount,bind,ro /proc/sys
umount -R /sys/fs/cgroup
mount -n -t cgroup2 cgroup2 /sys/fs/cgroup
mount -n --bind machine-id /etc/machine-id
mount -n --bind bin /usr/local/bin
mount -n --bind srv /srv
if [ -e /dev/console ]; then mount -n --bind "$2" /dev/console; fi
mount -n -t tmpfs -o mode=755 tmpfs run
mkdir "run/${1#/run/}"
mount -n --bind "$1" "run/${1#/run/}"
mount -n --move run /run
cd /
exec /lib/systemd/systemd --system --unit=multi-user.target --log-target=console --show-status=no --crash-reboot=0
`

// Units that pid 1 itself needs, without any of the host's. SIGRTMIN+3 starts
// halt.target, which ends pid 1 once all else has stopped.
const (
	bareTarget = "[Unit]\nDefaultDependencies=no\n"
	haltTarget = bareTarget + "Requires=leave.service\nAfter=leave.service\n"
	leaveUnit  = bareTarget + "Requires=shutdown.target\nAfter=shutdown.target\nSuccessAction=exit-force\n" +
		"[Service]\nType=oneshot\nExecStart=/bin/true\n"
	bootedUnit = bareTarget + "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'echo booted >%s'\n"
)

// ambience is for every service: the world's environment, and a log that is a file.
const ambience = "[Service]\nEnvironment=LANG=C.UTF-8 PYTHONDONTWRITEBYTECODE=1 GORACE=atexit_sleep_ms=1 %s=%s/\n" +
	"StandardOutput=append:%[2]s/log\nStandardError=append:%[2]s/log\n"

func newSystemd(w *world) initSystem {
	w.mkdir("units/service.d", "units/multi-user.target.wants", "units/sockets.target.wants", "bin", "run", "srv")
	must(w.t, os.Symlink(plain, w.file("bin/lockshim")))
	s := &systemd{w: w, cgroup: makeCgroup(w.t), console: w.logTerminal("console.log"), booted: bufio.NewReader(testkit.FIFO(w.t, w.file("booted")))}
	for _, name := range strings.Fields("sysinit basic shutdown multi-user umount final timers sockets paths slices local-fs network") {
		s.unit(name+".target", bareTarget)
	}
	s.unit("halt.target", haltTarget)
	s.unit("leave.service", leaveUnit)
	s.unit("booted.service", fmt.Sprintf(bootedUnit, w.file("booted")))
	s.unit("service.d/world.conf", fmt.Sprintf(ambience, marker, w.dir))
	s.want("multi-user.target", "booted.service")
	must(w.t, os.WriteFile(w.file("machine-id"), []byte("0123456789abcdef0123456789abcdef\n"), 0o444))
	return s
}

// unit writes a file of the manager's.
func (s *systemd) unit(name, text string) {
	s.w.t.Helper()
	s.w.mkdir(filepath.Dir("units/" + name))
	must(s.w.t, os.WriteFile(s.w.file("units/"+name), []byte(text), 0o644))
}

// want enables a unit: it is started with the target.
func (s *systemd) want(target, unit string) {
	s.w.t.Helper()
	link := s.w.file("units/" + target + ".wants/" + unit)
	if err := os.Symlink("../"+unit, link); err != nil && !os.IsExist(err) {
		s.w.t.Fatal(err)
	}
}

func (s *systemd) install(x *tenant, set ...contrib.Setting) {
	x.fill("systemd/lockshim@.service", s.w.file("units/"+x.unit()), set...)
	s.want("multi-user.target", x.unit())
}

// unit is the tenant's.
func (x *tenant) unit() string { return "lockshim@" + x.name + ".service" }

// boot returns when systemctl can be used.
func (s *systemd) boot() {
	s.w.t.Helper()
	group, err := os.Open(s.cgroup)
	must(s.w.t, err)
	defer group.Close()
	log, err := os.OpenFile(s.w.file("log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	must(s.w.t, err)
	defer log.Close()
	s.pid1 = start(s.w.t, spec{
		args: []string{"/usr/bin/unshare", "--cgroup", "/bin/sh", "-c", systemdBoot, "sh", base, s.console},
		env: []string{
			"PATH=/usr/sbin:/usr/bin:/sbin:/bin", marker + "=" + s.w.dir + "/", "container=test", "SYSTEMD_UNIT_PATH=" + s.w.file("units"),
			"SYSTEMD_GENERATOR_PATH=/nonexistent", "SYSTEMD_ENVIRONMENT_GENERATOR_PATH=/nonexistent",
		},
		dir: s.w.dir, err: log,
		sys: &syscall.SysProcAttr{
			UseCgroupFD: true, CgroupFD: int(group.Fd()), Setsid: true,
			Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC,
		},
	})
	s.awaitBoot()
}

// awaitBoot blocks until booted.service has run.
func (s *systemd) awaitBoot() {
	s.w.t.Helper()
	line := make(chan error, 1)
	go func() {
		_, err := s.booted.ReadString('\n')
		line <- err
	}()
	select {
	case err := <-line:
		must(s.w.t, err)
	case <-s.pid1.done:
		s.w.t.Fatal("systemd has ended")
	}
}

func (s *systemd) enter() []string {
	return []string{"/usr/bin/nsenter", "-t", strconv.Itoa(s.pid1.pid), "-m", "-p", "-C", "-u", "-i"}
}

// ctl runs systemctl, which must succeed, and returns what it printed.
func (s *systemd) ctl(args ...string) string {
	s.w.t.Helper()
	return s.w.must(append(s.enter(), append([]string{"/usr/bin/systemctl"}, args...)...)...)
}

// try is ctl of what may fail.
func (s *systemd) try(args ...string) result {
	s.w.t.Helper()
	return s.w.in(append([]string{"/usr/bin/systemctl"}, args...)...)
}

// show is a property of a unit.
func (s *systemd) show(unit, property string) string {
	s.w.t.Helper()
	return s.ctl("show", "--value", "-p", property, unit)
}

func (s *systemd) start(x *tenant)   { s.ctl("start", x.unit()) }
func (s *systemd) stop(x *tenant)    { s.ctl("stop", x.unit()) }
func (s *systemd) restart(x *tenant) { s.ctl("restart", x.unit()) }

func (s *systemd) main(x *tenant) int { return number(s.w.t, s.show(x.unit(), "MainPID")) }

// cut takes all that is in the pid namespace with it.
func (s *systemd) cut() {
	s.pid1.send(syscall.SIGKILL)
	s.pid1.wait()
	removeCgroups(s.cgroup)
	must(s.w.t, os.Mkdir(s.cgroup, 0o755))
}

func (s *systemd) end() {
	s.pid1.send(sigHalt)
	s.pid1.wait()
}

// sigHalt is SIGRTMIN+3 (systemd(1), "SIGNALS").
const sigHalt = syscall.Signal(34 + 3)

// makeCgroup makes a control group in the hierarchy of version 2, removed with the
// test, and skips the test where there is none.
func makeCgroup(t *testing.T) string {
	t.Helper()
	mounts, err := os.ReadFile("/proc/mounts")
	must(t, err)
	for line := range strings.Lines(string(mounts)) {
		if words := strings.Fields(line); words[2] == "cgroup2" {
			dir, err := os.MkdirTemp(words[1], "lockshim-test-")
			if err != nil {
				t.Skip("needs a cgroup2 hierarchy to write to: ", err)
			}
			must(t, os.Chmod(dir, 0o755))
			t.Cleanup(func() { removeCgroups(dir) })
			return dir
		}
	}
	t.Skip("needs a cgroup2 hierarchy")
	return ""
}

// removeCgroups removes a control group without processes, and those in it.
func removeCgroups(dir string) {
	below, _ := filepath.Glob(filepath.Join(dir, "*", "cgroup.procs"))
	for _, procs := range below {
		removeCgroups(filepath.Dir(procs))
	}
	_ = os.Remove(dir)
}

// logTerminal makes a terminal, what is written to which goes into a file of the
// world's, and returns its name.
func (w *world) logTerminal(file string) string {
	w.t.Helper()
	user, program := terminal(w.t)
	to, err := os.Create(w.file(file))
	must(w.t, err)
	go func() {
		defer to.Close()
		_, _ = io.Copy(to, user)
	}()
	return program.Name()
}
