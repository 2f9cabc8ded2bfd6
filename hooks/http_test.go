//go:build linux

package hooks_test

import (
	"context"
	"io"
	"net"
	"net/http"
)

// get asks the application, in a new connection, and returns what it answers.
func (s *service) get(path string) string {
	s.t.Helper()
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", s.file("s"))
		},
	}}
	answer, err := client.Get("http://example.com/" + path)
	must(s.t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	must(s.t, err)
	if answer.StatusCode != http.StatusOK {
		s.t.Fatalf("GET %s: %s: %s", path, answer.Status, body)
	}
	return string(body)
}
