//go:build linux

package hooks_test

import (
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/internal/testkit"
)

// programs are the ways in which an application starts a program that lives on.
// Each leaves open in it whatever is not close-on-exec, and returns when the
// program has been executed.
var programs = map[string][]string{
	"unicorn":  {"spawn", "system", "backtick", "popen"},
	"gunicorn": {"popen", "system", "spawn"},
}

// starting starts one of them when the application is loaded.
var starting = map[string]string{
	"unicorn":  "say \"program #{start('spawn')}\"\n",
	"gunicorn": "say('program %d' % start('popen'))\n",
}

func TestProgramOfWorker(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		s := serve(t, c)
		var pids []int
		for _, how := range programs[c.name] {
			pid, err := strconv.Atoi(strings.TrimSpace(s.get(how)))
			must(t, err)
			pids = append(pids, pid)
		}
		s.outlive(pids)
	})
}

func TestProgramOfMaster(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		c.preload, c.app = true, starting[c.name]
		s := serve(t, c)
		first := s.last("program")
		s.upgrade()
		s.outlive([]int{first, s.last("program")})
	})
}

// execing starts one in the hook that comes before the exec of a new master.
var execing = map[string]string{
	"unicorn":  "before_exec { |server| say \"program #{start('spawn')}\" }\n",
	"gunicorn": "def pre_exec(server):\n    say('program %d' % start('popen'))\n",
}

func TestProgramOfExec(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		c.below = execing[c.name]
		s := serve(t, c)
		s.upgrade()
		s.outlive(s.all("program"))
	})
}

// outlive stops the server and fails the test unless the lock is free although
// the programs live. Then it ends them.
func (s *service) outlive(pids []int) {
	s.t.Helper()
	for _, pid := range pids {
		if fds := lockFDs(pid, s.info); len(fds) > 0 {
			s.t.Errorf("program %d has the lock through descriptors %v", pid, fds)
		}
	}
	s.holds(s.everyone()...)
	kill(s.t, s.master, s.graceful)
	s.freed()
	for _, pid := range pids {
		if testkit.Ended(pid) {
			s.t.Errorf("program %d has ended with the server: nothing was shown", pid)
		}
		kill(s.t, pid, syscall.SIGKILL)
	}
	s.gone()
}

// Without the hook the programs do hold the lock, so the tests above can fail.
func TestProgramWithoutHook(t *testing.T) {
	each(t, func(t *testing.T, c setup) {
		c.without = true
		s := serve(t, c)
		for _, how := range programs[c.name] {
			pid, err := strconv.Atoi(strings.TrimSpace(s.get(how)))
			must(t, err)
			if len(lockFDs(pid, s.info)) == 0 {
				t.Errorf("%s: program %d does not have the lock", how, pid)
			}
			kill(t, pid, syscall.SIGKILL)
		}
		s.stop()
	})
}
