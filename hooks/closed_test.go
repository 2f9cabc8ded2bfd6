//go:build linux

package hooks_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// closing is an application that closes every descriptor that it does not know.
var closing = map[string]string{
	"unicorn":  `ObjectSpace.each_object(File) { |f| f.close if !f.closed? && f.fileno == ENV["LOCKSHIM_FD"].to_i } if ENV["LOCKSHIM_FD"]` + "\n",
	"gunicorn": "os.close(int(os.environ['LOCKSHIM_FD']))\n",
}

func TestApplicationClosesTheDescriptor(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		c.preload, c.app = true, closing[c.name]
		s := serve(t, c)
		s.holds(s.everyone()...)
		s.respawn()
		s.holds(s.everyone()...)
		s.upgrade()
		s.holds(s.everyone()...)
		s.stop()
	})
}

// reusing is one that then has another file by the number.
var reusing = map[string]string{
	"unicorn": `
require "fcntl"
number = ENV["LOCKSHIM_FD"].to_i
file = File.open("config.ru")
IO.for_fd(number).close
IO.for_fd(file.fcntl(Fcntl::F_DUPFD, number), autoclose: false).close_on_exec = false
say "reused #{number}"
`,
	"gunicorn": `
number = int(os.environ["LOCKSHIM_FD"])
os.dup2(os.open("app.py", os.O_RDONLY), number)
say("reused %d" % number)
`,
}

func TestApplicationUsesTheNumber(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		for name, from := range map[string]setup{
			"inherited": {way: shared}, "opened": {way: closed}, "opened below the limit": {way: closed, limit: 256},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				c := c
				c.way, c.limit, c.preload, c.above, c.app = from.way, from.limit, true, collecting[c.name], reusing[c.name]
				s := serve(t, c)
				s.respawn()
				s.holds(s.everyone()...)
				s.leftAlone(s.last("reused"))
				s.stop()
			})
		}
	})
}

// leftAlone fails the test unless the master's descriptor is the application's,
// and as the application left it.
func (s *service) leftAlone(number int) {
	s.t.Helper()
	if closesOnExec(s.t, s.master, number) {
		s.t.Errorf("descriptor %d, which is the application's now, is close-on-exec", number)
	}
	if name, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", s.master, number)); err != nil || filepath.Dir(name) != s.dir || name == s.path {
		s.t.Errorf("descriptor %d, which is the application's now: %s, %v", number, name, err)
	}
}
