package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/lockshim/lockshim/shim"
	"github.com/lockshim/lockshim/shim/check"
)

// look takes what a service that runs was started with for what is not given here,
// and reports whether there is one. A command is given for a start, and then the
// service that runs does not matter. What look finds on its way is for the reader.
//
// A shim's configuration, and each path that is relative, is looked for where the shim
// has it: this process takes its environment and its directory.
func (c *call) look() (runs bool, found []check.Finding) {
	if len(c.args) > 0 {
		return false, nil
	}
	s, err := c.find(c.text("lock").value)
	if err != nil {
		return false, nil // said where a place is looked for
	}
	l, err := shim.Launched(s.path)
	if err != nil {
		return false, nil // free, or what comes first of the findings
	}
	c.service, c.args = s, l.Command
	c.takeFlags(l)
	if l.Args != nil {
		found = append(found, c.seen(l.PID, "environment", takeEnvironment)...)
	}
	if l.PID != 0 {
		found = append(found, c.seen(l.PID, "directory", enter)...)
	}
	return true, found
}

// takeFlags takes the command of a shim's command line, and the flags that are not
// given here. Another program than this may be a shim, and there may be none: then no
// more is known than the profile and the stop schedule.
func (c *call) takeFlags(l shim.Launch) {
	known := map[string][]string{"profile": {l.Profile.Name}, "stop": {l.Profile.Stop.String()}}
	shims := &call{verb: c.verb}
	if len(l.Args) > 1 && l.Args[1] == "run" && shims.parse(c.verb.options, l.Args[2:]) == nil {
		known, c.args = shims.given, shims.args
	}
	for name, values := range known {
		if c.given[name] == nil {
			c.given[name] = values
		}
	}
}

// seen takes something from a process. A finding says that the caller may not see it.
func (c *call) seen(pid int, what string, take func(dir string) error) []check.Finding {
	err := take("/proc/" + strconv.Itoa(pid))
	if err == nil {
		return nil
	}
	return []check.Finding{{
		Level: check.Warning, Topic: what, Mend: "sudo lockshim check " + quoteWord(c.service.name),
		Text: fmt.Sprintf("that of pid %d cannot be seen, and the caller's is taken for it: %v", pid, errors.Unwrap(err)),
	}}
}

// takeEnvironment replaces this process's environment by another's (proc(5)).
func takeEnvironment(dir string) error {
	text, err := os.ReadFile(dir + "/environ")
	if err != nil {
		return err
	}
	os.Clearenv()
	for v := range strings.SplitSeq(string(text), "\x00") {
		if name, value, is := strings.Cut(v, "="); is && name != "" {
			os.Setenv(name, value)
		}
	}
	return nil
}

// enter goes to the directory of another process.
func enter(dir string) error { return os.Chdir(dir + "/cwd") }
