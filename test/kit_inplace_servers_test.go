//go:build linux

package test

import (
	"fmt"
	"strings"
)

// Puma closes every descriptor but its listeners when it re-executes
// (close_others of Ruby's Process.exec), and has the same pid after it.
var puma = server{
	name:    "puma",
	program: "/usr/bin/puma",
	config:  "puma.rb",
	load:    "require %q\nLockshim.hook(self)\n",
	write:   pumaFiles,
	args:    func(s *service) []string { return []string{"-C", s.file("puma.rb"), s.file("config.ru")} },
}

// pumaSingle is a Puma without workers.
var pumaSingle = with(puma, "-w", "0")

// with is a server with more arguments.
func with(v server, more ...string) server {
	args := v.args
	v.args = func(s *service) []string { return append(args(s), more...) }
	return v
}

// pumaFiles tell of a generation, or a phase of one, that has booted. A worker whose
// threads are all busy with connections that are kept does not hear that it is to
// stop (server.rb, wait_until_not_full): it has more threads than there are clients
// that keep theirs.
func pumaFiles(s *service) map[string]string {
	return map[string]string{
		"puma.rb": fmt.Sprintf(`
def say(line)
  File.open(%q, "a") { |f| f.syswrite("#{line}\n") }
end
workers %d
threads 1, 8
bind %q
stdout_redirect %q, %[4]q, true
tell = method(:say)
Puma::Events.prepend(Module.new { define_method(:fire_on_booted!) { super(); tell.call("booted #{$$}") } })
on_worker_boot { say "worker #{$$} of #{Process.ppid}" }
`, s.file("events"), s.workers, "unix://"+s.socket(), s.file("log")) + s.more + "\n" + s.loading(),
		"config.ru": unicornFiles(s)["config.ru"],
	}
}

// fpm is PHP's process manager, with an nginx before it.
var fpm = server{
	name:    "php-fpm",
	program: "/usr/sbin/php-fpm8.2",
	config:  "fpm.conf",
	write:   fpmFiles,
	args:    func(s *service) []string { return []string{"-F", "-y", s.file("fpm.conf")} },
}

// fpmDaemon daemonizes anew at each re-exec.
var fpmDaemon = func() server {
	v := fpm
	v.args = func(s *service) []string { return []string{"-D", "-y", s.file("fpm.conf")} }
	return v
}()

func fpmFiles(s *service) map[string]string {
	in := strings.NewReplacer("DIR", s.dir, "WORKERS", fmt.Sprint(s.workers))
	return map[string]string{
		"fpm.conf": in.Replace(`
[global]
error_log = DIR/log
process_control_timeout = 7200
[www]
user = www-data
listen = DIR/fpm
listen.mode = 0666
pm = static
pm.max_children = WORKERS
`) + s.more,
		"app.php": in.Replace(`<?php
if ($_SERVER["REQUEST_URI"] === "/hang") {
    $events = fopen("DIR/events", "r+");
    fwrite($events, "hanging " . getmypid() . "\n");
    fgets(fopen("DIR/hang", "r"));
}
header("Content-Type: text/plain");
echo getmypid();
`),
	}
}

var uwsgi = server{
	name:    "uwsgi",
	program: "/usr/bin/uwsgi_python3",
	config:  "uwsgi.ini",
	load:    "ini = %s\n",
	write:   uwsgiFiles,
	args:    func(s *service) []string { return []string{s.file("uwsgi.ini")} },
}

// uwsgiDaemon re-executes itself with its arguments in another order.
var uwsgiDaemon = func() server {
	v := uwsgi
	v.args = func(s *service) []string { return []string{s.file("uwsgi.ini"), "--daemonize", s.file("log")} }
	return v
}()

func uwsgiFiles(s *service) map[string]string {
	return map[string]string{
		"uwsgi.ini": fmt.Sprintf(`
[uwsgi]
master = true
workers = %d
http-socket = %s
chdir = %s
module = app:app
need-app = true
worker-reload-mercy = 7200
reload-mercy = 7200
disable-logging = true
`, s.workers, s.socket(), s.dir) + s.more + "\n" + s.loading(),
		"app.py": gunicornFiles(s)["app.py"],
	}
}

var haproxy = server{
	name:    "haproxy",
	program: "/usr/sbin/haproxy",
	config:  "haproxy.cfg",
	write:   haproxyFiles,
	args:    func(s *service) []string { return []string{"-W", "-f", s.file("haproxy.cfg")} },
}

// haproxySystemd says READY=1.
var haproxySystemd = func() server {
	v := haproxy
	v.args = func(s *service) []string { return []string{"-Ws", "-f", s.file("haproxy.cfg")} }
	return v
}()

var haproxyDaemon = with(haproxy, "-D")

func haproxyFiles(s *service) map[string]string {
	return map[string]string{"haproxy.cfg": fmt.Sprintf(`
defaults
    mode http
    timeout client 2h
    timeout connect 1m
    timeout server 2h
frontend front
    bind unix@%s mode 666
    default_backend back
backend back
    http-request set-header X-Pid %%pid
    server back unix@%s
`, s.socket(), s.file("back")) + s.more}
}
