package check

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/lockshim/lockshim/shim/profile"
)

// A value is what a configuration says about one thing.
type value struct {
	text  string
	given bool   // something is said
	known bool   // text is what it says; else it is computed
	sure  bool   // no condition decides whether it counts
	where string // the file, or "the command line"
}

// said is a value that a command line or a plain file gives.
func said(text, where string) value {
	return value{text: text, given: text != "", known: true, sure: true, where: where}
}

// on reports a switch that is on for certain.
func (v value) on() bool {
	switch strings.ToLower(v.text) {
	case "true", "on", "yes", "1":
		return v.given && v.known && v.sure
	}
	return false
}

// A conf is what the server's configuration says, from its command line, its
// environment and its files.
type conf struct {
	dir     string // the working directory
	chdir   value  // where the server goes
	file    string // the main file, "" where there is none
	trouble string // why something could not be read
	partial bool   // it imports what is not read

	hook     value  // "hook", "flock", "loaded" for one that is not called, "missing"
	missing  string // the path of a hook that is not there
	pid      value  // the server's pid file
	daemon   value  // on or off
	redirect value  // Puma's standard output
	grace    value  // seconds that a request may take in a graceful stop
	extra    []Finding

	files int // that were read
}

// mostFiles bounds how many files are read that load each other.
const mostFiles = 20

// readers are the servers whose configuration is known.
var readers = map[string]func(*Subject, *conf){
	"unicorn": readUnicorn, "gunicorn": readGunicorn, "puma": readPuma, "uvicorn": readASGI, "hypercorn": readASGI,
	"nginx": readNginx, "php-fpm": readFPM, "uwsgi": readUWSGI, "haproxy": readHAProxy, "lighttpd": readLighttpd,
}

// readConfiguration reads that of the command, if it is the profile's server.
func readConfiguration(s *Subject) conf {
	var c conf
	var err error
	if c.dir, err = workingDirectory(s); err != nil {
		c.trouble = "the working directory: " + err.Error()
		return c
	}
	if len(s.inner) == 0 || len(s.Profile.Commands) == 0 { // generic, and Go programs
		return c
	}
	switch read := readers[s.Profile.Name]; {
	case profile.Recognise(s.inner).Name != s.Profile.Name && !slices.Contains(s.Profile.Commands, filepath.Base(s.inner[0])):
		c.trouble = s.inner[0] + " is a program that starts " + s.Profile.Name + " perhaps: its configuration is not known"
	case s.wrapped("env", "sudo", "chpst") && movesAway(s):
		c.trouble = "a wrapper changes the directory: the configuration is not known"
	case read != nil:
		read(s, &c)
	}
	return c
}

// workingDirectory is what the server would have, by the name that the user
// knows.
func workingDirectory(s *Subject) (string, error) {
	dir, err := os.Getwd()
	return dir, err
}

// movesAway reports an option of env, sudo or chpst that changes the directory
// or the root.
func movesAway(s *Subject) bool {
	for _, arg := range s.Command[:len(s.Command)-len(s.inner)] {
		if arg == "-C" || arg == "-D" || arg == "-/" || strings.HasPrefix(arg, "--chdir") || arg == "-R" {
			return true
		}
	}
	return false
}

// set takes a value that comes later in a file. One that may count or not leaves
// the earlier one in doubt.
func (v *value) set(later value) {
	if !later.sure && v.given {
		v.sure = false
		return
	}
	*v = later
}

// largest is how much of a configuration is read.
const largest = 1 << 20

// load reads a file of the configuration. What cannot be read is a trouble.
func (c *conf) load(path string) (text string, ok bool) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err == nil {
		defer f.Close()
		var all []byte
		all, err = io.ReadAll(io.LimitReader(f, largest))
		text = string(all)
	}
	if err != nil {
		c.trouble = fmt.Sprintf("cannot read %s: %v", path, why(err))
	}
	return text, err == nil
}

// why is an error without the operation and the path.
func why(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// absolute is a path as the server takes it, which may have changed its
// directory.
func (c *conf) absolute(path string) string {
	return filepath.Clean(below(below(c.dir, c.chdir.text), path))
}

// seconds reads a number of them.
func (v value) seconds() (int, bool) {
	n, err := strconv.Atoi(strings.TrimSuffix(v.text, "s"))
	return n, err == nil && v.given && v.known
}
