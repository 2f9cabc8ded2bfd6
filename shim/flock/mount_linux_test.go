package flock

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/internal/testkit"
)

func init() {
	commands["mount"] = func(a []string) (string, error) {
		return "ok", unix.Mount(a[0], a[1], a[0], 0, strings.Join(a[2:], " "))
	}
	commands["read-only"] = func(a []string) (string, error) {
		return "ok", unix.Mount("", a[0], "", unix.MS_REMOUNT|unix.MS_RDONLY, "")
	}
	commands["fill"] = fill
	commands["write"] = func(a []string) (string, error) {
		return "ok", os.WriteFile(a[0], []byte(strings.Join(a[1:], " ")), 0o640)
	}
	commands["mkdir"] = func(a []string) (string, error) { return "ok", os.Mkdir(a[0], 0o755) }
	commands["ls"] = ls
	commands["bindfs"] = bindfs
	commands["unmount"] = unmount
}

// fill writes a file until the disk is full.
func fill(a []string) (string, error) {
	f, err := os.Create(a[0])
	if err != nil {
		return "", err
	}
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if errors.Is(err, unix.ENOSPC) {
		err = nil
	}
	return "full", errors.Join(err, f.Close())
}

// ls answers the names in a directory and what the files contain.
func ls(a []string) (string, error) {
	entries, err := os.ReadDir(a[0])
	answer := "entries:"
	for _, e := range entries {
		text, _ := os.ReadFile(filepath.Join(a[0], e.Name()))
		if len(text) < 100 {
			answer += fmt.Sprintf(" %s=%q", e.Name(), text)
		}
	}
	return answer, err
}

// mounting starts a helper that may mount without anybody else seeing it. It is
// the first process of a pid namespace, so that what it starts ends with it.
func mounting(t *testing.T) (h *helper, dir string) {
	t.Helper()
	testkit.NeedRoot(t)
	h = start(t, &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS, Cloneflags: syscall.CLONE_NEWPID})
	return h, t.TempDir()
}

func TestCreateOnAFullFilesystem(t *testing.T) {
	h, dir := mounting(t)
	h.must("mount", "tmpfs", dir, "mode=755,size=64k,nr_inodes=1")
	h.fails("create+errno"+strconv.Itoa(int(unix.ENOSPC)), "create", "a", dir+"/web.lock")
	if got := h.must("ls", dir); got != "entries:" {
		t.Errorf("left behind: %s", got)
	}
}

func TestReadOnlyFilesystem(t *testing.T) {
	h, dir := mounting(t)
	h.must("mount", "tmpfs", dir, "mode=755,size=64k")
	h.must("create", "a", dir+"/web.lock")
	h.must("close", "a")
	h.must("read-only", dir)
	erofs := "errno" + strconv.Itoa(int(unix.EROFS))
	h.fails("create+"+erofs, "create", "a", dir+"/new.lock")
	h.fails(erofs, "create", "a", dir+"/web.lock")
	h.must("open", "a", dir+"/web.lock")
	if got := h.must("try", "a"); got != "true" {
		t.Errorf("the exclusive lock of a read-only file: %s", got)
	}
	h.fails("permission+errno13", "guard", "a")
}

// Without /proc an unnamed file cannot be linked; it is made under a name.
func TestCreateWithoutProc(t *testing.T) {
	h, dir := mounting(t)
	h.must("mount", "tmpfs", "/proc", "mode=755")
	answer := h.must("create", "a", dir+"/web.lock")
	if !strings.HasSuffix(answer, " 0640") {
		t.Errorf("inode and mode %s, want 0640", answer)
	}
	alone(t, dir, "web.lock")
	h.fails("errno"+strconv.Itoa(int(unix.ENOENT)), "reopen", "a")
}

// A pid file that cannot be written leaves nothing, new or stale.
func TestPidfileOnAFullDisk(t *testing.T) {
	h, dir := mounting(t)
	h.must("mount", "tmpfs", dir, "mode=755,size=64k")
	h.must("write", dir+"/empty.pid")
	h.must("fill", dir+"/big")
	enospc := "errno" + strconv.Itoa(int(unix.ENOSPC))
	h.fails(enospc, "pidfile", dir+"/new.pid")
	h.fails(enospc, "pidfile", dir+"/empty.pid")
	if got := h.must("ls", dir); got != "entries:" {
		t.Errorf("left behind: %s", got)
	}
}

