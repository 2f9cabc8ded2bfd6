package proc

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/internal/testkit"
)

// A process is found by its descriptor, or by both variables of its environment.
func TestLookFinds(t *testing.T) {
	const shared = unix.LOCK_SH
	for _, row := range []struct {
		name  string
		grasp *grasp
		env   []string // LOCK stands for the lockfile
		want  string
	}{
		{"a far descriptor and no environment", &grasp{FD: 1025, Flock: shared}, nil, "open shared "},
		{"a low descriptor", &grasp{FD: 207, Flock: shared}, nil, "open shared "},
		{"a descriptor without a lock", &grasp{FD: 207}, nil, "open "},
		{"the exclusive lock", &grasp{FD: 207, Flock: unix.LOCK_EX}, nil, "open exclusive "},
		{"the guard", &grasp{FD: 207, Guard: true}, nil, "open guard "},
		{"the guard and the shared lock", &grasp{FD: 207, Guard: true, Flock: shared}, nil, "open shared guard "},
		{"an environment and no descriptor", nil, []string{"LOCKSHIM_LOCK=LOCK", "LOCKSHIM_FD=1025"}, "marked "},
		{"an environment and a descriptor", &grasp{FD: 1025, Flock: shared}, []string{"LOCKSHIM_LOCK=LOCK", "LOCKSHIM_FD=1025"}, "marked open shared "},
		{"a hold", &grasp{FD: 1025, Flock: shared}, []string{"LOCKSHIM_LOCK=LOCK", "LOCKSHIM_FD=1025", "LOCKSHIM_HOLD=1"}, "marked held open shared "},
		{"an operator's shell", nil, []string{"LOCKSHIM_LOCK=LOCK"}, "absent"},
		{"an operator's shell that looks at the file", &grasp{FD: 207}, []string{"LOCKSHIM_LOCK=LOCK"}, "open "},
		{"another service", nil, []string{"LOCKSHIM_LOCK=LOCK.lock", "LOCKSHIM_FD=1025"}, "absent"},
		{"nobody", nil, nil, "absent"},
	} {
		t.Run(row.name, func(t *testing.T) {
			lock, id := lockfile(t)
			if row.grasp != nil {
				row.grasp.File = lock
			}
			var env []string
			for _, v := range row.env {
				env = append(env, strings.Replace(v, "LOCK=LOCK", "LOCK="+lock, 1))
			}
			h := hold(t, row.grasp, env...)
			if got := traits(lookFor(t, Query{Lock: lock, Files: []FileID{id}}, h.PID())); got != row.want {
				t.Errorf("a look says %q, want %q", got, row.want)
			}
		})
	}
}

// A lockfile that lost its name is found by its inode, and by the name that the
// kernel remembers where nobody knows the inode.
func TestLookAtALostLockfile(t *testing.T) {
	for _, row := range []struct {
		name    string
		fd      int
		lose    func(t *testing.T, lock string)
		unknown string // to whom the inode is unknown
		known   string
	}{
		{"deleted", 207, func(t *testing.T, lock string) { must(t, os.Remove(lock)) }, "open shared ", "open shared "},
		{"replaced", 207, replaceLock, "open shared ", "open shared "},
		{"renamed, far descriptor", 1025, renameLock, "absent", "open shared "},
		{"renamed, low descriptor", 207, renameLock, "absent", "absent"},
	} {
		t.Run(row.name, func(t *testing.T) {
			lock, id := lockfile(t)
			h := hold(t, &grasp{File: lock, FD: row.fd, Flock: unix.LOCK_SH})
			row.lose(t, lock)
			if got := traits(lookFor(t, Query{Lock: lock}, h.PID())); got != row.unknown {
				t.Errorf("without the inode a look says %q, want %q", got, row.unknown)
			}
			if got := traits(lookFor(t, Query{Lock: lock, Files: []FileID{id}}, h.PID())); got != row.known {
				t.Errorf("with the inode a look says %q, want %q", got, row.known)
			}
		})
	}
}

func replaceLock(t *testing.T, lock string) {
	must(t, os.WriteFile(lock+".new", nil, 0o640))
	must(t, os.Rename(lock+".new", lock))
}

func renameLock(t *testing.T, lock string) { must(t, os.Rename(lock, lock+".old")) }

