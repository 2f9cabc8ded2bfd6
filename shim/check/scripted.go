package check

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A dialect is how one server's configuration, in Ruby or Python, says things.
type dialect struct {
	python bool
	names  map[string]func(*conf) *value // the settings that matter
	hooks  []string                      // Python functions that the server calls
	wraps  string                        // what the configuration has to use of a hook that it has loaded, in Python; "" for nothing
}

// script reads a file of a configuration, and those that it loads.
func (d *dialect) script(s *Subject, c *conf, path string) {
	text, ok := c.load(path)
	if c.files++; !ok || c.files > mostFiles {
		return
	}
	sc := &scope{lex: lexRuby, file: path, dir: c.dir, env: s.getenv, vars: map[string]string{}}
	read := readRuby
	if d.python {
		sc.lex, read = lexPython, readPython
	}
	for _, st := range read(text) {
		d.statement(s, c, sc, st)
	}
}

// statement takes what one says.
func (d *dialect) statement(s *Subject, c *conf, sc *scope, st statement) {
	if st.assign && st.in == "" {
		text, known := sc.evaluate(st.args)
		if delete(sc.vars, st.name); known && st.sure {
			sc.vars[st.name] = text
		}
	}
	if setting := d.names[strings.TrimPrefix(st.name, "self.")]; setting != nil && st.assign == d.python && st.in == "" && len(st.args) > 0 {
		text, known := sc.evaluate(st.first())
		setting(c).set(value{text, true, known, st.sure, sc.file})
	}
	if st.has("flock") && st.has("LOCK_SH") {
		c.hooked(value{"flock", true, true, st.sure && d.called(st.in), sc.file})
	}
	if st.name == "Lockshim.hook" {
		c.hooked(value{"hook", true, true, st.sure && st.in == "", sc.file})
	}
	if d.wraps != "" && st.name != "exec" && st.has(d.wraps) {
		c.hooked(value{"hook", true, true, st.sure && st.in == "", sc.file})
	}
	d.loads(s, c, sc, st)
}

// called reports a function or a block that the server calls.
func (d *dialect) called(in string) bool {
	name, isFunction := strings.CutPrefix(in, "def ")
	return !isFunction || slices.Contains(d.hooks, name)
}

// hooked notes the best that is known of the lock.
func (c *conf) hooked(v value) {
	better := map[string]int{"": 0, "missing": 1, "loaded": 1, "flock": 2, "hook": 3}
	if better[v.text] > better[c.hook.text] || v.text == c.hook.text && v.sure {
		c.hook = v
	}
}

// loads follows a statement that loads a file: require and load of Ruby,
// instance_eval, and exec of Python.
func (d *dialect) loads(s *Subject, c *conf, sc *scope, st statement) {
	from := sc.dir
	switch st.name {
	case "require_relative":
		from = filepath.Dir(sc.file)
	case "require", "load", "instance_eval", "eval", "exec":
	case "from", "import":
		c.partial = c.partial || d.python && st.name == "from" && slices.ContainsFunc(st.all, func(t token) bool { return t.is("*") })
		return
	default:
		return
	}
	path, known := sc.evaluate(opened(st))
	if !known || library(st.name, path) {
		return
	}
	d.loaded(s, c, value{below(from, path), true, true, st.sure && st.in == "", sc.file}, st.name)
}

// library reports what Ruby looks for along its load path.
func library(how, path string) bool {
	return (how == "require" || how == "load") && !strings.HasPrefix(path, "/") && !strings.HasPrefix(path, ".")
}

// opened is the path among the arguments: the first one, or that of the open or
// the File.read in it.
func opened(st statement) []token {
	for i, t := range st.args {
		if (t.is("open") || t.is("read")) && i+1 < len(st.args) && st.args[i+1].is("(") {
			inner := statement{args: st.args[i+2:]}
			depth := 0
			for n, t := range inner.args {
				if depth += nesting(t); depth < 0 {
					inner.args = inner.args[:n]
					break
				}
			}
			if len(inner.args) > 0 {
				return inner.first()
			}
		}
	}
	return st.first()
}

// loaded looks at a file that the configuration loads: whether it is a hook, or
// says more.
func (d *dialect) loaded(s *Subject, c *conf, file value, how string) {
	path := file.text
	if strings.HasPrefix(how, "require") && !strings.HasSuffix(path, ".rb") {
		path += ".rb"
	}
	text, ok := c.load(path)
	switch {
	case !ok && filepath.Base(path) == s.Profile.Hook:
		c.hooked(value{"missing", true, true, file.sure, file.where})
		c.trouble, c.missing = "", path
	case !ok && !file.sure:
		c.trouble = ""
	case !ok:
		c.extra = append(c.extra, warn("configuration", "ls -l "+word(path), "%s loads it: %s", file.where, c.trouble)...)
		c.trouble = ""
	case strings.Contains(text, "LOCKSHIM_LOCK") && d.python && d.wraps == "":
		c.hooked(value{"hook", true, true, file.sure, file.where})
	case strings.Contains(text, "LOCKSHIM_LOCK"):
		c.hooked(value{"loaded", true, true, file.sure, file.where})
	case how == "exec" || how == "eval" || how == "instance_eval":
		d.script(s, c, path)
	}
}

