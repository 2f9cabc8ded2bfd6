package profile

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// realWrappers are command lines of real programs that run a probe. PROBE stands
// for the probe, DIR for an empty directory.
var realWrappers = []struct {
	command string
	root    bool // it needs root
}{
	{"env PROBE", false},
	{"env -i -u HOME A=b C= PROBE", false},
	{"env - A=b PROBE", false},
	{"env -iv -uHOME --unset=PATH -C DIR --chdir=/ A=b PROBE", false},
	{"env --ignore-environment --default-signal --block-signal=USR1 --ignore-signal=HUP,USR2 -- A=b PROBE", false},
	{"env --unset HOME --list-signal-handling --debug PROBE", false},
	{"nice PROBE", false},
	{"nice -n 5 PROBE", false},
	{"nice -n5 PROBE", false},
	{"nice -5 PROBE", false},
	{"nice --5 PROBE", true},
	{"nice --adjustment=3 -- PROBE", false},
	{"nice --adjustment 3 PROBE", false},
	{"nohup PROBE", false},
	{"nohup -- PROBE", false},
	{"stdbuf -oL -e 0 PROBE", false},
	{"stdbuf --output=L --error 0 -i0 -- PROBE", false},
	{"timeout 1h PROBE", false},
	{"timeout -k 5 -s TERM -v 1h PROBE", false},
	{"timeout --preserve-status --foreground --kill-after=5 --signal HUP --verbose -- 1h PROBE", false},
	{"setsid PROBE", false},
	{"setsid -fw PROBE", false},
	{"setsid --fork --wait -- PROBE", false},
	{"choom -n 0 -- PROBE", false},
	{"choom --adjust 0 -- PROBE", false},
	{"choom --adjust=0 -- PROBE", false},
	{"chrt -o 0 PROBE", false},
	{"chrt --batch --verbose 0 PROBE", false},
	{"chrt -Rr 1 PROBE", true},
	{"ionice -c 2 -n 7 PROBE", false},
	{"ionice -tc3 PROBE", false},
	{"ionice --class best-effort --classdata=7 --ignore -- PROBE", false},
	{"prlimit --core=0 PROBE", false},
	{"prlimit -c=0 -n256:256 -- PROBE", false},
	{"prlimit --nofile=256 --as=unlimited PROBE", false},
	{"taskset -a 1 PROBE", false},
	{"taskset -c 0 PROBE", false},
	{"taskset --cpu-list 0 PROBE", false},
	{"setpriv --nnp PROBE", false},
	{"setpriv --reuid=0 --regid 0 --init-groups --reset-env -- PROBE", true},
	{"setpriv --no-new-privs --ruid 0 --euid 0 --rgid=0 --egid=0 --clear-groups --inh-caps=-all --pdeathsig keep PROBE", true},
	{"setpriv --keep-groups --ambient-caps -all --bounding-set=+all --securebits=-noroot PROBE", true},
	{"setpriv --regid 0 --groups 0 PROBE", true},
	{"runuser -u root -- PROBE", true},
	{"runuser --user=root --group root -G root --preserve-environment -- PROBE", true},
	{"runuser -m -uroot -- PROBE", true},
	{"runuser -w LANG -u root -- PROBE", true},
	{"sudo PROBE", true},
	{"sudo -u root -E -H -n -- PROBE", true},
	{"sudo -EHu root -g root A=b PROBE", true},
	{"sudo --user=root --preserve-env=PATH --set-home --non-interactive A=b C=d PROBE", true},
	{"sudo -nBPNSp x PROBE", true},
	{"sudo -k -n PROBE", true},
	{"sudo -s -n PROBE", true},
	{"sudo --login -n PROBE", true},
	{"chpst PROBE", false},
	{"chpst -v -P -n 1 -e DIR -o 256 -c 0 -0 -- PROBE", false},
	{"chpst -u root:root -U root -/ / -o256 PROBE", true},
	{"chpst -L DIR/lock -p 100000 -f 100000000 PROBE", false},
	{"chpst -vP02 -l DIR/lock PROBE", false},
	{"setuidgid root PROBE", true},
	{"envuidgid root PROBE", false},
	{"envdir DIR PROBE", false},
	{"pgrphack PROBE", false},
	{"softlimit -o 256 -c0 PROBE", false},
	{"setlock -nx DIR/lock PROBE", false},
	{"setlock -N -X DIR/lock PROBE", false},
	{"s6-setuidgid root PROBE", true},
	{"s6-envuidgid -D 1:2:3 -n root PROBE", false},
	{"s6-applyuidgid -u 0 -g 0 -G 0 PROBE", true},
	{"s6-envuidgid root s6-applyuidgid -zU PROBE", true},
	{"s6-envdir DIR PROBE", false},
	{"s6-envdir -Ifn -c x DIR PROBE", false},
	{"s6-softlimit -o 256 -c0 -- PROBE", false},
	{"dumb-init PROBE", false},
	{"dumb-init -cv -r 15:3 -- PROBE", false},
	{"dumb-init --single-child --verbose --rewrite=15:3 --rewrite 1:2 PROBE", false},
	{"tini -s -- PROBE", false},
	{"tini -sg -e 143 -p SIGTERM -- PROBE", false},
	{"bundle exec PROBE", false},
	{"bundle exec --keep-file-descriptors PROBE", false},
	{"rbenv exec env PROBE", false},
	{"pyenv exec env PROBE", false},
	{"sudo -u root env A=b nice -n 1 setpriv --nnp chpst -o 256 PROBE", true},
	{"/usr/bin/timeout 1h /usr/bin/env - /usr/bin/nohup PROBE", false},
}

