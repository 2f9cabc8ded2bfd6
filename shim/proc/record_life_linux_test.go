package proc

import (
	"syscall"
	"testing"
)

// TestRecordLife records the whole life of Unicorn and of Gunicorn.
func TestRecordLife(t *testing.T) {
	for _, v := range []server{unicorn(), gunicorn()} {
		v.extra = map[string]string{"unicorn": unicornStrays, "gunicorn": gunicornStrays}[v.name]
		t.Run(v.name, func(t *testing.T) { recordLife(t, v, v.name, 2) })
		t.Run(v.name+"-daemon", func(t *testing.T) { recordLife(t, v.background(), v.name+"-daemon", 2) })
		v.extra = ""
		t.Run(v.name+"-one-worker", func(t *testing.T) { recordLife(t, v, v.name+"-one-worker", 1) })
		t.Run(v.name+"-daemon-one-worker", func(t *testing.T) { recordLife(t, v.background(), v.name+"-daemon-one-worker", 1) })
		t.Run(v.name+"-fixed", func(t *testing.T) { recordLife(t, v.below("setarch", "-R"), v.name+"-fixed", 2) })
		v.preload = true
		t.Run(v.name+"-preload", func(t *testing.T) { recordLife(t, v, v.name+"-preload", 2) })
	}
}

// recordLife takes a server through all that can happen to its masters.
func recordLife(t *testing.T, v server, name string, workers int) {
	v.need(t)
	r := record(t, name)
	v.files(v, r.service, workers)
	r.gate("config")
	r.launchAs(v.command...)
	r.at("config", "booting")
	if v.extra != "" {
		r.untilPID("stray ")
		r.untilPID("copy ")
	}
	r.generation(workers)
	r.shoot("serving")
	r.kill(r.master, syscall.SIGHUP)
	r.generation(workers)
	r.shoot("reloaded")
	r.firstUpgrade(v, workers)
	r.lostMasters(v, workers)
}

// firstUpgrade stops at every step of an upgrade.
func (r *recorder) firstUpgrade(v server, workers int) {
	old := r.master
	for _, gate := range []string{"before_exec", "config", "before_fork"} {
		r.gate(gate)
	}
	r.kill(old, syscall.SIGUSR2)
	r.at("before_exec", "forked, not yet executed")
	r.at("config", "executed, reading its configuration")
	r.at("before_fork", "new master without a worker")
	r.generation(workers)
	r.shoot("two generations")
	r.quit(v, old)
	r.shoot("upgraded")
}

// lostMasters kills masters: the new one of an upgrade, the old one of the next
// upgrade, and the only one.
func (r *recorder) lostMasters(v server, workers int) {
	old, mine := r.master, r.workers
	r.upgrade(workers)
	r.shoot("two generations again")
	r.lose(r.master, r.workers, "new master killed")
	r.master = old
	r.upgrade(workers)
	r.shoot("third attempt")
	r.lose(old, mine, "old master killed")
	r.lose(r.master, r.workers, "only master killed")
}

// lose kills a master and looks while its workers live: they are stopped, as
// they may end at once when they notice.
func (r *recorder) lose(master int, workers []int, moment string) {
	r.t.Helper()
	for _, pid := range workers {
		r.kill(pid, syscall.SIGSTOP)
	}
	r.kill(master, syscall.SIGKILL)
	r.gone(master)
	r.shoot(moment)
	for _, pid := range workers {
		r.kill(pid, syscall.SIGCONT)
	}
	r.gone(workers...)
}
