package proc

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/lockshim/lockshim/internal/testkit"
)

// What Program says is what the kernel shows of the process.
func TestProgramIsWhatRuns(t *testing.T) {
	dir := t.TempDir()
	self, err := os.Executable()
	must(t, err)
	must(t, os.Symlink(self, filepath.Join(dir, "linked")))
	file := func(name, text string) { must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755)) }
	file("script", "#!"+self+"\n")
	file("argument", "#! "+self+"  -x -y\n")
	file("env", "#!/usr/bin/env linked\n")
	file("nested", "#!"+dir+"/script\n")
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	for _, command := range [][]string{
		{self}, {dir + "/linked"}, {"linked", "a"}, {"script"}, {"argument"}, {"env"}, {"nested"},
		{"/usr/bin/env", "A=b", "script"}, {"nice", "-n", "1", "linked"},
	} {
		cmd := exec.Command(command[0], command[1:]...)
		cmd.Env = append(os.Environ(), testkit.HelperEnv("holder")...)
		h := begin(t, cmd)
		p, err := Describe(h.PID())
		must(t, err)
		if got := Program(command); got != p.Exe {
			t.Errorf("Program(%q) is %q, it runs %q", command, got, p.Exe)
		}
		h.End()
	}
}

// Where nobody can tell, Program does not guess.
func TestProgramIsUnknown(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"empty": "", "text": "echo x\n", "none": "#!\n", "gone": "#!/nonexistent/ruby\n", "self": "#!" + dir + "/self\n"} {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755))
	}
	for _, command := range [][]string{nil, {""}, {"/nonexistent"}, {dir}, {dir + "/empty"}, {dir + "/text"}, {dir + "/none"}, {dir + "/gone"}, {dir + "/self"}} {
		if got := Program(command); got != "" {
			t.Errorf("Program(%q) is %q", command, got)
		}
	}
}

// A shell that runs a script without a first line is the program.
func TestProgramOfAShell(t *testing.T) {
	script := filepath.Join(t.TempDir(), "script")
	must(t, os.WriteFile(script, []byte("exit\n"), 0o644))
	sh, err := exec.LookPath("sh")
	must(t, err)
	resolved, err := filepath.EvalSymlinks(sh)
	must(t, err)
	for _, command := range [][]string{{"sh", script}, {"sh", "-c", "exec server"}, {"env", "sh", "-c", "x"}} {
		if got := Program(command); got != resolved {
			t.Errorf("Program(%q) is %q, want %q", command, got, resolved)
		}
	}
}