// Locks on overlayfs are the overlay's own, also across a copy-up.
func TestOverlay(t *testing.T) {
	h, dir := mounting(t)
	h.must("mount", "tmpfs", dir, "mode=755")
	for _, sub := range []string{"lower", "upper", "work", "merged"} {
		h.must("mkdir", dir+"/"+sub)
	}
	h.must("write", dir+"/lower/web.lock")
	h.must("mount", "overlay", dir+"/merged", "lowerdir="+dir+"/lower,upperdir="+dir+"/upper,workdir="+dir+"/work")
	h.must("create", "new", dir+"/merged/new.lock")
	h.must("open-bare", "low", dir+"/merged/web.lock")
	h.must("share", "low")
	h.must("open", "up", dir+"/merged/web.lock")
	if got := h.must("try", "up"); got != "false" {
		t.Errorf("the exclusive lock after a copy-up, beside a shared one from before: %s", got)
	}
}

func init() {
	commands["open-bare"] = func(a []string) (string, error) {
		fd, err := unix.Open(a[1], unix.O_RDONLY|unix.O_CLOEXEC, 0)
		files[a[0]] = &File{fd: fd, path: a[1]}
		return "ok", err
	}
}

// bindfs mounts a directory by a real FUSE server. The server keeps the write
// end of a pipe open for as long as it lives; unmount reads until its end.
func bindfs(a []string) (string, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return "", err
	}
	cmd := exec.Command("bindfs", a[0], a[1])
	cmd.ExtraFiles = []*os.File{w}
	out, err := cmd.CombinedOutput()
	w.Close()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, strings.ReplaceAll(string(out), "\n", " "))
	}
	fuseAlive = bufio.NewReader(r)
	return "ok", nil
}

var fuseAlive *bufio.Reader

func unmount(a []string) (string, error) {
	if err := unix.Unmount(a[0], 0); err != nil {
		return "", err
	}
	_, err := fuseAlive.ReadByte()
	return fmt.Sprint(err), nil
}

func TestFUSEIsRefused(t *testing.T) {
	if _, err := exec.LookPath("bindfs"); err != nil {
		t.Skip("needs the package bindfs")
	}
	h, dir := mounting(t)
	if f, err := os.OpenFile("/dev/fuse", os.O_RDWR, 0); err != nil {
		t.Skip("needs /dev/fuse: ", err)
	} else {
		f.Close()
	}
	h.must("mount", "tmpfs", dir, "mode=755")
	h.must("mkdir", dir+"/real")
	h.must("mkdir", dir+"/fuse")
	h.must("create", "a", dir+"/real/web.lock")
	h.must("bindfs", dir+"/real", dir+"/fuse")
	h.fails("filesystem", "open", "b", dir+"/fuse/web.lock")
	h.fails("filesystem", "create", "b", dir+"/fuse/web.lock")
	h.fails("filesystem", "create", "b", dir+"/fuse/new.lock")
	if answer := h.ask("open", "b", dir+"/fuse/web.lock"); !strings.Contains(answer, "FUSE") {
		t.Errorf("the error does not name the filesystem: %s", answer)
	}
	if got := h.must("ls", dir+"/real"); got != `entries: web.lock=""` {
		t.Errorf("a file was made on a refused filesystem: %s", got)
	}
	if got := h.must("unmount", dir+"/fuse"); got != "EOF" {
		t.Errorf("the FUSE server's pipe: %s, want its end", got)
	}
}

// The magic numbers, as the kernel's headers and statfs(2) give them.
func TestJudgeFilesystems(t *testing.T) {
	for magic, name := range map[uint32]string{
		0x6969: "NFS", 0x517b: "SMB", 0xff534d42: "CIFS", 0xfe534d42: "SMB2", 0x65735546: "FUSE", 0x01021997: "9P",
		0x5346414f: "AFS", 0x6b414653: "AFS", 0x73757245: "Coda", 0x564c: "NCP", 0x00c36400: "Ceph", 0x7461636f: "OCFS2",
		0x01161970: "GFS2", 0x786f4256: "vboxsf", 0x0bd00bd0: "Lustre", 0x47504653: "GPFS", 0x19830326: "BeeGFS", 0x20030528: "OrangeFS",
	} {
		if err := judge(magic); !errors.Is(err, ErrFilesystem) || !strings.Contains(err.Error(), ": "+name+": ") {
			t.Errorf("%#x: %v, want %s refused", magic, err, name)
		}
	}
	for magic, name := range map[uint32]string{
		0xef53: "ext4", 0x58465342: "xfs", 0x9123683e: "btrfs", 0x01021994: "tmpfs", 0x858458f6: "ramfs", 0x794c7630: "overlayfs",
		0x2fc12fc1: "zfs", 0xf2f52010: "f2fs", 0xf15f: "ecryptfs", 0x73717368: "squashfs",
	} {
		if err := judge(magic); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
