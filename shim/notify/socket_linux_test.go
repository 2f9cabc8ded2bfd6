package notify

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/internal/testkit"
)

func TestAddress(t *testing.T) {
	for lock, want := range map[string]string{
		"/run/lockshim/web.lock":                     "/run/lockshim/web.notify",
		"/srv/app/lockfile":                          "/srv/app/lockfile.notify",
		"/" + strings.Repeat("n", 99) + ".lock":      "/" + strings.Repeat("n", 99) + ".notify",
		"/" + strings.Repeat("n", 100) + ".lock":     "@lockshim/",
		"/" + strings.Repeat("/n", 2000) + "/x.lock": "@lockshim/",
	} {
		got := addressOf(lock)
		if want == "@lockshim/" {
			if again := addressOf(lock); again != got || len(got) != len(want)+32 || !strings.HasPrefix(got, want) {
				t.Errorf("addressOf(%.20q…) = %q, then %q", lock, got, again)
			}
		} else if got != want {
			t.Errorf("addressOf(%q) = %q, want %q", lock, got, want)
		}
	}
	if a, b := addressOf(strings.Repeat("/a", 100)), addressOf(strings.Repeat("/b", 100)); a == b {
		t.Errorf("two lockfiles have the address %q", a)
	}
}

func TestRelativeLock(t *testing.T) {
	t.Chdir(t.TempDir())
	wd, err := os.Getwd()
	do(t, err)
	s := listen(t, "web.lock")
	if want := wd + "/web.notify"; s.Address() != want {
		t.Errorf("Address() = %q, want %q", s.Address(), want)
	}
	sendRaw(t, s.Address(), []byte("READY=1"), nil)
	receives(t, s, "READY=1")
}

// The server may be any user's, whatever the umask.
func TestModeAndUmask(t *testing.T) {
	lock := lockIn(t)
	for _, mask := range []string{"000", "022", "077", "777"} {
		h := helper(t, "receive", "", nil, "LOCK="+lock, "UMASK="+mask)
		h.Expect("listening")
		info, err := os.Lstat(addressOf(lock))
		do(t, err)
		if got := info.Mode().String(); got != "Srw-rw-rw-" {
			t.Errorf("umask %s: the socket is %s, want Srw-rw-rw-", mask, got)
		}
		h.Kill()
	}
}

func TestCloseEndsReceive(t *testing.T) {
	for _, lock := range []string{lockIn(t), deep(t)} {
		s := listen(t, lock)
		ended := make(chan error)
		go func() {
			_, err := s.Receive()
			ended <- err
		}()
		do(t, s.Close())
		is(t, "Receive", <-ended, os.ErrClosed)
		_, err := s.Receive()
		is(t, "Receive after Close", err, os.ErrClosed)
		if _, err := os.Lstat(addressOf(lock)); !os.IsNotExist(err) {
			t.Errorf("the socket is still there (%v)", err)
		}
		listen(t, lock) // the address is free
	}
}

func TestCloseLeavesWhatIsNotOurs(t *testing.T) {
	lock := lockIn(t)
	s := listen(t, lock)
	do(t, os.Remove(s.Address()))
	do(t, os.WriteFile(s.Address(), nil, 0o644))
	do(t, s.Close())
	if _, err := os.Lstat(s.Address()); err != nil {
		t.Errorf("a file in place of the socket: %v", err)
	}
	_, err := Listen(lock)
	is(t, "Listen where a file is", err, ErrInTheWay)
}

func TestTheAddressIsTaken(t *testing.T) {
	for lock, want := range map[string]error{lockIn(t): ErrInTheWay, deep(t): unix.EADDRINUSE} {
		s := listen(t, lock)
		_, err := Listen(lock)
		is(t, "a second Listen", err, want)
		sendRaw(t, s.Address(), []byte("READY=1"), nil)
		receives(t, s, "READY=1")
	}
}

func TestMissingDirectory(t *testing.T) {
	_, err := Listen(t.TempDir() + "/missing/web.lock")
	is(t, "Listen", err, os.ErrNotExist)
}

// A barrier's descriptor, and those for a store that we are not, are closed by
// the time that Receive returns.
func TestDescriptorsAreClosed(t *testing.T) {
	s := listen(t, lockIn(t))
	for _, text := range []string{"BARRIER=1", "FDSTORE=1\nFDNAME=x", "", strings.Repeat("x", 5000)} {
		var pipe [2]int
		do(t, unix.Pipe2(pipe[:], unix.O_CLOEXEC))
		fds := make([]int, 253) // SCM_MAX_FD
		for i := range fds {
			fds[i] = pipe[1]
		}
		sendRaw(t, s.Address(), []byte(text), unix.UnixRights(fds...))
		unix.Close(pipe[1])
		before := descriptors(t)
		m, err := s.Receive()
		if after := descriptors(t); after != before {
			t.Errorf("%.10q: %d sockets and pipes are open, %d were", text, after, before)
		}
		if n, err := unix.Read(pipe[0], make([]byte, 1)); n != 0 || err != nil {
			t.Errorf("%.10q: the pipe is not closed: %d, %v", text, n, err)
		}
		unix.Close(pipe[0])
		if isMessage := strings.Contains(text, "="); isMessage != (err == nil) || isMessage && m.PID != os.Getpid() {
			t.Errorf("%.10q: %+v, %v", text, m, err)
		}
	}
}

// Descriptors would be closed if the kernel gave us some.
func TestCloseAll(t *testing.T) {
	var pipe [2]int
	do(t, unix.Pipe2(pipe[:], unix.O_CLOEXEC))
	who := unix.UnixCredentials(&unix.Ucred{Pid: 1, Uid: 2, Gid: 3})
	cred, err := credentials(append(who, unix.UnixRights(pipe[1])...))
	if err != nil || *cred != (unix.Ucred{Pid: 1, Uid: 2, Gid: 3}) {
		t.Errorf("credentials: %v, %v", cred, err)
	}
	if n, err := unix.Read(pipe[0], make([]byte, 1)); n != 0 || err != nil {
		t.Errorf("the pipe is not closed: %d, %v", n, err)
	}
	unix.Close(pipe[0])
	if _, err := credentials(nil); err == nil {
		t.Error("a message without credentials was taken")
	}
}

// forge tries to send as the parent, and says why that fails.
func forge() error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	to := &unix.SockaddrUnix{Name: os.Getenv("NOTIFY_SOCKET")}
	for _, who := range []unix.Ucred{{Pid: int32(os.Getppid()), Uid: 65534, Gid: 65534}, {Pid: int32(os.Getpid()), Uid: 0, Gid: 65534}} {
		fmt.Println(unix.Sendmsg(fd, []byte("READY=1"), unix.UnixCredentials(&who), to, 0))
	}
	return unix.Sendto(fd, []byte("READY=1"), 0, to)
}

// Another user can send, but not in somebody else's name.
func TestAForgedSender(t *testing.T) {
	testkit.NeedRoot(t)
	s := listen(t, lockIn(t))
	p := helper(t, "forge", s.Address(), nobody)
	p.Expect(syscall.EPERM.Error())
	p.Expect(syscall.EPERM.Error())
	from(t, receives(t, s, "READY=1"), p.PID(), 65534, 65534)
	p.End()
}
