package main

import (
	"fmt"
	"os/exec"
)

// A peer is a program that stands between an init system and a server.
type peer struct {
	name string
	// argv is its command line for the server with these arguments; lock is a
	// file of this peer alone.
	argv  func(lock string, server ...string) []string
	needs string // a program, "" for none
	slow  bool   // it polls: a few runs must do

	exit, start, rest bool // the topics that it is in
}

// The names that tables take ratios to.
const (
	limitName  = "a parent waits for the server itself"
	flockName  = "`sh -c '…; flock -x 0 < lock'`"
	bareName   = "bare Go in flock(2)"
	shellName  = "`sh -c`"
	dumbName   = "dumb-init"
	tiniName   = "tini"
	shimName   = "**lockshim**"
	directName = "none"
)

// peers are all that are installed.
func (b *bench) peers() []peer {
	all := []peer{
		{name: limitName, argv: plain(), exit: true},
		{name: directName, argv: plain(), start: true},
		{name: flockName, argv: script("%s; flock -x 0 < %s; exit"), needs: "flock", exit: true, rest: true},
		{name: "`sh -c '…; exec flock -x 0 < lock'`", argv: script("%s; exec flock -x 0 < %s"), needs: "flock", exit: true, rest: true},
		{name: "C in flock(2)", argv: waiter(b.cWait), exit: true, start: true, rest: true},
		{name: bareName, argv: waiter(b.goWait), exit: true, start: true, rest: true},
		{name: "fghack", argv: daemon("fghack"), needs: "fghack", exit: true},
		{name: "s6-fghack", argv: daemon("s6-fghack"), needs: "s6-fghack", exit: true},
		{name: shellName, argv: shell, start: true},
		{name: dumbName, argv: plain("dumb-init"), needs: "dumb-init", exit: true, start: true, rest: true},
		{name: tiniName, argv: plain("tini", "-s", "--"), needs: "tini", exit: true, start: true, rest: true},
		{name: "catatonit", argv: plain("catatonit", "--"), needs: "catatonit", exit: true, start: true, rest: true},
		{name: "pidproxy", argv: pidproxy, needs: "pidproxy", slow: true, exit: true, start: true, rest: true},
		{name: shimName, argv: b.lockshim, exit: true, start: true, rest: true},
	}
	var here []peer
	for _, p := range all {
		if _, err := exec.LookPath(p.needs); p.needs == "" || err == nil {
			here = append(here, p)
		} else {
			note("without %s: %v", p.name, err)
		}
	}
	return here
}

// plain puts words before the server.
func plain(words ...string) func(string, ...string) []string {
	return func(_ string, server ...string) []string {
		return append(append([]string{}, words...), server...)
	}
}

// daemon is plain, with a server that daemonizes and takes the lock itself.
func daemon(words ...string) func(string, ...string) []string {
	return func(lock string, server ...string) []string {
		return append(plain(words...)("", server...), "lock="+lock)
	}
}

// script is the recipe that people use: a server that daemonizes and takes the
// lock itself, then flock(1).
func script(format string) func(string, ...string) []string {
	return func(lock string, server ...string) []string {
		return []string{"sh", "-c", fmt.Sprintf(format, words(server)+" lock="+lock, lock)}
	}
}

// shell stays between, as a shell does that has something to do after the
// server; with the server as its last command it would execute that in its own
// place.
func shell(_ string, server ...string) []string {
	return []string{"sh", "-c", words(server) + "; exit"}
}

func waiter(path string) func(string, ...string) []string {
	return func(lock string, server ...string) []string {
		return append([]string{path, lock}, server...)
	}
}

func pidproxy(lock string, server ...string) []string {
	return append(append([]string{"pidproxy", lock}, server...), "pidfile="+lock)
}

func (b *bench) lockshim(lock string, server ...string) []string {
	return append([]string{b.shims, "run", "--lock", lock, "--"}, server...)
}

// words joins arguments for a shell. Those of the server have no character that
// a shell looks at.
func words(args []string) string {
	line := ""
	for i, a := range args {
		if i > 0 {
			line += " "
		}
		line += a
	}
	return line
}

// with are the peers that a topic asks for.
func with(peers []peer, wanted func(peer) bool) []peer {
	var some []peer
	for _, p := range peers {
		if wanted(p) {
			some = append(some, p)
		}
	}
	return some
}
