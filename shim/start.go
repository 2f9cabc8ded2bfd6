package shim

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/lockshim/lockshim/shim/event"
	"github.com/lockshim/lockshim/shim/flock"
	"github.com/lockshim/lockshim/shim/proc"
	"github.com/lockshim/lockshim/shim/profile"
)

// Run launches the server, or adopts the one that runs, and returns when the
// last generation is gone, with its master's exit status: the code, or 128 and
// the number of the signal. An adopted master whose status the kernel does not
// tell counts as 0 after a stop that was asked for, and as 1 otherwise.
//
// When it returns with a nil error the process has the exclusive lock, unless a
// foreign process holds the shared one, and keeps it until it exits: exit at
// once, so that the next shim follows a finished one. The locks, the subreaper
// attribute and some goroutines last as long as the process: one call of Run a
// process, and no other children beside it, which it would reap.
//
// Errors mean that nothing was launched or adopted, but for those of a launch
// after Replace. LockedError: another shim has the service, or a running tree
// and Refuse, or a holder that cannot be seen. ErrNotFound, ErrCannotExecute:
// the command. ErrPidfile. Those of flock.Open. errors.ErrUnsupported: no
// Linux. All else wraps a syscall.Errno.
//
// Run follows flock(2), prctl(2), wait(2) and proc(5).
func Run(cfg Config) (code int, err error) {
	m := newMachine(cfg)
	defer m.closeRelay()
	defer m.unserve()
	if err := m.start(); err != nil {
		return 0, err
	}
	code, err = m.loop()
	if cfg.Pidfile != "" {
		if rmErr := removePidfile(cfg.Pidfile); rmErr != nil {
			m.emit(event.Event{Kind: event.Trouble, Err: rmErr})
		}
	}
	return code, err
}

// newMachine fills in what cfg leaves open.
func newMachine(cfg Config) *machine {
	if cfg.IfRunning == "" {
		cfg.IfRunning = Adopt
	}
	if cfg.Strays == "" {
		cfg.Strays = KillStrays
	}
	if cfg.LockMode == 0 {
		cfg.LockMode = 0o640
	}
	cfg.Command = byPath(cfg.Profile, cfg.Command)
	return &machine{
		cfg:     cfg,
		rules:   stepRules(cfg),
		sys:     realSystem(),
		began:   time.Now(),
		facts:   make(chan fact),
		left:    make(chan bool, 1),
		told:    make(map[int]bool),
		watched: make(map[proc.ID]bool),
	}
}

// stepRules is what step is told of cfg.
func stepRules(cfg Config) rules {
	r := rules{profile: cfg.Profile, strays: cfg.Strays, preflight: cfg.Preflight != "", readyTimeout: timeout(cfg.ReadyTimeout)}
	if cfg.Ready.Check == profile.ReadyAuto {
		r.trial = trialTime
	}
	return r
}

// start follows the design's steps up to the wait.
func (m *machine) start() error {
	_, err := LookPath(m.cfg.Command[0])
	if err != nil && m.cfg.IfRunning != Adopt {
		return err
	}
	if err := becomeSubreaper(); err != nil {
		return err
	}
	m.holding = true
	if err := m.openGuarded(); err != nil {
		return err
	}
	m.exe = proc.Program(m.cfg.Command)
	running, err := m.anybody()
	if err != nil {
		return err
	}
	if err := m.writePidfile(); err != nil {
		return err
	}
	return m.begin(running)
}

// begin adopts what runs, or launches.
func (m *machine) begin(running bool) error {
	m.state = state{lock: asked, code: unknown}
	m.openUpstream()
	m.openRelay()
	m.serve() // before anything is told: who hears of it may ask
	if !running || m.cfg.IfRunning == Replace {
		m.release()
	}
	switch {
	case !running:
		if err := m.launch(); err != nil {
			m.dropPidfile()
			return err
		}
	case m.cfg.IfRunning == Replace:
		m.state.adopted, m.state.replace = true, true
		m.watch()
		next, actions := m.rules.stop(m.state, m.rules.profile.Stop)
		m.state = next
		m.do(actions)
	default:
		m.adopt()
	}
	go m.await(m.own)
	m.begins()
	return nil
}

