//go:build linux

package test

import (
	"os"
	"strings"
	"testing"

	"github.com/lockshim/lockshim/contrib"
	"github.com/lockshim/lockshim/internal/testkit"
)

// Monit knows no exit codes, but leaves alone what does not come up.
func TestMonitEndsALoop(t *testing.T) {
	t.Parallel()
	testkit.Need(t, "/usr/bin/monit", "monit")
	w := newWorld(t)
	m := newMonit(w).(*monit)
	w.init = m
	x := w.tenants[0]
	m.install(x, contrib.Setting{Key: "command", Value: x.file("nothing")})
	text, err := os.ReadFile(w.file("monitrc"))
	must(t, err)
	limits := "set limits { startTimeout: 2 s }\n" // monit waits as long for a pid file
	must(t, os.WriteFile(w.file("monitrc"), append([]byte(limits), text...), 0o600))
	m.boot()
	again(t, "monit to give up", func() (any, bool) {
		text, err := os.ReadFile(w.file("log"))
		return err, strings.Contains(string(text), "service restarted 5 times within")
	})
	m.until(x, "Not monitored")
	m.end()
	x.empty()
}
