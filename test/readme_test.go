package test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lockshim/lockshim/shim/profile"
)

// TestReadmeHasTheProfiles: the table of the README is that of the code.
func TestReadmeHasTheProfiles(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		if cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|"); len(cells) == 7 {
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			rows[cells[0]] = cells[2:]
		}
	}
	for _, p := range profile.All() {
		want := []string{operation(p, profile.Reload, "HUP"), operation(p, profile.Upgrade, "USR2"),
			operation(p, profile.Graceful, "QUIT"), operation(p, profile.Quick, "INT"), p.Stop.String()}
		if got := strings.Join(rows[p.Name], " "); got != strings.Join(want, " ") {
			t.Errorf("%s: the README says %q, the code %q", p.Name, got, strings.Join(want, " "))
		}
	}
}

// operation is the signal that performs it. What an unknown command makes of a
// signal nobody knows: it gets the one that the shim got.
func operation(p profile.Profile, kind profile.Kind, same string) string {
	if p.Name == profile.Generic {
		return same
	}
	if sig := p.Signal(kind); sig != 0 {
		return profile.SignalName(sig)
	}
	return "-"
}
