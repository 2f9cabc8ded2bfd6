package profile

// wrappers lists the programs that are known to run another one. It is constant
// data, so that it costs nothing at start.
//
// Of interpreters, whose command is a script, the options that make them read a
// program from somewhere else, or not run it (-e, -c, -n), are missing. The syntax is that of
// ruby 3.1, Python 3.11, perl 5.36, dash and bash 5.2; GNU coreutils 9.1
// (env, nice, nohup, stdbuf, timeout); util-linux 2.38 (choom, chrt, ionice,
// prlimit, runuser, setpriv, setsid, taskset); sudo 1.9; runit's chpst(8);
// daemontools 0.76 and s6 2.11; dumb-init 1.2 and tini 0.19; Bundler 2.3, rbenv
// and pyenv; and lockshim's own hold.
var wrappers = [...]wrapper{
	{names: "ruby", flags: "dsSUvw", takes: "CEIr", attached: "W",
		long: "debug verbose jit mjit yjit enable= disable= encoding= external-encoding= internal-encoding= " +
			"enable-gems disable-gems enable-frozen-string-literal disable-did_you_mean enable-yjit"},
	{names: "python pypy", flags: "bBdEiIOPqsSuvx", takes: "WX", module: 'm',
		long: "check-hash-based-pycs="},
	{names: "perl", flags: "fsStTUwWX", takes: "I", attached: "CmM"},
	{names: "sh dash bash", flags: "abefhkmpuvxBCEHPT"},

	{names: "env", flags: "iv", takes: "uC", split: 'S', assigns: true, dash: true,
		long: "ignore-environment debug unset= chdir= split-string= block-signal? default-signal? ignore-signal? list-signal-handling"},
	{names: "nice", takes: "n", number: true, long: "adjustment="},
	{names: "nohup"},
	{names: "stdbuf", takes: "ioe", long: "input= output= error="},
	{names: "timeout", flags: "v", takes: "ks", operands: 1, parent: true,
		long: "preserve-status foreground verbose kill-after= signal="},
	{names: "choom", takes: "n", needs: "n adjust", permutes: true, long: "adjust="},
	{names: "chrt", flags: "abdfiorRv", takes: "TPD", operands: 1, number: true,
		long: "all-tasks batch deadline fifo idle other rr reset-on-fork verbose sched-runtime= sched-period= sched-deadline="},
	{names: "ionice", flags: "t", takes: "cn", long: "class= classdata= ignore"},
	{names: "prlimit", attached: "cdefilmnqrstuvxy",
		long: "core? data? nice? fsize? sigpending? memlock? rss? nofile? msgqueue? rtprio? stack? cpu? nproc? as? locks? rttime? verbose noheadings"},
	{names: "runuser", flags: "mpP", takes: "ugGw", needs: "u user", permutes: true, parent: true,
		long: "user= group= supp-group= preserve-environment whitelist-environment= pty"},
	{names: "setpriv",
		long: "nnp no-new-privs ambient-caps= inh-caps= bounding-set= ruid= euid= rgid= egid= reuid= regid= " +
			"clear-groups keep-groups init-groups groups= securebits= pdeathsig= selinux-label= apparmor-profile= reset-env"},
	{names: "setsid", flags: "cfw", long: "ctty fork wait", waits: "w wait"},
	{names: "taskset", flags: "ac", operands: 1, long: "all-tasks cpu-list"},
	{names: "sudo", flags: "AbBEHiknNPsS", takes: "CDgprRtTu", assigns: true, parent: true,
		long: "askpass background bell close-from= chdir= preserve-env? group= set-home login reset-timestamp " +
			"non-interactive no-update preserve-groups prompt= chroot= role= stdin shell type= command-timeout= user="},

	{names: "chpst", flags: "vP012", takes: "uUbe/nlLmdopfct"},
	{names: "setuidgid envuidgid envdir s6-setuidgid", operands: 1},
	{names: "pgrphack"},
	{names: "softlimit s6-softlimit", takes: "acdflmoprst"},
	{names: "setlock", flags: "nNxX", operands: 1},
	{names: "s6-applyuidgid", flags: "zU", takes: "ugG"},
	{names: "s6-envuidgid", flags: "iugBn", takes: "D", operands: 1},
	{names: "s6-envdir", flags: "IinfL", takes: "c", operands: 1},
	{names: "dumb-init", flags: "cv", takes: "r", parent: true, long: "single-child verbose rewrite="},
	{names: "tini tini-static docker-init", flags: "svwg", takes: "pe", permutes: true, parent: true},
	{names: "bundle bundler", verb: "exec", long: "keep-file-descriptors"},
	{names: "rbenv pyenv", verb: "exec"},
	{names: "lockshim", verb: "hold", long: "lock="},
}
