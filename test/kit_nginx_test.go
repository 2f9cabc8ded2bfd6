//go:build linux

package test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
)

// nginx answers / with the pid of its worker; /hang is what the test's own
// server answers, when it is let.
var nginx = server{
	name:     "nginx",
	program:  "/usr/sbin/nginx",
	graceful: syscall.SIGQUIT,
	quick:    syscall.SIGTERM,
	config:   "nginx.conf",
	write:    nginxFiles,
	args:     func(s *service) []string { return []string{"-c", s.file("nginx.conf")} },
	means:    nginxMeans,
}

// eachNginx runs a test in parallel for nginx in the foreground and as a daemon.
func eachNginx(t *testing.T, test func(*testing.T, setup)) {
	t.Helper()
	t.Parallel()
	for _, background := range []bool{false, true} {
		c := setup{server: nginx, background: background}
		t.Run(c.title(), func(t *testing.T) {
			t.Parallel()
			test(t, c)
		})
	}
}

// nginxFiles are a configuration that needs nothing outside the directory, and
// writes its log into the FIFO.
func nginxFiles(s *service) map[string]string {
	daemon := map[bool]string{false: "off", true: "on"}[s.background]
	dirs := ""
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		dirs += fmt.Sprintf("%s_temp_path %s;\n", kind, s.file("temp"))
	}
	return map[string]string{
		"nginx.conf": fmt.Sprintf(`
daemon %s;
pid %s;
error_log %s notice;
error_log %s notice;
worker_processes %d;
events { worker_connections 64; }
%s
http {
%saccess_log off;
server {
listen unix:%s;
location / { return 200 "$pid\n"; }
location /hang { proxy_pass http://unix:%s; proxy_set_header Worker $pid; }
}
}
`, daemon, s.file("server.pid"), s.file("log"), s.file("events"), s.workers, s.more, dirs, s.socket(), s.upstream()),
	}
}

// nginxMeans reads lines like "2026/01/02 03:04:05 [notice] 813#813: start worker
// process 815". A worker may be sent signals from its fork on: they wait.
func nginxMeans(_ *service, line string) string {
	_, said, ok := strings.Cut(line, "] ")
	pid, said, cut := strings.Cut(said, ": ")
	master, _, _ := strings.Cut(pid, "#")
	if !ok || !cut {
		return line
	}
	switch worker, found := strings.CutPrefix(said, "start worker process "); {
	case found:
		return "worker " + worker + " of " + master
	case said == "start worker processes":
		return "master " + master
	case strings.Contains(said, "the changing binary signal is ignored"):
		return "ignored " + master
	case strings.Contains(said, "[emerg]"), strings.Contains(line, "[emerg]"):
		return "failed " + master
	}
	return line
}

// upstream starts the server behind a proxy, which says "hanging PID" of each
// request, the pid of the proxy's worker, and answers with it once the test has
// written a line into the FIFO hang. It returns the path of its socket.
func (s *service) upstream() string {
	s.t.Helper()
	path := s.file("up")
	l, err := net.Listen("unix", path)
	must(s.t, err)
	must(s.t, os.Chmod(path, 0o777))
	web := &http.Server{Handler: http.HandlerFunc(s.holdRequest)}
	done := make(chan struct{})
	go func() {
		_ = web.Serve(l)
		close(done)
	}()
	s.t.Cleanup(func() {
		web.Close()
		<-done
	})
	return path
}

// holdRequest is the life of one request of upstream.
func (s *service) holdRequest(w http.ResponseWriter, r *http.Request) {
	block, err := os.OpenFile(s.file("hang"), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return
	}
	defer block.Close()
	gone := make(chan struct{})
	go func() {
		<-r.Context().Done() // answered, or given up by the proxy
		block.Close()
		close(gone)
	}()
	worker := r.Header.Get("Worker")
	if s.tell("hanging "+worker) == nil {
		if _, err := block.Read(make([]byte, len("go on\n"))); err == nil {
			fmt.Fprintln(w, worker)
		}
	}
}

// tell writes a line into the FIFO, as a server does.
func (s *service) tell(line string) error {
	f, err := os.OpenFile(s.file("events"), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteString(line + "\n")
	return err
}
