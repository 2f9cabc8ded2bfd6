//go:build linux

package hooks_test

import "testing"

// framework is a program that embeds Gunicorn, as Django's and Paste's commands
// do, and sets hooks of its own before it reads the configuration.
const framework = `
import os
from gunicorn.app.base import Application
from say import say
def on_starting(server):
    say("start %d" % os.getpid())
def pre_fork(server, worker):
    say("fork %d" % os.getpid())
def pre_exec(server):
    say("exec %d" % os.getpid())
class Framework(Application):
    def init(self, parser, opts, args):
        return {"on_starting": on_starting, "pre_fork": pre_fork, "pre_exec": pre_exec}
    def load(self):
        from app import app
        return app
Framework().run()
`

// The hooks that a framework has set run as well, unless the user's replace them.
func TestFramework(t *testing.T) {
	t.Parallel()
	gunicorn := servers[1]
	gunicorn.program = "/usr/bin/python3"
	gunicorn.args = func(s *service) []string { return []string{s.file("framework.py"), "-c", s.file("gunicorn.conf.py")} }
	files := gunicorn.files
	gunicorn.files = func(s *service) map[string]string {
		with := files(s)
		with["framework.py"] = framework
		return with
	}
	s := serve(t, setup{server: gunicorn})
	s.hup(2)
	s.upgrade()
	s.hup(2)
	s.occasions(2, 1)
	s.holds(s.everyone()...)
	s.stop()
}