var unicornDialect = dialect{names: map[string]func(*conf) *value{
	"pid":               func(c *conf) *value { return &c.pid },
	"timeout":           func(c *conf) *value { return &c.grace },
	"working_directory": func(c *conf) *value { return &c.chdir },
}}

// readUnicorn follows bin/unicorn: there is no file without -c.
func readUnicorn(s *Subject, c *conf) {
	o := options{flags: "dwND", takes: "eIropEPslc"}
	c.file = o.value(s.inner, "c", "config-file")
	c.pid = said(o.value(s.inner, "P", "pid"), "the command line")
	if o.has(s.inner, "D", "daemonize") {
		c.daemon = said("on", "the command line")
	}
	if c.file == "" {
		c.extra = warn("configuration", "-c unicorn.rb", "without a configuration file HUP executes Unicorn anew, and there is no place for a hook")
		return
	}
	c.file = below(c.dir, c.file)
	unicornDialect.script(s, c, c.file)
}

var gunicornDialect = dialect{python: true, names: map[string]func(*conf) *value{
	"pidfile":          func(c *conf) *value { return &c.pid },
	"daemon":           func(c *conf) *value { return &c.daemon },
	"graceful_timeout": func(c *conf) *value { return &c.grace },
	"chdir":            func(c *conf) *value { return &c.chdir },
}, hooks: []string{"on_starting", "on_reload", "when_ready", "pre_fork", "post_fork", "post_worker_init", "pre_exec", "nworkers_changed"}}

var gunicornOptions = options{flags: "RD", takes: "cbwktnmugep"}

// readGunicorn follows gunicorn/app/base.py: the file, then GUNICORN_CMD_ARGS,
// then the command line. A relative file is one of the directory in which
// Gunicorn was started, whatever --chdir says.
func readGunicorn(s *Subject, c *conf) {
	env := append([]string{""}, splitWords(s.getenv("GUNICORN_CMD_ARGS"))...)
	c.file = gunicornOptions.value(env, "c", "config")
	if path := gunicornOptions.value(s.inner, "c", "config"); path != "" {
		c.file = path
	}
	c.file = strings.TrimPrefix(c.file, "file:")
	if strings.HasPrefix(c.file, "python:") {
		c.trouble, c.file = "the configuration is a module: it cannot be read without running it", ""
	} else if c.file == "" {
		if _, err := os.Stat(below(c.dir, "gunicorn.conf.py")); err == nil {
			c.file = "gunicorn.conf.py"
		}
	}
	if c.file != "" {
		c.file = below(c.dir, c.file)
		gunicornDialect.script(s, c, c.file)
	}
	c.gunicornArgs(env, "GUNICORN_CMD_ARGS")
	c.gunicornArgs(s.inner, "the command line")
}

// gunicornArgs takes what a command line says over what the file said.
func (c *conf) gunicornArgs(args []string, where string) {
	o := gunicornOptions
	for _, v := range []struct {
		to    *value
		short string
		long  string
	}{{&c.pid, "p", "pid"}, {&c.grace, "", "graceful-timeout"}, {&c.chdir, "", "chdir"}} {
		if text := o.value(args, v.short, v.long); text != "" {
			*v.to = said(text, where)
		}
	}
	if o.has(args, "D", "daemon") {
		c.daemon = said("on", where)
	}
}

var pumaDialect = dialect{names: map[string]func(*conf) *value{
	"pidfile":         func(c *conf) *value { return &c.pid },
	"daemonize":       func(c *conf) *value { return &c.daemon },
	"directory":       func(c *conf) *value { return &c.chdir },
	"stdout_redirect": func(c *conf) *value { return &c.redirect },
}}

// readPuma follows puma/configuration.rb: config/puma/ENVIRONMENT.rb, else
// config/puma.rb, unless -C names another file, or - for none.
func readPuma(s *Subject, c *conf) {
	o := options{flags: "dqsvVhW", takes: "bCeIpStwRr"}
	c.file = o.value(s.inner, "C", "config")
	if c.file == "" {
		c.file = c.pumaDefault(s, o)
	}
	if c.file == "-" {
		c.file = ""
	}
	if c.file != "" {
		c.file = below(c.dir, c.file)
		pumaDialect.script(s, c, c.file)
	}
	for to, name := range map[*value]string{&c.pid: "pidfile", &c.chdir: "dir", &c.redirect: "redirect-stdout"} {
		if v := said(o.value(s.inner, "", name), "the command line"); v.given {
			*to = v
		}
	}
	if !c.redirect.given && c.trouble == "" {
		c.extra = append(c.extra, warn("signals", `stdout_redirect "/var/log/puma.log", "/var/log/puma.log", true`,
			"without stdout_redirect a HUP stops Puma: lockshim does not send it, whoever rotates its logs must not either")...)
	}
}

// pumaDefault is the file that Puma takes by itself.
func (c *conf) pumaDefault(s *Subject, o options) string {
	environment := o.value(s.inner, "e", "environment")
	for _, name := range []string{"APP_ENV", "RACK_ENV", "RAILS_ENV"} {
		if environment == "" {
			environment = s.getenv(name)
		}
	}
	if environment == "" {
		environment = "development"
	}
	for _, path := range []string{"config/puma/" + environment + ".rb", "config/puma.rb"} {
		if _, err := os.Stat(below(c.dir, path)); err == nil {
			return path
		}
	}
	return ""
}
