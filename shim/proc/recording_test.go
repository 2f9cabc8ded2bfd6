package proc

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"

	"github.com/lockshim/lockshim/shim/profile"
)

// A recording is what was seen of a real server under a shim, from its launch
// on. Paths are those of a service in /srv/app with the lockfile /run/web.lock;
// all else is as it was.
type recording struct {
	Profiles []string `json:"profiles,omitempty"` // to replay it with; none: that of the command
	Command  []string `json:"command"`
	Exe      string   `json:"exe"` // what Program says of it
	Shim     int      `json:"shim"`
	launch
	Moments []moment `json:"moments"`
}

// A launch is what a shim knows at that moment.
type launch struct {
	Launched ID    `json:"launched"`
	Image    Image `json:"image"`
}

// A moment is one snapshot, and which children of the shim had ended since the
// last one, in that order.
type moment struct {
	Name  string `json:"name"`
	Ended []end  `json:"ended,omitempty"`
	Snapshot
}

// An end is how a child of the shim ended.
type end struct {
	PID  int `json:"pid"`
	Code int `json:"code"` // or 128 and the signal
}

// readRecording reads a file of testdata.
func readRecording(name string) (rec recording, err error) {
	text, err := os.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(text, &rec)
	}
	return rec, err
}

// save writes it with one process a line, so that changes can be read.
func (rec recording) save(name string) error {
	text, err := json.Marshal(rec)
	if err != nil {
		return err
	}
	for _, before := range []string{`{"pid":`, `{"name":`, `"moments":`} {
		text = bytes.ReplaceAll(text, []byte(before), []byte("\n"+before))
	}
	for _, whole := range []string{`"launched":`, `"ended":[`} {
		text = bytes.ReplaceAll(text, []byte(whole+"\n"), []byte(whole))
	}
	return os.WriteFile(name, append(text, '\n'), 0o644)
}

// orphaned is the snapshot as it would be without the shim: what that was the
// parent of descends from init.
func (rec recording) orphaned(s Snapshot) Snapshot {
	var left Snapshot
	for _, p := range s.Processes {
		if p.PID == rec.Shim {
			continue
		}
		if p.PPID == rec.Shim {
			p.PPID = 1
		}
		left.Processes = append(left.Processes, p)
	}
	return left
}

// session is the one that the shim launched the server in: its own.
func (rec recording) session(s Snapshot) int {
	i := indexPID(s.Processes, rec.Shim)
	return s.Processes[i].Session
}

// kind is the profile that a shim of this command line has.
func kind(t failer, name string, command []string) profile.Profile {
	if name == "" {
		return profile.Recognise(command)
	}
	p, err := profile.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

type failer interface{ Fatal(...any) }

// A memory is what a live shim knows of its generations: that of package shim,
// see its remember, forgetLeader and launchedAs.
type memory struct {
	known []Known
}

// begins is the memory of a shim that has just launched.
func begins(rec recording) *memory {
	return &memory{known: []Known{{Number: 1, Image: rec.Image, Master: rec.Launched}}}
}

// ends takes in the ends before a moment. A master that ended with 0 may have
// been a launcher.
func (m *memory) ends(ends []end) {
	for _, e := range ends {
		for i := range m.known {
			if m.known[i].Master.PID == e.PID && e.Code == 0 {
				m.known[i].Master = ID{}
			}
		}
	}
}

// takesIn remembers a view.
func (m *memory) takesIn(v View, p profile.Profile) {
	for _, g := range v.Generations {
		i := slices.IndexFunc(m.known, func(k Known) bool { return k.Number == g.Number })
		if i < 0 {
			i = len(m.known)
			m.known = append(m.known, Known{Number: g.Number})
		}
		k := &m.known[i]
		if g.Image.Known() {
			k.Image = g.Image
		}
		k.Served = k.Served || g.Served(p)
		k.Ready = k.Ready || !g.Leaderless
		if !g.Leaderless {
			k.Master, k.Args = g.Master.ID, g.Master.Args
		}
	}
}

// guess is what package shim's inspect.go finds out of a tree without a shim:
// the first member that is a server of a known kind names the profile; with
// none, the oldest member is the server, unless a server must have been its
// parent.
func guess(s Snapshot) Rules {
	var oldest Process
	for _, p := range s.Processes {
		if p.Zombie() || !p.Marked && !p.Shared {
			continue
		}
		if found, ok := kindOf(p); ok {
			return Rules{Profile: found}
		}
		if p.Marked && !p.Held && !profile.Tracker(p.Args) && (oldest.PID == 0 || p.Start < oldest.Start) {
			oldest = p
		}
	}
	r := Rules{Command: oldest.Args}
	r.Profile, _ = profile.Lookup(generic)
	if profile.Spawned(oldest.Args) {
		r.Profile.Spawns, r.Command = true, nil
	}
	return r
}

// kindOf recognises a server by its title or its command line.
func kindOf(p Process) (profile.Profile, bool) {
	for _, known := range profile.All() {
		if known.Role(p.Args) != profile.Unknown {
			return known, true
		}
	}
	found := profile.Recognise(p.Args)
	return found, found.Name != generic && len(p.Args) > 0
}
