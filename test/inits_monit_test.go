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
	for timeout := expired(t); !m.gaveUp(x); {
		select {
		case <-timeout:
			t.Fatal("waited in vain for monit to give up")
		default:
		}
	}
	m.until(x, "Not monitored")
	m.end()
	x.empty()
}

// gaveUp tells whether monit's log says so.
func (m *monit) gaveUp(x *tenant) bool {
	x.t.Helper()
	text, _ := os.ReadFile(m.w.file("log"))
	return strings.Contains(string(text), "service restarted 5 times within")
}
