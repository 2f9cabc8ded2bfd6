package proc

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/internal/testkit"
)

// TestListens opens a socket of each family in this process, which has none that
// listens before and after.
func TestListens(t *testing.T) {
	self := []int{os.Getpid()}
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for _, where := range [][2]string{{"tcp4", "127.0.0.1:0"}, {"tcp6", "[::1]:0"}, {"unix", filepath.Join(dir, "s")}} {
		if found, err := Listens(self); found || err != nil {
			t.Fatalf("before %s: %v, %v", where, found, err)
		}
		l, err := net.Listen(where[0], where[1])
		if err != nil {
			t.Logf("cannot listen on %v: %v", where, err)
			continue
		}
		c, err := net.Dial(l.Addr().Network(), l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if found, err := Listens(append([]int{1 << 22}, self...)); !found || err != nil {
			t.Errorf("%s: %v, %v", where, found, err)
		}
		l.Close()
		if found, err := Listens(self); found || err != nil {
			t.Errorf("connected, after %s: %v, %v", where, found, err)
		}
		c.Close()
	}
}

// A zombie does not listen, as its own user sees it too, who may not look at its
// descriptors.
func TestZombiesDoNotListen(t *testing.T) {
	testkit.NeedRoot(t)
	cmd := testkit.Helper("listener")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: testkit.Nobody, Gid: testkit.Nobody}}
	if out, err := cmd.CombinedOutput(); err != nil || string(out) != "false\n" {
		t.Errorf("the helper says %q, %v", out, err)
	}
}

// helperListener asks whether a zombie of its own listens.
func helperListener() error {
	zombie, err := startEcho()
	if err != nil {
		return err
	}
	zombie.in.Close()
	if err := unix.Waitid(unix.P_PID, zombie.id.PID, nil, unix.WEXITED|unix.WNOWAIT, nil); err != nil {
		return err
	}
	found, err := Listens([]int{zombie.id.PID})
	fmt.Println(found)
	return errors.Join(err, zombie.cmd.Wait())
}
