//go:build linux

package hooks_test

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// next blocks for the next line that the server wrote into the FIFO.
func (s *service) next() []string {
	s.t.Helper()
	line, err := s.events.ReadString('\n')
	must(s.t, err)
	line = strings.TrimSuffix(line, "\n")
	s.seen = append(s.seen, line)
	if line == over {
		s.t.Fatal("every process has ended, and the test waits for another event")
	}
	return strings.Fields(line)
}

// until reads lines until n of that kind have come, and returns their numbers.
func (s *service) until(kind string, n int) [][]int {
	s.t.Helper()
	var found [][]int
	for len(found) < n {
		if words := s.next(); words[0] == kind {
			found = append(found, numbers(s.t, words[1:]))
		}
	}
	return found
}

// count is how many lines of that kind have been read so far.
func (s *service) count(kind string) int {
	n := 0
	for _, line := range s.seen {
		if strings.Fields(line)[0] == kind {
			n++
		}
	}
	return n
}

// all lists the numbers in the lines of that kind that have been read.
func (s *service) all(kind string) []int {
	var found []int
	for _, line := range s.seen {
		if words := strings.Fields(line); words[0] == kind {
			found = append(found, numbers(s.t, words[1:])[0])
		}
	}
	return found
}

// last is the number in the latest line of that kind.
func (s *service) last(kind string) int {
	s.t.Helper()
	if all := s.all(kind); len(all) > 0 {
		return all[len(all)-1]
	}
	s.t.Fatalf("no line says %q", kind)
	return 0
}

// generation waits for all workers of one new master, and notes them.
func (s *service) generation() {
	s.t.Helper()
	s.children = nil
	for _, pids := range s.until("worker", s.workers) {
		if s.children == nil {
			s.master = pids[1]
		}
		if pids[1] != s.master {
			s.t.Fatalf("workers of %d and of %d are ready, want those of one master", s.master, pids[1])
		}
		s.children = append(s.children, pids[0])
	}
}

// upgrade brings a new generation in, and the old one out.
func (s *service) upgrade() {
	s.t.Helper()
	old := s.usr2()
	kill(s.t, old, s.graceful)
	await(s.t, old)
}

// usr2 brings a new generation in, and returns the old master.
func (s *service) usr2() int {
	s.t.Helper()
	old := s.master
	kill(s.t, old, syscall.SIGUSR2)
	s.generation()
	if s.master == old {
		s.t.Fatalf("USR2 to %d made no new master", old)
	}
	return old
}

// respawn kills the first worker and waits for the one that takes its place.
func (s *service) respawn() {
	s.t.Helper()
	s.settle()
	kill(s.t, s.children[0], syscall.SIGKILL)
	s.children[0] = s.until("worker", 1)[0][0]
}

// settle waits until the master has come back from its latest fork. Gunicorn
// reaps in a signal handler: a worker that dies before spawn_worker has noted its
// pid is reaped as a stranger, and missed only when its timeout has passed.
func (s *service) settle() {
	s.t.Helper()
	if !s.settling {
		return
	}
	kill(s.t, s.master, syscall.SIGUSR1)
	for s.until("settled", 1)[0][0] != s.master {
	}
}

func numbers(t *testing.T, words []string) []int {
	t.Helper()
	found := make([]int, len(words))
	for i, word := range words {
		n, err := strconv.Atoi(word)
		must(t, err)
		found[i] = n
	}
	return found
}

// complaints are the lines of the hook's in the server's log.
func (s *service) complaints() []string {
	s.t.Helper()
	log, err := os.ReadFile(s.file("log"))
	must(s.t, err)
	var found []string
	for line := range strings.Lines(string(log)) {
		if strings.Contains(line, "lockshim: ") {
			found = append(found, line)
		}
	}
	return found
}

// warned fails the test unless the hook has complained once, in these words.
func (s *service) warned(words string) {
	s.t.Helper()
	if lines := s.complaints(); len(lines) != 1 || !strings.Contains(lines[0], words) {
		s.t.Errorf("the hook complained in %q, want one line that says %q", lines, words)
	}
}

// silent fails the test if the hook has complained.
func (s *service) silent() {
	s.t.Helper()
	if lines := s.complaints(); len(lines) > 0 {
		s.t.Errorf("the hook complained in %q", lines)
	}
}
