package shim

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lockshim/lockshim/shim/profile"
)

func TestByPath(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{"bin", "app/bin"} {
		if err := os.MkdirAll(filepath.Join(dir, path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, path, "nginx"), nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("app", filepath.Join(dir, "current")); err != nil {
		t.Fatal(err)
	}
	t.Chdir(filepath.Join(dir, "current"))
	t.Setenv("PATH", dir+"/none:"+dir+"/bin")
	for command, want := range map[string]string{
		"nginx -c x":                "DIR/bin/nginx -c x",
		"/opt/nginx -c x":           "/opt/nginx -c x",
		"bin/nginx":                 "DIR/current/bin/nginx",
		"./bin/nginx -p nginx":      "DIR/current/bin/nginx -p nginx",
		"bin/missing":               "bin/missing",
		"missing":                   "missing",
		"chpst -u web nginx -c x":   "chpst -u web DIR/bin/nginx -c x",
		"env A=nginx nginx":         "env A=nginx DIR/bin/nginx",
		"chpst -u web bin/nginx":    "chpst -u web bin/nginx",
		"env PATH=/jail nginx":      "env PATH=/jail nginx",
		"chpst -/ /jail nginx -c x": "chpst -/ /jail nginx -c x",
	} {
		argv := strings.Fields(command)
		kept := slices.Clone(argv)
		if got := strings.Join(byPath(profile.Profile{ByPath: true}, argv), " "); got != strings.ReplaceAll(want, "DIR", dir) {
			t.Errorf("%s: %s", command, got)
		}
		if got := byPath(profile.Profile{}, argv); !slices.Equal(got, kept) {
			t.Errorf("%s becomes %q for a server that needs no path, or was changed in place", command, got)
		}
	}
}
