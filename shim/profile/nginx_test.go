package profile

import (
	"strings"
	"testing"
)

// Titles as nginx 1.22 sets them, NULs and spaces at their end taken away.
func TestNginxTitles(t *testing.T) {
	for title, want := range map[string]Role{
		"nginx: master process /usr/sbin/nginx -c x": Master,
		"nginx: worker process":                      Worker,
		"nginx: worker process is shutting down":     Worker,
		"nginx: cache manager process":               Worker,
		"nginx: cache loader process":                Worker,
		"nginx: master":                              Unknown,
		"nginx -c x":                                 Unknown,
	} {
		if got := nginx().Role([]string{title}); got != want {
			t.Errorf("%q: %v, want %v", title, got, want)
		}
		if p := Recognise([]string{title}); want != Unknown && p.Name != "nginx" {
			t.Errorf("%q is recognised as %s", title, p.Name)
		}
	}
	for _, command := range []string{"/opt/nginx/sbin/nginx", "chpst -u web nginx -c x", "setpriv --nnp nginx"} {
		if p := Recognise(strings.Fields(command)); p.Name != "nginx" {
			t.Errorf("%q is recognised as %s", command, p.Name)
		}
	}
}
