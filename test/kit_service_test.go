//go:build linux

package test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/lockshim/lockshim/hooks"
	"github.com/lockshim/lockshim/internal/testkit"
)

// A service is a directory of its own with a server's files in it, the lockfile,
// and the FIFO into which the server's hooks write what happens.
type service struct {
	setup
	t      *testing.T
	dir    string
	lock   string // path of the lockfile
	events *bufio.Reader
	seen   []string // every line that was read from the FIFO
	master int      // of the latest generation that generation has seen
	crew   []int    // its workers
	runs   []*shimRun
	block  *os.File // what a request that hangs waits for
	port   int      // that it listens on, where it has no socket with a path
	front  *process // what stands between the clients and the server
}

// prepare writes the files of a service, and at the end of the test fails it if
// a process of the service is left.
func prepare(t *testing.T, c setup) *service {
	t.Helper()
	return prepareIn(t, base, c)
}

// prepareIn is prepare in another directory than that of all services.
func prepareIn(t *testing.T, parent string, c setup) *service {
	t.Helper()
	if _, err := os.Stat(c.program); err != nil && c.program != "" {
		t.Skipf("needs the package %s", c.name)
	}
	dir, err := os.MkdirTemp(parent, "")
	must(t, err)
	must(t, os.Chmod(dir, 0o755))
	if c.workers == 0 {
		c.workers = 2
	}
	s := &service{setup: c, t: t, dir: dir, lock: filepath.Join(dir, "web.lock")}
	t.Cleanup(s.close)
	s.events = bufio.NewReader(s.fifo("events"))
	s.block = s.fifo("hang")
	if c.fragile {
		s.more += s.fill(fragileConfig[c.name])
		s.app += s.fill(fragileApp[c.name])
	}
	if c.write != nil {
		s.writeFiles()
	}
	return s
}

// close is the end of a test: nothing of the service may be left.
func (s *service) close() {
	if left := endAll(s.dir + "/"); len(left) > 0 {
		s.t.Errorf("left behind:\n%s", strings.Join(left, "\n"))
	}
	for _, r := range s.runs {
		r.rest()
	}
	if s.t.Failed() {
		s.explain()
	}
	os.RemoveAll(s.dir)
}

// explain shows all that is known of a service whose test failed.
func (s *service) explain() {
	log, _ := os.ReadFile(s.file("log"))
	s.t.Logf("lines of the FIFO: %q\nthe server's log:\n%s", s.seen, log)
	for _, r := range s.runs {
		s.t.Logf("shim %d:\n%s", r.pid, strings.Join(r.lines, "\n"))
	}
}

// file is a path in the service's directory.
func (s *service) file(name string) string { return filepath.Join(s.dir, name) }

// socket is the path that the server listens on.
func (s *service) socket() string { return s.file("s") }

// fifo makes a FIFO in the service's directory.
func (s *service) fifo(name string) *os.File {
	s.t.Helper()
	return testkit.FIFO(s.t, s.file(name))
}

// writeFiles writes the hook, the configuration and the application.
func (s *service) writeFiles() {
	s.t.Helper()
	files := s.write(s)
	if s.load != "" {
		text, err := hooks.Get(s.name)
		must(s.t, err)
		files[s.hookFile()] = string(text)
	}
	for name, text := range files {
		s.put(name, text)
	}
}

// put writes a file of the service.
func (s *service) put(name, text string) {
	s.t.Helper()
	must(s.t, os.WriteFile(s.file(name), []byte(text), 0o644))
}

// hookFile is the name of the hook's file.
func (s *service) hookFile() string { return "hook" + filepath.Ext(s.config) }

// loading are the lines that load the hook.
func (s *service) loading() string {
	if !s.hook {
		return ""
	}
	return fmt.Sprintf(s.load, s.file(s.hookFile()))
}

// command is the server's command line.
func (s *service) command() []string {
	args := append([]string{s.program}, s.args(s)...)
	if s.background && s.daemon != "" {
		args = append(args, s.daemon)
	}
	return args
}

// env is the environment of every process that the test starts for the service.
func (s *service) env() []string {
	return []string{
		"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "HOME=" + s.dir, "PYTHONDONTWRITEBYTECODE=1", "RACK_ENV=none",
		"GORACE=atexit_sleep_ms=1", marker + "=" + s.dir + "/",
	}
}

// next blocks for the next line that a server wrote into the FIFO, in words.
func (s *service) next() []string {
	s.t.Helper()
	line, err := s.events.ReadString('\n')
	if err != nil {
		s.t.Fatalf("waited in vain for a line of the server: %v", err)
	}
	s.seen = append(s.seen, strings.TrimSuffix(line, "\n"))
	return strings.Fields(s.meaning(line))
}

// meaning is a line of the FIFO in the words of the kit.
func (s *service) meaning(line string) string {
	if s.means == nil {
		return line
	}
	return s.means(s, line)
}

// line blocks for a line whose words begin so; what comes before is passed over.
func (s *service) line(begin ...string) []string {
	s.t.Helper()
	for {
		words := s.next()
		if len(words) >= len(begin) && slices.Equal(words[:len(begin)], begin) {
			return words
		}
	}
}

// generation blocks until the workers of one new master are ready, and notes
// them. A master that is known already is passed over.
func (s *service) generation() {
	s.t.Helper()
	if s.single {
		s.master = number(s.t, s.line("master")[1])
		return
	}
	old := s.master
	crews := map[int][]int{}
	for {
		words := s.line("worker")
		worker, master := number(s.t, words[1]), number(s.t, words[3])
		if master == old {
			continue
		}
		crews[master] = append(crews[master], worker)
		if len(crews[master]) == s.workers {
			s.master, s.crew = master, crews[master]
			slices.Sort(s.crew)
			return
		}
	}
}

// promoted blocks until the current master takes a USR2 again. Its old master
// must be on its way out.
func (s *service) promoted() {
	s.t.Helper()
	if s.name == "gunicorn" {
		s.line("promoted", strconv.Itoa(s.master))
	}
}

// everyone is the latest master and its workers.
func (s *service) everyone() []int { return append([]int{s.master}, s.crew...) }

// said counts the lines of the FIFO so far that begin with a word.
func (s *service) said(word string) int {
	n := 0
	for _, line := range s.seen {
		if strings.HasPrefix(s.meaning(line), word+" ") {
			n++
		}
	}
	return n
}

func number(t *testing.T, word string) int {
	t.Helper()
	n, err := strconv.Atoi(word)
	must(t, err)
	return n
}
