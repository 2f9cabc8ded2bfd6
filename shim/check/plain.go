package check

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/lockshim/lockshim/shim/profile"
)

// readFPM reads the section global of php-fpm.conf. Debian has it in a directory
// of its version; --prefix and -c do not matter for it.
func readFPM(s *Subject, c *conf) {
	o := options{flags: "nDFORimhtve", takes: "cdgpy"}
	c.file = o.value(s.inner, "y", "fpm-config")
	if c.file == "" {
		version := strings.TrimPrefix(filepath.Base(s.inner[0]), "php-fpm")
		c.file = "/etc/php/" + version + "/fpm/php-fpm.conf"
	}
	c.file = below(c.dir, c.file)
	text, ok := c.load(c.file)
	if !ok {
		return
	}
	c.iniValues(text, "global", map[string]*value{"pid": &c.pid, "daemonize": &c.daemon})
	switch {
	case o.has(s.inner, "F", "nodaemonize"):
		c.daemon = said("off", "the command line")
	case o.has(s.inner, "D", "daemonize"):
		c.daemon = said("on", "the command line")
	case !c.daemon.given:
		c.daemon = said("on", c.file) // its default
	}
	if limit, _ := iniValue(text, "global", "process_control_timeout"); limit == "" || strings.Trim(limit, "0smhd") == "" {
		c.extra = warn("signals", "process_control_timeout = 60s", "%s has no process_control_timeout: an upgrade and a graceful stop cut off the requests that run", c.file)
	}
}

// iniValues takes what a section says.
func (c *conf) iniValues(text, section string, to map[string]*value) {
	for key, v := range to {
		if found, is := iniValue(text, section, key); is {
			*v = said(found, c.file)
		}
	}
}

// readUWSGI reads an ini file, and the same options on the command line.
func readUWSGI(s *Subject, c *conf) {
	o := options{takes: "sCHpzMLxyYjwd"}
	files := o.values(s.inner, "", "ini")
	for _, arg := range s.inner[1:] {
		if strings.HasSuffix(arg, ".ini") && !strings.HasPrefix(arg, "-") && !contains(files, arg) {
			files = append(files, arg)
		}
	}
	dies := o.has(s.inner, "", "die-on-term")
	for _, path := range files {
		path, _, _ = strings.Cut(path, ":") // a section may follow
		c.file = below(c.dir, path)
		dies = c.uwsgiFile(c.file) || dies
	}
	if log := o.value(s.inner, "d", "daemonize"); log != "" {
		c.daemon = said(log, "the command line")
	}
	if c.daemon.given { // its value is a file
		c.daemon.text = "on"
	}
	c.extra = append(c.extra, uwsgiStop(s, dies, c.hook.text == "hook")...)
}

// uwsgiFile reads a file and those that it loads, and whether TERM ends uWSGI.
func (c *conf) uwsgiFile(path string) (dies bool) {
	text, ok := c.load(path)
	if c.files++; !ok || c.files > mostFiles {
		return false
	}
	if strings.Contains(text, "LOCKSHIM_FD") {
		c.hooked(value{"hook", true, true, true, path})
	}
	c.iniValues(text, "uwsgi", map[string]*value{"pidfile": &c.pid, "daemonize": &c.daemon, "chdir": &c.chdir})
	set, found := iniValue(text, "uwsgi", "die-on-term")
	for _, more := range iniAll(text, "uwsgi", "ini") {
		dies = c.uwsgiFile(below(c.dir, more)) || dies
	}
	return dies || found && set != "false" && set != "0"
}

// uwsgiStop compares the stop schedule with what TERM means: a brutal reload in
// uWSGI 2.0, the end with die-on-term, a graceful stop with the hook.
func uwsgiStop(s *Subject, dies, hooked bool) []Finding {
	term := len(s.Profile.Stop) > 0 && profile.SignalName(s.Profile.Stop[0].Signal) == "TERM"
	switch {
	case term && !dies && !hooked:
		return warn("signals", "die-on-term = true", "uWSGI takes TERM for a reload: the stop schedule begins with that")
	case hooked && !term:
		return warn("signals", "--stop TERM/60/INT/10/KILL", "with the hook TERM lets the requests finish: the stop schedule does not begin with it")
	case !dies && !hooked:
		return ok("signals", "uWSGI takes TERM for a reload, as it has no die-on-term: lockshim sends another signal")
	}
	return nil
}

// readHAProxy reads the section global of the files that -f names.
func readHAProxy(s *Subject, c *conf) {
	o := options{flags: "vdVDcWqSb", takes: "fpnNmxCL"}
	c.pid = said(o.value(s.inner, "p"), "the command line")
	worker := o.has(s.inner, "W") || strings.Contains(" "+strings.Join(s.inner[1:], " ")+" ", " -Ws ")
	if o.has(s.inner, "D") {
		c.daemon = said("on", "the command line")
	}
	if c.file = o.value(s.inner, "f"); c.file != "" {
		c.file = below(c.dir, c.file)
		text, _ := c.load(c.file)
		worker = c.haproxyGlobal(text) || worker
	}
	if !worker && c.trouble == "" {
		c.extra = warn("signals", "-W", "without -W HAProxy is one process, and cannot be reloaded or upgraded by a signal")
	}
}

// haproxyGlobal takes what the section global says, and whether it has a master.
func (c *conf) haproxyGlobal(text string) (worker bool) {
	in := ""
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if line[0] != ' ' && line[0] != '\t' {
			in = words[0]
		}
		switch words[0] {
		case "daemon":
			if in == "global" {
				c.daemon = said("on", c.file)
			}
		case "master-worker":
			worker = worker || in == "global"
		case "pidfile":
			if in == "global" && len(words) > 1 && !c.pid.given {
				c.pid = said(words[1], c.file)
			}
		}
	}
	return worker
}

// readLighttpd reads server.pid-file and server.daemonize. With -D it stays in
// the foreground.
func readLighttpd(s *Subject, c *conf) {
	o := options{flags: "DItTvVh1p", takes: "fmi"}
	c.daemon = said("on", "its default")
	if o.has(s.inner, "D") {
		c.daemon = said("off", "the command line")
	}
	if c.file = o.value(s.inner, "f"); c.file == "" {
		if _, err := os.Stat("/etc/lighttpd/lighttpd.conf"); err != nil {
			return
		}
		c.file = "/etc/lighttpd/lighttpd.conf"
	}
	c.file = below(c.dir, c.file)
	text, _ := c.load(c.file)
	if path, found := iniValue(text, "", "server.pid-file"); found {
		c.pid = said(path, c.file)
	}
}