// patience is how long a start waits for what a dying shim has yet to let go
// of: a child that it forked holds a copy of the guard until its exec.
const (
	patience = time.Second
	interval = 20 * time.Millisecond
)

// eventually asks until the answer is yes, an error, or patience ends.
func eventually(ask func() (bool, error)) (bool, error) {
	for end := time.Now().Add(patience); ; time.Sleep(interval) {
		ok, err := ask()
		if ok || err != nil || time.Now().After(end) {
			return ok, err
		}
	}
}

// openGuarded opens the lockfile, takes the guard, and makes sure that the path
// still names what it guards.
func (m *machine) openGuarded() error {
	create := &flock.Create{Mode: m.cfg.LockMode, UID: m.cfg.LockUID, GID: m.cfg.LockGID}
	ok, err := eventually(func() (bool, error) {
		own, err := flock.Open(m.cfg.Lock, create)
		if err != nil {
			return false, err
		}
		guarded, err := own.Guard()
		if guarded && err == nil {
			guarded, err = own.Named()
		}
		if !guarded || err != nil {
			return false, errors.Join(err, own.Close())
		}
		m.own, m.files = []*flock.File{own}, []proc.FileID{own.ID()}
		return true, nil
	})
	if err == nil && !ok {
		return m.whoGuards()
	}
	return err
}

// whoGuards is the error that names the other shim.
func (m *machine) whoGuards() error {
	own, err := flock.Open(m.cfg.Lock, nil)
	if err != nil {
		return err
	}
	defer own.Close()
	m.files = []proc.FileID{own.ID()}
	if err := m.see(true); err != nil {
		return err
	}
	return m.locked(m.view.Shims, true)
}

// locked is the error that names the first of those who have the service.
func (m *machine) locked(by []proc.Process, shim bool) error {
	e := &LockedError{Lock: m.cfg.Lock, Shim: shim}
	for _, p := range by {
		if p.PID != os.Getpid() {
			e.PID, e.Since, e.Command = p.PID, p.Started(), p.Title()
			break
		}
	}
	return e
}

// anybody looks over all processes for the service, the lock held or free, and
// says whether a master or a worker of it lives.
func (m *machine) anybody() (bool, error) {
	if err := m.seeTwice(); err != nil {
		return false, err
	}
	if len(m.view.Shims) > 1 { // one is this one: the other's lockfile was deleted
		return false, m.locked(m.view.Shims, true)
	}
	if err := m.follow(); err != nil {
		return false, err
	}
	servers := m.view.Servers()
	if len(servers) > 0 && m.cfg.IfRunning == Refuse {
		if masters := m.view.Masters(); len(masters) > 0 {
			servers = masters[len(masters)-1:]
		}
		return true, m.locked(servers, false)
	}
	if len(servers) == 0 {
		return false, m.nobodyHidden()
	}
	return true, nil
}

// follow opens the files that members have locked and the path does not name any
// more, to wait for them too. Who guards one of them has the service.
func (m *machine) follow() error {
	for _, lost := range m.lost {
		if slices.Contains(m.files, lost.File) {
			continue
		}
		f, err := flock.OpenLost(m.cfg.Lock, lost.PID, lost.FD, lost.File)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESTALE) {
			continue // its holder has ended; another one is in the list, or none is left
		}
		if err != nil {
			return err
		}
		m.own, m.files = append([]*flock.File{f}, m.own...), append(m.files, lost.File)
		guarded, err := f.Guard()
		if err != nil {
			return err
		}
		if !guarded {
			return m.locked(m.view.Shims, true)
		}
	}
	return nil
}

// named is the lockfile that the path named when it was opened.
func (m *machine) named() *flock.File { return m.own[len(m.own)-1] }

// nobodyHidden makes sure that the lock's holders have been seen: one that
// cannot be might be the service, and a launch would make a second tree.
func (m *machine) nobodyHidden() error {
	holders := len(m.view.Foreign) + len(m.view.Strays) + len(m.view.Members)
	if holders > 0 {
		return nil
	}
	free, err := eventually(m.named().TryWait)
	if err == nil && !free {
		return m.locked(nil, false)
	}
	return errors.Join(err, m.named().Release())
}
