package shim

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/lockshim/lockshim/shim/control"
	"github.com/lockshim/lockshim/shim/event"
	"github.com/lockshim/lockshim/shim/proc"
	"github.com/lockshim/lockshim/shim/profile"
)

// A job is what the loop knows of the upgrade that runs.
type job struct {
	askers     []*control.Request // who waits for the result
	by         string             // who asked
	since      time.Time
	stage      stage // when it was last looked at
	stageSince time.Time

	end     string     // how the new generation's master ended
	reaped  uint64     // what the old master had when it was told: see proc.Process
	crew    []proc.ID  // its workers then
	image   proc.Image // its own then
	asked   bool       // it was told twice
	stunted time.Time  // since when it has waited for a child that no look has seen
	log     *os.File   // the old master's standard error, where that is a file
	logged  int64      // its size then
}

// accept begins a job.
func (m *machine) accept(r *control.Request) {
	now := time.Now()
	m.job = job{by: "a signal", since: now, stageSince: now}
	if r != nil {
		m.job.by = fmt.Sprintf("pid %d", r.Peer().PID)
		m.job.askers = []*control.Request{r}
	}
}

// refuse answers who asks for what cannot be now.
func (m *machine) refuse(a action) {
	err := a.err
	if !errors.Is(err, profile.ErrNoOperation) { // which says what cannot be done itself
		err = fmt.Errorf("cannot upgrade %s: %w", m.cfg.Lock, err)
	}
	if m.state.upgrade.stage != noUpgrade {
		err = fmt.Errorf("%w: %s asked for it at %s", err, m.job.by, m.job.since.Format(time.RFC3339))
	}
	if a.asker == nil {
		m.emit(event.Event{Kind: event.Ignored, Signal: a.signal, Err: err})
		return
	}
	a.asker.Fail(codeOf(err), err)
}

// observes notes what tells later that a new generation has come and gone unseen,
// and where it will write.
func (m *machine) observes() {
	lead := m.resolve(current, 0)
	if len(lead) == 0 {
		return
	}
	m.job.image = lead[0].Image
	m.job.reaped, m.job.crew = lead[0].Reaped, m.crew(lead[0].ID)
	m.job.log, m.job.logged = openLog(lead[0].PID)
}

// crew lists the workers of a master.
func (m *machine) crew(master proc.ID) []proc.ID {
	var crew []proc.ID
	for _, g := range m.view.Generations {
		if !g.Leaderless && g.Master.ID == master {
			for _, w := range g.Workers {
				crew = append(crew, w.ID)
			}
		}
	}
	return crew
}

// stuntedTime is how long a new generation may be out of sight after the old
// master has waited for a child: it may be a launcher's.
const stuntedTime = time.Second

// stunted reports whether the server's new generation ended before a look found
// it: the old master has waited for a child, and has the workers that it had.
func (m *machine) stunted() bool {
	lead := m.resolve(current, 0)
	if m.state.upgrade.stage != coming || len(lead) == 0 || lead[0].Reaped == m.job.reaped {
		return false
	}
	if crew := m.crew(lead[0].ID); !slices.Equal(crew, m.job.crew) {
		m.job.reaped, m.job.crew, m.job.stunted = lead[0].Reaped, crew, time.Time{}
		return false
	}
	if m.job.stunted.IsZero() {
		m.job.stunted = time.Now()
	}
	return time.Since(m.job.stunted) >= stuntedTime
}

// openLog opens what a master writes its errors to, where that is a file, and
// tells how long it is. Elsewhere, as in a pipe, only the reader has it.
func openLog(pid int) (*os.File, int64) {
	path := "/proc/" + strconv.Itoa(pid) + "/fd/2"
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return nil, 0
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, 0
	}
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		file.Close()
		return nil, 0
	}
	return file, size
}