// Every wrapper is really run. What it executes is what Strip says, and it
// becomes that, or stays as its parent, as Wrapper says.
func TestRealWrappers(t *testing.T) {
	for _, row := range realWrappers {
		t.Run(row.command, func(t *testing.T) {
			dir := shortDir(t)
			argv, want := probeCommand(strings.Fields(row.command), dir)
			if row.root && os.Geteuid() != 0 {
				t.Skip("needs root")
			}
			pid, got := runProbe(t, argv, dir)
			if !slices.Equal(got.args, want) {
				t.Fatalf("the probe was run as %q", got.args)
			}
			if inner := Strip(argv); !slices.Equal(inner, want) {
				t.Errorf("Strip says %q, the probe %q", inner, want)
			}
			if parent := pid != got.pid; Wrapper(argv) != parent {
				t.Errorf("Wrapper says %v; pid %d was started, %d is the probe", !parent, pid, got.pid)
			}
			if !Same(argv, got.cmdline) {
				t.Errorf("Same denies %q", got.cmdline)
			}
		})
	}
}

// Wrappers that go on to look for options behind the command refuse what Strip
// refuses: without -- the command's own options would be theirs.
func TestRealPermutingWrappers(t *testing.T) {
	for _, command := range []string{"runuser -u root PROBE", "tini -s PROBE", "choom -n 0 PROBE"} {
		argv, _ := probeCommand(strings.Fields(command), "")
		if out, err := exec.Command(argv[0], argv[1:]...).Output(); exitStatus(err).ExitStatus() != 1 {
			t.Errorf("%q ran: %s", argv, out)
		}
		if got := Strip(argv); !slices.Equal(got, argv) {
			t.Errorf("%q: Strip says %q", argv, got)
		}
	}
}

// setsid -w waits for the command only where it leads a process group.
func TestRealSetsid(t *testing.T) {
	for _, leads := range []bool{false, true} {
		argv, want := probeCommand([]string{"setsid", "-w", "PROBE"}, "")
		pid, got := runProbe(t, argv, shortDir(t), func(a *syscall.SysProcAttr) { a.Setpgid = leads })
		if (pid != got.pid) != leads || !Wrapper(argv) || !slices.Equal(Strip(argv), want) {
			t.Errorf("leader %v: pid %d was started, %d is the probe; Strip says %q", leads, pid, got.pid, Strip(argv))
		}
	}
}

// chpst -b hides the name from the program and not from Strip.
func TestRealArgv0(t *testing.T) {
	dir := shortDir(t)
	argv, want := probeCommand([]string{"chpst", "-b", "other", "PROBE"}, dir)
	_, got := runProbe(t, argv, dir)
	if got.args[0] != "other" || !slices.Equal(got.args[1:], want[1:]) || !slices.Equal(Strip(argv), want) {
		t.Errorf("the probe was run as %q, Strip says %q", got.args, Strip(argv))
	}
}

// env -S really splits as Strip says.
func TestRealSplitString(t *testing.T) {
	dir := shortDir(t)
	_, want := probeCommand([]string{"PROBE"}, dir)
	text := strings.Join(want[:2], " ")
	for _, argv := range [][]string{
		{"env", "-S", "-i A=b " + text}, {"env", "-iS" + text}, {"env", "-vS", text},
		{"env", "--split-string=" + text}, {"env", "--split-string", "  " + text + " "},
	} {
		argv = append(argv, want[2:]...)
		_, got := runProbe(t, argv, dir)
		if !slices.Equal(got.args, want) || !slices.Equal(Strip(argv), want) {
			t.Errorf("%q: the probe was run as %q, Strip says %q", argv, got.args, Strip(argv))
		}
	}
}

// probeCommand fills in the words of a command line.
func probeCommand(words []string, dir string) (argv, probe []string) {
	probe = []string{os.Args[0], "helper-probe", "-c", "--", "A=b", "x y"}
	for _, w := range words {
		if w == "PROBE" {
			argv = append(argv, probe...)
		} else {
			argv = append(argv, strings.ReplaceAll(w, "DIR", dir))
		}
	}
	return argv, probe
}

// A probed process tells how it was run.
type probed struct {
	pid     int
	args    []string // as the program itself sees them
	cmdline []string // as /proc/self/cmdline shows them
}

// runProbe runs argv to its end and reads what the probe in it printed.
func runProbe(t *testing.T, argv []string, dir string, with ...func(*syscall.SysProcAttr)) (int, probed) {
	t.Helper()
	if _, err := exec.LookPath(argv[0]); err != nil {
		t.Skip("needs the program " + argv[0])
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), "BUNDLE_GEMFILE="+filepath.Join(dir, "Gemfile"), "PYTHONPATH="+dir)
	if err := os.WriteFile(filepath.Join(dir, "Gemfile"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	for _, f := range with {
		f(cmd.SysProcAttr)
	}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%q: %v: %s", argv, err, stderr.String())
	}
	lines := strings.SplitN(string(out), "\n", 3)
	pid, ok := digits(lines[0])
	if !ok || len(lines) != 3 {
		t.Fatalf("%q printed %q", argv, out)
	}
	return cmd.Process.Pid, probed{pid, strings.Split(lines[1], "\x00"), splitCmdline(lines[2])}
}

// splitCmdline splits what /proc/PID/cmdline shows.
func splitCmdline(s string) []string { return strings.Split(strings.TrimRight(s, "\x00"), "\x00") }

// shortDir is a directory with a path short enough for a unix socket in it.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "profile")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}
