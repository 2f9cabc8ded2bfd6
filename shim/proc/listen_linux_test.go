package proc

import (
	"net"
	"os"
	"path/filepath"
	"testing"
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
