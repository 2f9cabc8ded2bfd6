package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/lockshim/lockshim/shim"
)

// A command line of any bytes is one line in text, and JSON stays JSON.
func TestOddCommandLines(t *testing.T) {
	dir := t.TempDir()
	const odd = "new\nline \xff\xfe \x1b[31m \u202e"
	cmd := lockshimCommand(t, dir, "run", "--lock", "web", "--", "sh", "-c", "echo up; read -r end; :", odd)
	var events strings.Builder
	cmd.Stderr = &events
	server, _ := shimOf(t, cmd)
	text, err := lockshimCommand(t, dir, "status", "web").Output()
	if err != nil || !printable(strings.ReplaceAll(string(text), "\n", "")) || strings.Count(string(text), "\n") > 9 {
		t.Errorf("%q, %v", text, err)
	}
	object, err := lockshimCommand(t, dir, "status", "--json", "web").Output()
	var st shim.Status
	if err != nil || json.Unmarshal(object, &st) != nil || len(st.Generations) != 1 {
		t.Errorf("%q, %v", object, err)
	}
	server.Close()
	if got := exitCode(cmd.Wait()); got != "0" {
		t.Errorf("exits with %s", got)
	}
	launch := between(t, events.String(), "lockshim: launched pid ", "\n")
	if !strings.HasSuffix(launch, `$'new\012line \377\376 \033[31m \342\200\256'`) {
		t.Errorf("%q", events.String())
	}
}

// A lockfile's path may be as long as the kernel takes it; one that is too long
// is an error with its name in it, and no more.
func TestLongPaths(t *testing.T) {
	dir := real(t, t.TempDir())
	deep := dir + strings.Repeat("/"+strings.Repeat("d", 99), 38)
	deep += "/" + strings.Repeat("e", 4000-len(deep)-len("/web.lock")-1)
	mkdir(t, deep)
	path := deep + "/web.lock"
	if len(path) != 4000 {
		t.Fatalf("a path of %d bytes", len(path))
	}
	for _, c := range []struct{ path, want string }{
		{path, "6"},
		{dir + "/" + strings.Repeat("n", 256), "73"},
		{dir + strings.Repeat("/d", 3000) + "/web.lock", "73"},
	} {
		cmd := lockshimCommand(t, dir, "run", "--quiet", "--lock", c.path, "--", "sh", "-c", "exit 6")
		out, err := cmd.CombinedOutput()
		if got := exitCode(err); got != c.want {
			t.Errorf("a path of %d bytes exits with %s: %s", len(c.path), got, out)
		}
	}
	if _, err := os.Lstat(path); err != nil {
		t.Error(err)
	}
}
