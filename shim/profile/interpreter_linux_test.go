package profile

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// probeScripts print what the probe prints, in other languages.
var probeScripts = map[string]string{
	"probe.rb": `#!/usr/bin/ruby -w
print $$, "\n", [$0, *ARGV].join("\0"), "\n", File.binread("/proc/self/cmdline")
`,
	"probe.py": `#!/usr/bin/python3 -u
import os, sys
sys.stdout.write("%d\n%s\n%s" % (os.getpid(), "\0".join(sys.argv), open("/proc/self/cmdline").read()))
`,
	"probe.pl": `#!/usr/bin/perl -w
open F, "/proc/self/cmdline"; print "$$\n", join("\0", $0, @ARGV), "\n", <F>;
`,
	"probe.sh": `#!/bin/sh -e
printf '%s\n%s' $$ "$0"; for a in "$@"; do printf '\0%s' "$a"; done; echo; cat /proc/$$/cmdline
`,
	"pkg/__init__.py": "",
}

// realScripts are command lines of real interpreters with a probe script.
var realScripts = []string{
	"DIR/probe.rb",
	"ruby DIR/probe.rb",
	"ruby -w -W0 -W:no-deprecated -I DIR -Ilib -rset -r json DIR/probe.rb",
	"ruby -dUC / -E UTF-8:UTF-8 --enable=gems --disable=did_you_mean --encoding=utf-8 -- DIR/probe.rb",
	"ruby --yjit --disable-gems --verbose DIR/probe.rb",
	"ruby --external-encoding=utf-8 --internal-encoding=utf-8 --debug DIR/probe.rb",
	"ruby --enable gems --disable did_you_mean --encoding utf-8 DIR/probe.rb",
	"env ruby -wS DIR/probe.rb",
	"bundle exec ruby -w DIR/probe.rb",
	"rbenv exec ruby DIR/probe.rb",
	"DIR/probe.py",
	"/usr/bin/python3 DIR/probe.py",
	"/usr/bin/python3 -bdsuvBEOOSP -W ignore -X dev -Wdefault -Xutf8 DIR/probe.py",
	"/usr/bin/python3 -sI --check-hash-based-pycs never -- DIR/probe.py",
	"pyenv exec python3 -u DIR/probe.py",
	"DIR/probe.pl",
	"perl -w -I/tmp -Mstrict -mPOSIX -CS DIR/probe.pl",
	"perl -I /tmp -wI DIR DIR/probe.pl",
	"perl -TfU -X -- DIR/probe.pl",
	"DIR/probe.sh",
	"sh DIR/probe.sh",
	"dash -euf DIR/probe.sh",
	"bash -eu -- DIR/probe.sh",
	"nohup sh -e DIR/probe.sh",
}

// Every interpreter is really run: Strip leaves the script and its arguments,
// and the process is the same command as the script alone.
func TestRealInterpreters(t *testing.T) {
	for _, command := range realScripts {
		t.Run(command, func(t *testing.T) {
			dir := shortDir(t)
			writeScripts(t, dir)
			argv := append(strings.Fields(strings.ReplaceAll(command, "DIR", dir)), "-c", "--", "x y")
			_, got := runProbe(t, argv, dir)
			if inner := Strip(argv); !slices.Equal(inner, got.args) {
				t.Errorf("Strip says %q, the script is run as %q", inner, got.args)
			}
			if inner := Strip(got.cmdline); !slices.Equal(inner, got.args) {
				t.Errorf("Strip says %q of %q", inner, got.cmdline)
			}
			if !Same(argv, got.cmdline) {
				t.Errorf("Same denies %q", got.cmdline)
			}
		})
	}
}

// A Python module is the same program as the file that it is found in, which is
// what a server executes when it re-executes itself.
func TestRealModules(t *testing.T) {
	dir := shortDir(t)
	writeScripts(t, dir)
	for _, command := range []string{"-m probe", "-um probe", "-mprobe", "-Bm pkg", "-W ignore -m pkg.sub"} {
		argv := append([]string{"/usr/bin/python3"}, strings.Fields(command)...)
		argv = append(argv, "-c", "--", "x y")
		_, got := runProbe(t, argv, dir)
		again := append([]string{"/usr/bin/python3"}, got.args...)
		_, reexec := runProbe(t, again, dir)
		for _, running := range [][]string{got.cmdline, again, reexec.cmdline} {
			if !Same(argv, running) || !Same(running, argv) {
				t.Errorf("Same denies %q and %q", argv, running)
			}
		}
		other := append([]string{"/usr/bin/python3"}, filepath.Join(dir, "other/__main__.py"), "-c", "--", "x y")
		if Same(argv, other) || Same(again, other) {
			t.Errorf("Same says %q is %q", argv, other)
		}
	}
}

func writeScripts(t *testing.T, dir string) {
	t.Helper()
	if err := os.Mkdir(filepath.Join(dir, "pkg"), 0o700); err != nil {
		t.Fatal(err)
	}
	scripts := map[string]string{"pkg/__main__.py": probeScripts["probe.py"], "pkg/sub.py": probeScripts["probe.py"]}
	for _, m := range []map[string]string{probeScripts, scripts} {
		for name, text := range m {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
				t.Fatal(err)
			}
		}
	}
}
