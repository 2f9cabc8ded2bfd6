package proc

import (
	"fmt"
	"syscall"
	"testing"
)

// httpdConfig is Apache's server with threaded workers. Nobody connects.
const httpdConfig = `
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so
ServerRoot DIR
DefaultRuntimeDir DIR
ServerName localhost
PidFile DIR/pid
Listen 127.0.0.1:%d
User www-data
Group www-data
StartServers 2
ThreadsPerChild 4
ErrorLog DIR/events
LogLevel notice proxy:debug
`

// TestRecordHTTPD records Apache's server in the foreground and in the background.
// It keeps its image, and its workers obey nobody once their master is gone.
func TestRecordHTTPD(t *testing.T) {
	for name, flags := range map[string][]string{"httpd-foreground": {"-DFOREGROUND"}, "httpd-daemon": nil} {
		t.Run(name, func(t *testing.T) {
			r := recordOther(t, name, "/usr/sbin/apache2", "httpd.conf", fmt.Sprintf(httpdConfig, freePort(t)))
			r.launchAs(append([]string{"/usr/sbin/apache2", "-f", r.dir + "/httpd.conf"}, flags...)...)
			for range 2 {
				r.until("AH00930")
			}
			r.master = r.leads("/usr/sbin/apache2", 3)
			r.shoot("serving")
			r.kill(r.master, syscall.SIGUSR1)
			for range 2 {
				r.until("AH00930")
			}
			r.leads("/usr/sbin/apache2", 3)
			r.shoot("reloaded")
			r.stopAll("/usr/sbin/apache2")
			r.kill(r.master, syscall.SIGKILL)
			r.gone(r.master)
			r.shoot("only master killed")
		})
	}
}

// TestRecordLighttpd records lighttpd, which is one process, and with workers of
// which the first process is the watcher.
func TestRecordLighttpd(t *testing.T) {
	for name, flags := range map[string][]string{"lighttpd-foreground": {"-D"}, "lighttpd-daemon": nil} {
		for _, workers := range []int{0, 2} {
			if workers > 0 {
				name += "-workers"
			}
			t.Run(name, func(t *testing.T) {
				r := recordOther(t, name, "/usr/sbin/lighttpd", "lighttpd.conf", fmt.Sprintf(`
server.document-root = "DIR"
server.bind = "DIR/s"
server.pid-file = "DIR/pid"
server.errorlog = "DIR/events"
server.username = "www-data"
server.groupname = "www-data"
server.max-worker = %d
`, workers))
				r.launchAs(append([]string{"/usr/sbin/lighttpd", "-f", r.dir + "/lighttpd.conf"}, flags...)...)
				r.until("server started")
				r.master = r.leads("/usr/sbin/lighttpd", workers+1)
				r.shoot("serving")
				r.kill(r.master, syscall.SIGUSR1)
				r.until("server started")
				r.leads("/usr/sbin/lighttpd", workers+1)
				r.shoot("reloaded")
				r.stopAll("/usr/sbin/lighttpd")
				r.kill(r.master, syscall.SIGKILL)
				r.gone(r.master)
				r.shoot("only master killed")
			})
		}
	}
}

// leads looks until there are so many processes of that command line, one of them
// the parent of the others, and the launcher is gone, and returns which.
func (r *recorder) leads(title string, n int) int {
	r.t.Helper()
	for {
		all := titled(r.look(), title)
		for _, p := range all {
			children := 0
			for _, q := range all {
				if q.PPID == p.PID {
					children++
				}
			}
			if len(all) == n && children == n-1 && p.PPID == r.recording.Shim {
				return p.PID
			}
		}
	}
}

// freePort is a port that nobody listens on at this moment.
func freePort(t *testing.T) int {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	must(t, err)
	defer syscall.Close(fd)
	must(t, syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	name, err := syscall.Getsockname(fd)
	must(t, err)
	return name.(*syscall.SockaddrInet4).Port
}
