package proc

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestRecordNginx records nginx in the background, which can be upgraded below
// a shim, and in the foreground, which cannot: it ignores USR2 while its parent
// is the process that started it.
func TestRecordNginx(t *testing.T) {
	for name, mode := range map[string]string{"nginx-daemon": "on", "nginx-foreground": "off"} {
		t.Run(name, func(t *testing.T) {
			r := recordOther(t, name, "/usr/sbin/nginx", "nginx.conf", `
daemon `+mode+`; pid DIR/pid; error_log DIR/log; user www-data; worker_processes 2; events {}
http { access_log off; server { listen unix:DIR/s; } }
`)
			r.launchAs("/usr/sbin/nginx", "-c", r.dir+"/nginx.conf")
			r.master = r.await("nginx: master", 1, "nginx: worker", 2)[0].PID
			r.shoot("serving")
			if mode == "on" {
				r.nginxUpgrades()
			}
			r.stopAll("nginx: worker")
			r.kill(r.master, syscall.SIGKILL)
			r.gone(r.master)
			r.shoot("only master killed")
		})
	}
}

// nginxUpgrades records an upgrade that succeeds, and one whose new master is killed.
func (r *recorder) nginxUpgrades() {
	old := r.master
	r.kill(old, syscall.SIGUSR2)
	r.master = r.other(r.await("nginx: master", 2, "nginx: worker", 4), old)
	r.shoot("two generations")
	r.kill(old, syscall.SIGQUIT)
	r.gone(old)
	r.await("nginx: master", 1, "nginx: worker", 2)
	r.shoot("upgraded")
	r.kill(r.master, syscall.SIGUSR2)
	lost := r.other(r.await("nginx: master", 2, "nginx: worker", 4), r.master)
	r.kill(lost, syscall.SIGKILL)
	r.gone(lost)
	r.shoot("new master killed")
	for _, p := range r.look().Processes {
		if strings.HasPrefix(p.Title(), "nginx: worker") && p.PPID == r.recording.Shim {
			r.kill(p.PID, syscall.SIGKILL)
			r.gone(p.PID)
		}
	}
	r.shoot("its workers too")
}

// TestRecordPuma records Puma, which re-executes itself in place and closes
// every descriptor then.
func TestRecordPuma(t *testing.T) {
	for name, workers := range map[string][]string{"puma-cluster": {"-w", "2"}, "puma-single": nil} {
		t.Run(name, func(t *testing.T) {
			r := recordOther(t, name, "/usr/bin/puma", "config.ru", "run lambda { |env| [200, {}, []] }\n")
			r.launchAs(append(append([]string{"puma", "-b", "unix://" + r.dir + "/s"}, workers...), "config.ru")...)
			r.master = r.service.Launched.PID
			for i, moment := range []string{"serving", "restarted in place", "and again"} {
				r.until("Use Ctrl-C to stop")
				for range len(workers) {
					r.until("booted in")
				}
				if len(workers) > 0 {
					r.await("puma 5", 1, "puma: cluster worker", 2)
				}
				r.shoot(moment)
				if i < 2 {
					r.kill(r.master, syscall.SIGUSR2)
				}
			}
			r.stopAll("puma: cluster worker")
			r.kill(r.master, syscall.SIGKILL)
			r.gone(r.master)
			r.shoot("only master killed")
		})
	}
}

// TestRecordFPM records PHP's process manager, which daemonizes again when it
// re-executes itself.
func TestRecordFPM(t *testing.T) {
	for name, flag := range map[string]string{"php-fpm-daemon": "-D", "php-fpm-foreground": "-F"} {
		t.Run(name, func(t *testing.T) {
			r := recordOther(t, name, "/usr/sbin/php-fpm8.2", "fpm.conf", `
[global]
pid = DIR/pid
error_log = DIR/log
[www]
user = www-data
listen = DIR/s
pm = static
pm.max_children = 2
`)
			r.launchAs("/usr/sbin/php-fpm8.2", flag, "-y", r.dir+"/fpm.conf")
			old := r.await("php-fpm: master", 1, "php-fpm: pool", 2)[0]
			r.shoot("serving")
			r.kill(old.PID, syscall.SIGUSR2)
			r.master = r.awaitThat(func(s Snapshot) []Process {
				masters := titled(s, "php-fpm: master")
				if len(masters) == 1 && masters[0].Image != old.Image && len(titled(s, "php-fpm: pool")) == 2 {
					return masters
				}
				return nil
			})[0].PID
			r.shoot("reloaded")
			r.stopAll("php-fpm: pool")
			r.kill(r.master, syscall.SIGKILL)
			r.gone(r.master)
			r.shoot("only master killed")
		})
	}
}

