package check

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lockshim/lockshim/shim"
	"github.com/lockshim/lockshim/shim/profile"
)

// hook says whether each generation will take the lock by itself.
func hook(s *Subject) []Finding {
	if s.Profile.Hook == "" || len(s.Command) == 0 {
		return nil
	}
	h, mend := s.conf.hook, hookLines(s)
	switch {
	case h.given && !h.sure:
		return warn("hook", "", "%s: a condition or a method decides whether the hook is loaded: that cannot be known without running it", h.where)
	case s.conf.missing != "" && h.text != "flock":
		return warn("hook", "lockshim hook "+s.Profile.Name+" >"+word(s.conf.missing), "%s loads %s, which cannot be read: the server would not start", h.where, s.conf.missing)
	case h.text == "hook":
		return ok("hook", "%s loads it", h.where)
	case h.text == "flock":
		return ok("hook", "%s takes the lock itself, with flock", h.where)
	case h.text == "loaded":
		use := "Lockshim.hook(self)"
		if strings.HasSuffix(h.where, ".py") {
			use = "app = Lockshim(app)"
		}
		return warn("hook", use, "%s loads the hook, and does not call it", h.where)
	case s.conf.trouble != "":
		return warn("hook", mend, "%s", s.conf.trouble)
	case s.conf.partial:
		return warn("hook", "", "%s imports settings from a module: whether that loads the hook cannot be known without running it", s.conf.file)
	case s.conf.file == "":
		return warn("hook", mend, "no configuration file that loads it is known")
	}
	return warn("hook", mend, "%s does not load it: %s", s.conf.file, without(s.Profile))
}

// without is what a server is like without its hook.
func without(p profile.Profile) string {
	switch p.Name {
	case "unicorn", "gunicorn":
		return "programs that the application starts will keep the lock of a stopped service"
	}
	return "a generation that closes the descriptor runs without the lock"
}

// hookLines are what to do to have a hook.
func hookLines(s *Subject) string {
	file := "/etc/lockshim/" + s.Profile.Hook
	get := "lockshim hook " + s.Profile.Name + " >" + file
	switch s.Profile.Name {
	case "unicorn", "puma":
		return get + fmt.Sprintf(", and in the configuration: require %q; Lockshim.hook(self)", file)
	case "gunicorn":
		return get + fmt.Sprintf(", and in the configuration: exec(open(%q).read())", file)
	case "uvicorn", "hypercorn":
		return get + fmt.Sprintf(", and at the end of the application's module: exec(open(%q).read()); app = Lockshim(app)", file)
	case "uwsgi":
		return get + ", and in the configuration: ini = " + file
	}
	return get + ", and what stands at its head"
}

// daemon says what becomes of a server that goes to the background.
func daemon(s *Subject) []Finding {
	d := s.conf.daemon
	if !d.given {
		for _, flag := range s.Profile.Daemon {
			if len(s.inner) > 1 && slices.Contains(s.inner[1:], flag) {
				d = said("on", "the command line")
			}
		}
	}
	switch {
	case s.Profile.Name == "nginx" && len(s.Command) > 0:
		return nginxDaemon(s)
	case d.given && !(d.sure && d.known):
		return warn("daemon", "", "%s: whether the server goes to the background cannot be known without running it", d.where)
	case d.on():
		return warn("daemon", foreground(s.Profile), "%s sends the server to the background: lockshim follows it there, but what it says when it fails is lost", d.where)
	}
	return nil
}

// foreground is what keeps a server in the foreground.
func foreground(p profile.Profile) string {
	switch p.Name {
	case "php-fpm":
		return "--nodaemonize"
	case "lighttpd":
		return "-D"
	case "gunicorn":
		return "daemon = False"
	}
	return "leave it out"
}