// Another file of the same name is no lockfile of ours.
func TestLookKnowsTheInode(t *testing.T) {
	lock, id := lockfile(t)
	other, _ := lockfile(t)
	h := hold(t, &grasp{File: other, FD: 207, Flock: unix.LOCK_SH})
	if got := traits(lookFor(t, Query{Lock: lock, Files: []FileID{id}}, h.PID())); got != "absent" {
		t.Errorf("a look says %q", got)
	}
}

// The tree is what descends from the roots, whatever it holds; kin of a member
// are in it too.
func TestLookAtKin(t *testing.T) {
	lock, id := lockfile(t)
	parent := exec.Command("sh", "-c", "env -i sh -c 'echo ready; cat; :'; :")
	parent.Env = []string{"PATH=/usr/bin:/bin", "LOCKSHIM_LOCK=" + lock, "LOCKSHIM_FD=1025"}
	begin(t, parent)
	for _, q := range []Query{
		{Lock: lock, Files: []FileID{id}, Everyone: true},
		{Lock: lock, Roots: []int{parent.Process.Pid}},
		{Lock: lock, Roots: []int{os.Getpid()}},
	} {
		seen, err := Look(q)
		must(t, err)
		children := slices.DeleteFunc(seen.Processes, func(p Process) bool { return p.PPID != parent.Process.Pid })
		if len(children) != 1 || children[0].Marked || children[0].Forked {
			t.Errorf("a look with %+v sees the children %+v", q, children)
		}
	}
	if seen, err := Look(Query{Lock: lock}); err != nil || len(seen.Processes) != 0 {
		t.Errorf("a look at nobody: %+v, %v", seen, err)
	}
}

// What a look says of a process is what everybody knows of it.
func TestLookDescribes(t *testing.T) {
	lock, id := lockfile(t)
	h := hold(t, &grasp{File: lock, FD: 207, Flock: unix.LOCK_SH}, "NAME=value")
	p, found := lookFor(t, Query{Lock: lock, Files: []FileID{id}}, h.PID())
	exe, err := os.Executable()
	must(t, err)
	switch {
	case !found:
		t.Fatal("not found")
	case p.PPID != os.Getpid() || p.Forked || p.Zombie() || !p.Image.Known() || p.Memory <= 0:
		t.Errorf("%+v", p)
	case p.Exe != exe || !slices.Equal(p.Args, h.Args):
		t.Errorf("it runs %s %q, want %s %q", p.Exe, p.Args, exe, h.Args)
	}
	if d, err := Describe(h.PID()); err != nil || d.ID != p.ID || d.Exe != exe || d.Title() != p.Title() {
		t.Errorf("Describe says %+v, %v", d, err)
	}
	if own, err := Find(os.Getpid()); err != nil || own.Started().After(p.Started()) {
		t.Errorf("the parent was forked at %v, its child at %v, %v", own.Started(), p.Started(), err)
	}
}

// A zombie keeps its place in the tree.
func TestLookAtAZombie(t *testing.T) {
	h := hold(t, nil)
	must(t, h.Process.Kill())
	waitid(t, h.PID())
	seen, err := Look(Query{Lock: "/run/web.lock", Roots: []int{os.Getpid()}})
	must(t, err)
	i := slices.IndexFunc(seen.Processes, func(p Process) bool { return p.PID == h.PID() })
	if i < 0 || !seen.Processes[i].Zombie() || seen.Processes[i].Image.Known() {
		t.Errorf("seen: %+v", seen.Processes)
	}
}

// Of a process that executes one program after the other a look says that it is in the
// middle of an exec whenever it has no image to show.
func TestLookMidway(t *testing.T) {
	cmd := exec.Command("sh", "-c", `echo ready; exec sh -c "$0" "$0"`, `exec sh -c "$0" "$0"`)
	h := begin(t, cmd)
	defer h.Kill() // it does not read what ends others
	midway := 0
	for range testkit.Times(500, 20000) {
		seen, err := Look(Query{Lock: "/run/web.lock", Roots: []int{h.PID()}})
		must(t, err)
		if len(seen.Processes) != 1 {
			t.Fatalf("a look sees %+v", seen.Processes)
		}
		p := seen.Processes[0]
		if p.Midway == p.Image.Known() {
			t.Fatalf("it is in an exec: %v, and its image is %+v", p.Midway, p.Image)
		}
		if p.Midway {
			midway++
		}
	}
	t.Logf("%d times in the middle of an exec", midway)
}

// waitid waits for the end of a child and leaves it a zombie.
func waitid(t *testing.T, pid int) {
	t.Helper()
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if err == nil {
			return
		}
		if err != unix.EINTR {
			t.Fatal(err)
		}
	}
}
