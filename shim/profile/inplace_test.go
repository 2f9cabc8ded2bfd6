package profile

import (
	"strings"
	"testing"
)

func TestRecogniseInPlace(t *testing.T) {
	for command, want := range map[string]string{
		"bundle exec puma -C puma.rb":                       "puma",
		"ruby /opt/gems/bin/puma-wild -I a:b -- -C puma.rb": "puma",
		"puma -w 2":                     "puma",
		"puma.sh":                       "generic",
		"pumactl restart":               "generic",
		"php-fpm8.2 -F":                 "php-fpm",
		"php-fpm82 --nodaemonize":       "php-fpm",
		"/usr/sbin/php-fpm":             "php-fpm",
		"php8.2 script.php":             "generic",
		"uwsgi --ini web.ini":           "uwsgi",
		"uwsgi_python3 --ini web.ini":   "uwsgi",
		"uwsgi_python311 --ini web.ini": "uwsgi",
		"uwsgitop /run/stats":           "generic",
		"haproxy -W -f web.cfg":         "haproxy",
		"/usr/sbin/haproxy -Ws -f web.cfg -p /run/haproxy.pid": "haproxy",
		"haproxy -f web.cfg":   "generic",
		"haproxy -f -Wide.cfg": "generic",
	} {
		if got := Recognise(strings.Fields(command)); got.Name != want {
			t.Errorf("%q is recognised as %s, want %s", command, got.Name, want)
		}
	}
}

// HAProxy puts who is to drain before the user's own arguments.
func TestSameAfterReload(t *testing.T) {
	for _, row := range []struct {
		a, b string
		want bool
	}{
		{"haproxy -W -f x", "haproxy -sf 12 13 -x sockpair@3 -W -f x", true},
		{"haproxy -W -f x", "haproxy -sf 12 -W -f y", false},
		{"haproxy -W -f x", "haproxy -W -f x -D", false},
		{"uwsgi_python3 web.ini --daemonize log", "uwsgi_python3 --daemonize log web.ini", true},
		{"uwsgi_python3 web.ini --daemonize log", "uwsgi_python3 --daemonize log other.ini", false},
		{"haproxy -W -f x", "haproxy -f x -W", false},
		{"unicorn -W -f x", "unicorn -sf 12 -W -f x", false},
	} {
		a, b := strings.Fields(row.a), strings.Fields(row.b)
		if Same(a, b) != row.want || Same(b, a) != row.want {
			t.Errorf("Same(%q, %q) is %v, or not symmetric", a, b, !row.want)
		}
	}
}

// What a uWSGI 2.0 is never sent, since TERM would have it reload brutally.
func TestNoTermForUWSGI(t *testing.T) {
	p := uwsgi()
	for _, step := range p.Stop {
		if step.Signal == sigTerm {
			t.Errorf("the schedule %s sends TERM", p.Stop)
		}
	}
	for _, sig := range []Kind{Graceful, Quick, Reload, Upgrade} {
		if p.Signal(sig) == sigTerm {
			t.Errorf("the %s is TERM", sig)
		}
	}
}
