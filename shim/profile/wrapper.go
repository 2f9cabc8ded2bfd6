package profile

import (
	"path"
	"slices"
	"strings"
)

// A wrapper is the syntax of a program that runs another one: of a chain-loader,
// or of an interpreter, whose command is a script. Only what can stand before a
// command is listed; an option that is missing here ends the reading.
type wrapper struct {
	names    string // base names, separated by spaces; a version may follow
	verb     string // the first argument, as in bundle exec
	flags    string // short options without an argument
	takes    string // short options with an argument, attached or the next one
	attached string // short options whose argument, if any, is attached
	long     string // long options: x, x= (argument needed), x? (allowed after =)
	needs    byte   // the short option without which there is no command
	operands int    // arguments between the options and the command
	assigns  bool   // NAME=VALUE may precede the command
	dash     bool   // a lone - may precede the command
	module   byte   // the short option that names a module in place of a script
	split    byte   // the short option whose argument is a command in one string
	number   bool   // -10 is an option, the first operand if any is a number
	parent   bool   // it stays as the parent of the command
	waits    string // the options with which it stays as the parent
}

// Wrapper says whether argv runs a program that stays, or may stay, as the
// parent of the command that it was given: sudo, timeout, tini. Such a process
// has the command line of the server, Strip says, and is not the server.
//
// It is false for chain-loaders such as env, chpst and bundle exec, which become
// the command, and for programs that it does not know.
func Wrapper(argv []string) bool {
	if len(argv) == 0 {
		return false
	}
	if slices.Contains([]string{"su", "sudo", "sudoedit"}, path.Base(argv[0])) {
		return true
	}
	w, ok := findWrapper(argv[0])
	if !ok {
		return false
	}
	if w.parent || w.waits == "" {
		return w.parent
	}
	r := reading{w: w, args: argv[1:]}
	return r.options() && r.waits
}

// unwrap takes the outermost wrapper from argv, once.
func unwrap(argv []string) ([]string, bool) {
	if len(argv) < 2 {
		return nil, false
	}
	w, ok := findWrapper(argv[0])
	if !ok {
		return nil, false
	}
	r := reading{w: w, args: argv[1:]}
	if !r.options() || !r.settings() || !r.command() {
		return nil, false
	}
	return r.args, true
}

// findWrapper finds the syntax of the program that arg0 names.
func findWrapper(arg0 string) (wrapper, bool) {
	base := path.Base(arg0)
	for _, w := range wrappers() {
		names := strings.Fields(w.names)
		if slices.Contains(names, base) || slices.Contains(names, unversioned(base)) {
			return w, true
		}
	}
	return wrapper{}, false
}

// wrappers lists the programs that are known to run another one.
func wrappers() []wrapper {
	return slices.Concat(interpreters(), coreWrappers(), daemonWrappers())
}

// interpreters have a script for a command. Options that make them read a
// program from somewhere else (-e, -c, -n) are not listed.
func interpreters() []wrapper {
	return []wrapper{
		{names: "ruby", flags: "dsSUvw", takes: "CEIr", attached: "W",
			long: "debug verbose jit mjit yjit enable= disable= encoding= external-encoding= internal-encoding= " +
				"enable-gems disable-gems enable-frozen-string-literal disable-did_you_mean enable-yjit"},
		{names: "python pypy", flags: "bBdEiIOPqsSuvx", takes: "WX", module: 'm',
			long: "check-hash-based-pycs="},
		{names: "perl", flags: "fsStTuUwWX", attached: "CImM"},
		{names: "sh dash bash", flags: "abefhkmnptuvxBCEHPT"},
	}
}

// coreWrappers come with GNU coreutils, util-linux and sudo: env(1), nice(1),
// nohup(1), stdbuf(1), timeout(1); choom(1), chrt(1), ionice(1), prlimit(1),
// runuser(1), setpriv(1), setsid(1), taskset(1); sudo(8).
func coreWrappers() []wrapper {
	return []wrapper{
		{names: "env", flags: "iv", takes: "uC", split: 'S', assigns: true, dash: true,
			long: "ignore-environment debug unset= chdir= split-string= block-signal? default-signal? ignore-signal? list-signal-handling"},
		{names: "nice", takes: "n", number: true, long: "adjustment="},
		{names: "nohup"},
		{names: "stdbuf", takes: "ioe", long: "input= output= error="},
		{names: "timeout", flags: "v", takes: "ks", operands: 1, parent: true,
			long: "preserve-status foreground verbose kill-after= signal="},
		{names: "choom", takes: "n", needs: 'n', long: "adjust="},
		{names: "chrt", flags: "abdfiorRv", takes: "TPD", operands: 1, number: true,
			long: "all-tasks batch deadline fifo idle other rr reset-on-fork verbose sched-runtime= sched-period= sched-deadline="},
		{names: "ionice", flags: "t", takes: "cn", long: "class= classdata= ignore"},
		{names: "prlimit", attached: "cdefilmnqrstuvxy",
			long: "core? data? nice? fsize? sigpending? memlock? rss? nofile? msgqueue? rtprio? stack? cpu? nproc? as? locks? rttime? verbose noheadings"},
		{names: "runuser", flags: "mpP", takes: "ugGw", needs: 'u', parent: true,
			long: "user= group= supp-group= preserve-environment whitelist-environment= pty"},
		{names: "setpriv",
			long: "nnp no-new-privs ambient-caps= inh-caps= bounding-set= ruid= euid= rgid= egid= reuid= regid= " +
				"clear-groups keep-groups init-groups groups= securebits= pdeathsig= selinux-label= apparmor-profile= reset-env"},
		{names: "setsid", flags: "cfw", long: "ctty fork wait", waits: "w wait"},
		{names: "taskset", flags: "ac", operands: 1, long: "all-tasks cpu-list"},
		{names: "sudo", flags: "AbBEHiknNPsS", takes: "CDgprRtTu", assigns: true, parent: true,
			long: "askpass background bell close-from= chdir= preserve-env? group= set-home login reset-timestamp " +
				"non-interactive no-update preserve-groups prompt= chroot= role= stdin shell type= command-timeout= user="},
	}
}

// daemonWrappers come with runit, daemontools, s6, dumb-init and tini, with
// Bundler, rbenv and pyenv, and with lockshim.
func daemonWrappers() []wrapper {
	return []wrapper{
		{names: "chpst", flags: "vP012", takes: "uUbe/nlLmdopfct"},
		{names: "setuidgid envuidgid envdir s6-setuidgid s6-envuidgid", operands: 1},
		{names: "pgrphack"},
		{names: "softlimit s6-softlimit", takes: "acdflmoprst"},
		{names: "setlock", flags: "nNxX", operands: 1},
		{names: "s6-applyuidgid", flags: "zU", takes: "ugG"},
		{names: "s6-envdir", flags: "IinfL", takes: "c", operands: 1},
		{names: "dumb-init", flags: "cv", takes: "r", parent: true, long: "single-child verbose rewrite="},
		{names: "tini tini-static docker-init", flags: "svwg", takes: "pe", parent: true},
		{names: "bundle bundler", verb: "exec", long: "keep-file-descriptors"},
		{names: "rbenv pyenv", verb: "exec"},
		{names: "lockshim", verb: "hold", long: "lock="},
	}
}
