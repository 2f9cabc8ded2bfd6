//go:build linux

package test

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/internal/testkit"
)

// httpd is Apache's, with the threaded workers that Debian chooses.
var httpd = server{
	name:     "httpd",
	program:  "/usr/sbin/apache2",
	graceful: syscall.SIGWINCH,
	quick:    syscall.SIGTERM,
	config:   "httpd.conf",
	tcp:      true,
	write:    httpdFiles,
	args: func(s *service) []string {
		args := []string{"-f", s.file("httpd.conf")}
		if !s.background {
			args = append(args, "-DFOREGROUND")
		}
		return args
	},
	means: httpdMeans,
}

// lighttpd is one process.
var lighttpd = server{
	name:     "lighttpd",
	program:  "/usr/sbin/lighttpd",
	graceful: syscall.SIGINT,
	quick:    syscall.SIGTERM,
	config:   "lighttpd.conf",
	single:   true,
	write:    lighttpdFiles,
	args: func(s *service) []string {
		args := []string{"-f", s.file("lighttpd.conf")}
		if !s.background {
			args = append(args, "-D")
		}
		return args
	},
	means: lighttpdMeans,
}

// eachWeb runs a test in parallel for nginx, httpd and lighttpd, each in the
// foreground and as a daemon.
func eachWeb(t *testing.T, test func(*testing.T, setup)) {
	t.Helper()
	t.Parallel()
	for _, server := range []server{nginx, httpd, lighttpd} {
		for _, background := range []bool{false, true} {
			c := setup{server: server, background: background}
			t.Run(c.title(), func(t *testing.T) {
				t.Parallel()
				test(t, c)
			})
		}
	}
}

// script answers / with the pid of the worker that runs it, and /hang when it is
// let.
func script(s *service) string {
	must(s.t, os.MkdirAll(s.file("cgi"), 0o755))
	must(s.t, os.WriteFile(s.file("cgi/pid"), fmt.Appendf(nil, `#!/bin/sh
printf 'Content-Type: text/plain\r\n\r\n'
case $REQUEST_URI in /hang) echo "hanging $PPID" >%s; read line <%s;; esac
echo $PPID
`, s.file("events"), s.file("hang")), 0o755))
	return s.file("cgi/pid")
}

// httpdFiles are a configuration that needs nothing but the modules. The module
// mod_proxy is there for what it tells of each worker that begins.
func httpdFiles(s *service) map[string]string {
	modules := ""
	for _, name := range []string{"mpm_event", "authz_core", "alias", "cgi", "proxy"} {
		modules += fmt.Sprintf("LoadModule %s_module /usr/lib/apache2/modules/mod_%[1]s.so\n", name)
	}
	return map[string]string{"httpd.conf": fmt.Sprintf(`
%sServerRoot %s
DefaultRuntimeDir %[2]s
ServerName localhost
PidFile %s
Listen 127.0.0.1:%d
User www-data
Group www-data
StartServers %d
ThreadsPerChild 4
MinSpareThreads 1
MaxSpareThreads 64
MaxRequestWorkers 64
ErrorLog %s
LogLevel notice proxy:debug
ScriptAliasMatch ^/ %s
<Directory %s/cgi>
Require all granted
</Directory>
%s
`, modules, s.dir, s.file("server.pid"), s.reserve(), s.workers, s.file("events"), script(s), s.dir, s.more)}
}

// httpdMeans reads lines like "[Fri Jan 02 03:04:05 2026] [mpm_event:notice]
// [pid 813:tid 813] AH00489: ...".
func httpdMeans(s *service, line string) string {
	_, said, _ := strings.Cut(line, "[pid ")
	master, said, _ := strings.Cut(said, ":")
	switch _, rest, child := strings.Cut(said, " in child "); {
	case strings.Contains(said, "AH0093") && child:
		worker, _, _ := strings.Cut(rest, " ")
		return fmt.Sprintf("worker %s of %d", worker, testkit.Parent(number(s.t, worker)))
	case strings.Contains(said, "resuming normal operations"):
		return "master " + master
	}
	return line
}

// lighttpdFiles are a configuration that needs nothing outside the directory.
func lighttpdFiles(s *service) map[string]string {
	program := script(s)
	return map[string]string{"lighttpd.conf": fmt.Sprintf(`
server.document-root = %q
server.bind = %q
server.socket-perms = "0666"
server.pid-file = %q
server.errorlog = %q
server.username = "www-data"
server.groupname = "www-data"
server.modules = ("mod_alias", "mod_cgi")
alias.url = ("/hang" => %q, "/" => %[5]q)
cgi.assign = ("" => "")
%s
`, s.dir, s.socket(), s.file("server.pid"), s.file("events"), program, s.more)}
}

// lighttpdMeans finds out who has begun from the pid file, which is written first.
func lighttpdMeans(s *service, line string) string {
	if strings.Contains(line, "server started") {
		return "master " + strings.TrimSpace(s.text("server.pid"))
	}
	return line
}

// reserve binds a port that the kernel chooses, for a server that shares it by
// SO_REUSEADDR (socket(7)): nobody else is given it while the test runs.
func (s *service) reserve() int {
	s.t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	must(s.t, err)
	s.t.Cleanup(func() { unix.Close(fd) })
	must(s.t, unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1))
	must(s.t, unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	name, err := unix.Getsockname(fd)
	must(s.t, err)
	s.port = name.(*unix.SockaddrInet4).Port
	return s.port
}

// dial connects to the service.
func (s *service) dial(ctx context.Context) (net.Conn, error) {
	if s.tcp {
		return new(net.Dialer).DialContext(ctx, "tcp", fmt.Sprint("127.0.0.1:", s.port))
	}
	return new(net.Dialer).DialContext(ctx, "unix", s.socket())
}
