//go:build linux

package hooks_test

import (
	"fmt"
	"os"
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

// reusing is one that then opens another file by the number.
var reusing = map[string]string{
	"unicorn": `
require "fcntl"
number = ENV["LOCKSHIM_FD"].to_i
IO.for_fd(number).close
IO.for_fd(File.open("config.ru").fcntl(Fcntl::F_DUPFD, number), autoclose: false).close_on_exec = false
say "reused #{number}"
`,
	"gunicorn": `
number = int(os.environ["LOCKSHIM_FD"])
os.close(number)
os.dup2(os.open("app.py", os.O_RDONLY), number)
say("reused %d" % number)
`,
}

func TestApplicationUsesTheNumber(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		for _, way := range []string{shared, closed} {
			t.Run("way="+way, func(t *testing.T) {
				t.Parallel()
				c.way, c.preload, c.above, c.app = way, true, collecting[c.name], reusing[c.name]
				s := serve(t, c)
				s.respawn()
				s.holds(s.everyone()...)
				number := s.last("reused")
				if closesOnExec(t, s.master, number) {
					t.Errorf("descriptor %d, which is the application's now, is close-on-exec", number)
				}
				if name, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", s.master, number)); err != nil || name == s.path {
					t.Errorf("descriptor %d, which is the application's now: %s, %v", number, name, err)
				}
				s.stop()
			})
		}
	})
}
