//go:build linux

package test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
)

// startNginx starts an nginx before php-fpm, in one process.
func startNginx(s *service) {
	s.t.Helper()
	const program = "/usr/sbin/nginx"
	if _, err := os.Stat(program); err != nil {
		s.t.Skip("needs the package nginx-light")
	}
	s.put("nginx.conf", strings.ReplaceAll(`
daemon off; master_process off; pid DIR/nginx.pid; error_log DIR/log; user root;
events {}
http {
  access_log off;
  client_body_temp_path DIR/t1; proxy_temp_path DIR/t2; fastcgi_temp_path DIR/t3; uwsgi_temp_path DIR/t4; scgi_temp_path DIR/t5;
  server {
    listen unix:DIR/s;
    location / {
      fastcgi_pass unix:DIR/fpm;
      fastcgi_read_timeout 2h;
      fastcgi_param SCRIPT_FILENAME DIR/app.php;
      fastcgi_param REQUEST_METHOD $request_method;
      fastcgi_param REQUEST_URI $request_uri;
    }
  }
}
`, "DIR", s.dir))
	there := s.appears("s")
	s.front = start(s.t, spec{args: []string{program, "-c", s.file("nginx.conf")}, env: s.env(), dir: s.dir})
	there()
}

// startBackend starts a server behind HAProxy, in the test's own process. It
// answers with the pid of the worker that asks.
func startBackend(s *service) {
	s.t.Helper()
	l, err := net.Listen("unix", s.file("back"))
	must(s.t, err)
	backend := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		pid := r.Header.Get("X-Pid")
		if r.URL.Path == "/hang" {
			if f, err := os.OpenFile(s.file("events"), os.O_WRONLY, 0); err == nil {
				fmt.Fprintf(f, "hanging %s\n", pid)
				f.Close()
			}
			if f, err := os.Open(s.file("hang")); err == nil {
				_, _ = f.Read(make([]byte, 64))
				f.Close()
			}
		}
		fmt.Fprint(w, pid)
	})}
	go func() { _ = backend.Serve(l) }()
	s.t.Cleanup(func() { backend.Close() })
}