// lastWritten is what was written there since: how it begins, and how it ends.
func (j *job) lastWritten() []string {
	if j.log == nil {
		return nil
	}
	end, err := j.log.Seek(0, io.SeekEnd)
	if err != nil || end <= j.logged {
		return nil
	}
	text := make([]byte, min(end-j.logged, tailSize))
	n, _ := j.log.ReadAt(text, j.logged)
	all := lines(text[:n])
	if end-j.logged > tailSize {
		n, _ = j.log.ReadAt(text, end-tailSize)
		all = append(all, lines(text[:n])...)
	}
	return outline(all)
}

// outline is the beginning and the end of an output: the one or the other says what
// went wrong.
func outline(all []string) []string {
	if len(all) <= outputLines {
		return all
	}
	return slices.Concat(all[:outputLines/2], []string{"..."}, all[len(all)-outputLines/2:])
}

// staged notes when the upgrade's stage last changed, and looks at what is to come
// of it.
func (m *machine) staged() {
	if stage := m.state.upgrade.stage; stage != m.job.stage {
		m.job.stage, m.job.stageSince = stage, time.Now()
		m.poll()
	}
}

// tellUpgrade emits an event of an upgrade.
func (m *machine) tellUpgrade(e event.Event) {
	switch e.Kind {
	case event.NotReady:
		e.Generation, e.Err = m.newest(), errNotReady
	case event.UpgradeFailed:
		e.Generation, e.Output = m.newest(), m.job.lastWritten()
		if m.job.end != "" {
			e.Err = fmt.Errorf("%w: %s", e.Err, m.job.end)
		}
	case event.Upgrading:
		m.observes()
	}
	if i := m.indexOf(e.Generation); i >= 0 {
		e.PID = m.known[i].Master.PID
	}
	m.emit(e)
	if e.Kind == event.UpgradeFailed {
		m.concludes(m.upgradeError(e.Err))
	}
}

// upgradeError is why an upgrade failed. One that was not to be begun has not.
func (m *machine) upgradeError(why error) error {
	if errors.Is(why, ErrBusy) {
		return fmt.Errorf("cannot upgrade %s: %w", m.cfg.Lock, why)
	}
	return &namedError{fmt.Sprintf("cannot upgrade %s: %v", m.cfg.Lock, why), []error{ErrUpgrade, why}}
}

// concludes answers who asked for an upgrade. The event that tells of its end is
// out by then.
func (m *machine) concludes(err error) {
	for _, r := range m.job.askers {
		if err != nil {
			r.Fail(codeOf(err), err)
		} else {
			r.Reply(m.status())
		}
	}
	if m.job.log != nil {
		m.job.log.Close()
	}
	m.job, m.upgraded, m.failure = job{}, true, err
}

// mourns notes how the master of a new generation ended. One that executed itself
// anew in place may have ended before a look showed the new image.
func (m *machine) mourns(number, code int) {
	u := m.state.upgrade
	unseen := m.rules.profile.InPlace && u.stage == coming
	if u.stage != noUpgrade && (number > u.old || unseen) && code != unknown {
		m.job.end = ending(code)
	}
}

// follows lets who asked for an upgrade see what happens.
func (m *machine) follows(e event.Event) {
	for _, r := range m.job.askers {
		_ = r.Progress(e) // who does not listen gets the result all the same
	}
}

// runPreflight starts the operator's command, and tells step how it ended.
func (m *machine) runPreflight() {
	m.help(m.cfg.Preflight, func(err error) {
		if err != nil {
			err = fmt.Errorf("%w: %s: %w", ErrPreflight, proc.Printable(m.cfg.Preflight), err)
		}
		m.pending = append(m.pending, input{kind: checked, err: err})
	})
}

// answerUpgrade and answerCancel let step decide.
func (m *machine) answerUpgrade(r *control.Request) {
	m.pending = append(m.pending, input{kind: wanted, asker: r})
}

func (m *machine) answerCancel(r *control.Request) {
	m.pending = append(m.pending, input{kind: cancelled, asker: r})
}

// pidsOf lists pids.
func pidsOf(processes []proc.Process) []int {
	pids := []int{}
	for _, p := range processes {
		pids = append(pids, p.PID)
	}
	return pids
}