// TestRecordHAProxy records HAProxy's master and workers. A client that has not
// finished its request keeps the old worker over a reload.
func TestRecordHAProxy(t *testing.T) {
	r := recordOther(t, "haproxy", "/usr/sbin/haproxy", "haproxy.cfg", `
defaults
    mode http
    timeout client 1h
    timeout http-request 1h
    timeout connect 1s
    timeout server 1h
frontend f
    bind unix@DIR/s
    http-request return status 200
`)
	r.launchAs("/usr/sbin/haproxy", "-W", "-f", r.dir+"/haproxy.cfg")
	r.master = r.service.Launched.PID
	for _, moment := range []string{"serving", "reloaded, with a worker that drains", "and again"} {
		r.until("Loading success")
		r.polls(r.master)
		r.shoot(moment)
		client, err := net.Dial("unix", filepath.Join(r.dir, "s"))
		must(t, err)
		defer client.Close()
		_, err = client.Write([]byte("GET / HTTP/1.1\r\n"))
		must(t, err)
		r.kill(r.master, syscall.SIGUSR2)
	}
	r.until("Loading success")
	r.polls(r.master)
	r.kill(r.master, syscall.SIGKILL)
	r.gone(r.master)
	r.shoot("only master killed")
}

// TestRecordUWSGI records uWSGI, which re-executes itself in place.
func TestRecordUWSGI(t *testing.T) {
	r := recordOther(t, "uwsgi", "/usr/bin/uwsgi", "unused", "")
	r.launchAs("/usr/bin/uwsgi", "--master", "--workers", "2", "--socket", r.dir+"/s")
	r.master = r.service.Launched.PID
	for _, moment := range []string{"serving", "reloaded", "and again"} {
		r.until("spawned uWSGI worker 1")
		r.until("spawned uWSGI worker 2")
		r.polls(r.master)
		r.shoot(moment)
		r.kill(r.master, syscall.SIGHUP)
	}
	r.until("spawned uWSGI worker 1")
	r.until("spawned uWSGI worker 2")
	r.polls(r.master)
	r.stopAll("/usr/bin/uwsgi")
	r.kill(r.master, syscall.SIGKILL)
	r.gone(r.master)
	r.shoot("only master killed")
}

// recordOther returns a recorder of a server with one file.
func recordOther(t *testing.T, name, program, file, text string) *recorder {
	t.Helper()
	if _, err := os.Stat(program); err != nil {
		t.Skipf("needs the program %s", program)
	}
	r := record(t, name)
	r.write(file, text)
	return r
}

// await looks until there are so many processes with that title, and so many
// with the other, and returns the first ones. What comes next in a server that
// tells nobody can only be seen by looking.
func (r *recorder) await(title string, n int, other string, m int) []Process {
	r.t.Helper()
	return r.awaitThat(func(s Snapshot) []Process {
		if found := titled(s, title); len(found) == n && len(titled(s, other)) == m {
			return found
		}
		return nil
	})
}

func (r *recorder) awaitThat(fit func(Snapshot) []Process) []Process {
	r.t.Helper()
	for {
		if found := fit(r.look()); found != nil {
			return found
		}
	}
}

// polls waits until the process waits for events. HAProxy loses a USR2 between
// its word that it is loaded and that moment, uWSGI a HUP.
func (r *recorder) polls(pid int) {
	r.t.Helper()
	r.awaitThat(func(s Snapshot) []Process {
		where, err := os.ReadFile(fmt.Sprintf("/proc/%d/wchan", pid))
		must(r.t, err)
		if strings.Contains(string(where), "poll") {
			return s.Processes
		}
		return nil
	})
}

// titled are the living processes whose title begins so.
func titled(s Snapshot, title string) []Process {
	return slices.DeleteFunc(slices.Clone(s.Processes), func(p Process) bool {
		return p.Zombie() || !strings.HasPrefix(p.Title(), title)
	})
}

// other is the one of two that is not pid.
func (r *recorder) other(two []Process, pid int) int {
	if two[0].PID == pid {
		return two[1].PID
	}
	return two[0].PID
}

// stopAll stops the processes of that title, but for the master.
func (r *recorder) stopAll(title string) {
	r.t.Helper()
	for _, p := range titled(r.look(), title) {
		if p.PID != r.master {
			r.kill(p.PID, syscall.SIGSTOP)
		}
	}
}