// nginxDaemon follows ngx_process.c, which compares the parent with that of the
// start, and ngx_exec_new_binary, which executes argv[0] as it is. The shim sees
// to both, but a wrapper has its own way to name what it executes.
func nginxDaemon(s *Subject) (found []Finding) {
	if s.Profile.ByPath && len(s.wraps) > 0 && !filepath.IsAbs(s.inner[0]) {
		path, err := shim.LookPath(s.inner[0])
		if err != nil {
			path = "/usr/sbin/" + filepath.Base(s.inner[0])
		}
		found = warn("command", path, "an upgrade executes %s by that name: behind %s it has to be an absolute path", s.inner[0], s.wraps[len(s.wraps)-1])
	}
	if s.conf.daemon.text == "off" {
		if s.Profile.Detach {
			return append(found, ok("daemon", "%s has daemon off: lockshim starts nginx by way of a parent that exits, or it would ignore USR2", s.conf.daemon.where)...)
		}
		return append(found, warn("daemon", "daemon on;", "%s has daemon off: nginx ignores USR2 and WINCH while its starter is its parent", s.conf.daemon.where)...)
	}
	return append(found, ok("daemon", "nginx goes to the background: lockshim follows it there, and it can be upgraded")...)
}

// stale are the servers that a pid file of an earlier run can keep from
// starting. The others write over it.
var stale = []string{"unicorn", "gunicorn", "puma"}

// serverPidfile compares the pid file that the configuration names with those
// that are cleared.
func serverPidfile(s *Subject) []Finding {
	pid := s.conf.pid
	if !pid.given || !slices.Contains(stale, s.Profile.Name) {
		return nil
	}
	if !pid.known {
		if len(s.ClearPidfiles) > 0 {
			return nil
		}
		return warn("pidfile", "--clear-pidfile PATH", "%s computes a pid file's path: one that a crash leaves may keep the server from starting", pid.where)
	}
	path := s.conf.absolute(pid.text)
	cleared := slices.ContainsFunc(s.ClearPidfiles, func(p string) bool { return filepath.Clean(below(s.conf.dir, p)) == path })
	switch {
	case path == s.Pidfile:
		return warn("pidfile", "--pidfile "+word(path+".shim"), "%s is lockshim's own pid file and the server's", path)
	case !cleared:
		return warn("pidfile", "--clear-pidfile "+word(path), "%s names %s: one that a crash leaves may keep the server from starting", pid.where, path)
	}
	return ok("pidfile", "%s is removed before a launch", path)
}

// preflights are the commands that test a configuration before a server that
// executes itself in place gives up the old one.
var preflights = map[string]string{"php-fpm": "%s -t -y %s", "haproxy": "%s -c -f %s", "puma": "ruby -c %[2]s"}

// preflight looks at what an upgrade asks first.
func preflight(s *Subject) []Finding {
	first, _, _ := strings.Cut(strings.TrimSpace(s.Preflight), " ")
	switch {
	case first != "" && !strings.ContainsAny(first, "\"'$`=;&|(){}<>*?[]!#~\\"):
		if _, err := shim.LookPath(first); err != nil && !slices.Contains(builtins, first) {
			return warn("preflight", "command -v "+word(first), "every upgrade would be refused: %v", err)
		}
	case first == "" && s.Profile.InPlace && s.Profile.Upgrade != 0 && len(s.Command) > 0:
		mend := "--preflight COMMAND"
		if form, known := preflights[s.Profile.Name]; known && s.conf.file != "" {
			mend = "--preflight " + word(fmt.Sprintf(form, s.inner[0], s.conf.file))
		}
		return warn("preflight", mend, "%s gives the old code up before it has loaded the new: an upgrade to a broken one takes the service down", s.Profile.Name)
	}
	return nil
}

// builtins are the words that a shell knows without a file.
var builtins = []string{"cd", "exec", "if", "set", "test", "true", ".", "eval", "for", "while", "case", "ulimit", "umask", "command", ":", "["}

// traps are what a server's own settings have in store.
func traps(s *Subject) []Finding {
	found := s.conf.extra
	grace, known := s.conf.grace.seconds()
	if known && len(s.Profile.Stop) > 1 && s.Profile.Stop[0].Wait >= 0 && time.Duration(grace)*time.Second > s.Profile.Stop[0].Wait {
		longer := slices.Clone(s.Profile.Stop)
		longer[0].Wait = time.Duration(grace+10) * time.Second
		found = append(found, warn("timeouts", "--stop "+longer.String(),
			"%s allows a request %d s, and the stop schedule goes on after %s", s.conf.grace.where, grace, seconds(s.Profile.Stop[0].Wait))...)
	}
	if s.conf.trouble != "" && s.Profile.Hook == "" {
		found = append(found, warn("configuration", "", "%s", s.conf.trouble)...)
	}
	return found
}

// seconds writes a time as a configuration would.
func seconds(d time.Duration) string { return fmt.Sprintf("%g s", d.Seconds()) }
