package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/hooks"
	"github.com/lockshim/lockshim/shim/proc"
)

// unicorn is the server that the topic upgrade upgrades: it has to be a real one.
const unicorn = "/usr/bin/unicorn"

// upgrades is how often each way is measured.
const upgrades = 20

// upgradeConfig stamps when a worker is ready. The hook says so too.
const upgradeConfig = `
worker_processes 1
listen %q
stderr_path "/dev/null"
after_worker_ready { |server, worker| File.open(%q, "a") { |f| f.syswrite([$$, Process.clock_gettime(Process::CLOCK_MONOTONIC, :nanosecond)].pack("QQ")) } }
require %q
Lockshim.hook(self)
`

// upgrade prints what the verb adds to the server's own boot and drain.
func (b *bench) upgrade() error {
	if _, err := os.Stat(unicorn); err != nil {
		note("upgrade needs the package unicorn")
		return nil
	}
	lock := b.path("upgrade.lock")
	worker, err := b.beginUnicorn(lock)
	if err != nil {
		return err
	}
	ways := []func(lock string, worker int) (int, error){b.upgradeByHand, b.upgradeByVerb}
	took := make([]series, len(ways))
	for range upgrades {
		for i, upgrade := range ways {
			began := clock()
			if worker, err = upgrade(lock, worker); err != nil {
				return err
			}
			took[i] = append(took[i], clock()-began)
			time.Sleep(b.settle)
		}
	}
	t := newTable("an upgrade of Unicorn", "median ms", "p99 ms", "added ms")
	for i, name := range []string{"by hand: USR2, and QUIT once a worker is ready, until the old master has ended", "`lockshim upgrade`, with `--ready notify`"} {
		t.row(name, millis(took[i].median()), millis(took[i].p99()), millis(took[i].median()-took[0].median()))
	}
	t.print(fmt.Sprintf("Of %d each, in turns. The start and the end of the command are in the second one.", upgrades))
	return exec.Command(b.shims, "stop", lock).Run()
}

// beginUnicorn starts it under lockshim, and returns its worker.
func (b *bench) beginUnicorn(lock string) (worker int, err error) {
	hook, err := hooks.Get("unicorn")
	if err != nil {
		return 0, err
	}
	err = errors.Join(
		os.WriteFile(b.path("hook.rb"), hook, 0o600),
		os.WriteFile(b.path("config.ru"), []byte("run lambda { |env| [200, {}, []] }\n"), 0o600),
		os.WriteFile(b.path("unicorn.rb"), fmt.Appendf(nil, upgradeConfig, b.path("socket"), b.fifo, b.path("hook.rb")), 0o600))
	if err != nil {
		return 0, err
	}
	l, err := b.begin([]string{b.shims, "run", "--lock", lock, "--quiet", "--ready", "notify", "--", unicorn, "-c", b.path("unicorn.rb"), b.path("config.ru")})
	return l.server, err
}

// upgradeByHand is what people do without lockshim.
func (b *bench) upgradeByHand(_ string, worker int) (int, error) {
	w, err := proc.Find(worker)
	if err != nil {
		return 0, err
	}
	p, err := proc.Find(w.PPID)
	if err != nil {
		return 0, err
	}
	old, err := proc.Open(p.ID)
	if err != nil {
		return 0, err
	}
	defer old.Close()
	if err := old.Signal(unix.SIGUSR2); err != nil {
		return 0, err
	}
	next, _, err := b.stamp()
	return next, errors.Join(err, old.Signal(unix.SIGQUIT), old.Wait())
}

// upgradeByVerb lets lockshim do it.
func (b *bench) upgradeByVerb(lock string, _ int) (int, error) {
	if err := exec.Command(b.shims, "upgrade", lock).Run(); err != nil {
		return 0, fmt.Errorf("cannot upgrade: %w", err)
	}
	next, _, err := b.stamp()
	return next, err
}
