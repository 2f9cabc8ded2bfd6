package proc

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var updateFlag = flag.Bool("update", false, "write the golden files anew")

// TestGolden replays each recording and compares what is made of it with its
// golden text, for everybody who classifies:
//
//	shim    the shim that launched the server, which remembers earlier views
//	status  somebody else, who knows the command line of the living shim
//	adopter a shim with the same command line that was started after the first was killed
//	nobody  status of a service whose shim is dead
//
// A minus behind a pid says that the process has not the lock.
func TestGolden(t *testing.T) {
	names, err := filepath.Glob("testdata/*.json")
	if err != nil || len(names) == 0 {
		t.Fatal("no recordings", err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".json"), func(t *testing.T) { compareGolden(t, name) })
	}
}

func compareGolden(t *testing.T, name string) {
	rec, err := readRecording(name)
	if err != nil {
		t.Fatal(err)
	}
	got := rec.replayAll(t)
	golden := strings.TrimSuffix(name, ".json") + ".golden"
	if *updateFlag {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// replayAll is the text of a recording with each of its profiles.
func (rec recording) replayAll(t *testing.T) string {
	profiles := rec.Profiles
	if len(profiles) == 0 {
		profiles = []string{""}
	}
	var text strings.Builder
	for _, name := range profiles {
		p := kind(t, name, rec.Command)
		fmt.Fprintf(&text, "# %s\n# profile %s, launched as %d by %d\n", Printable(strings.Join(rec.Command, " ")), p.Name, rec.Launched.PID, rec.Shim)
		rec.replay(&text, Rules{Profile: p, Command: rec.Command})
	}
	return text.String()
}

// replay goes through the moments with all knowledge that there may be.
func (rec recording) replay(text *strings.Builder, r Rules) {
	memory := begins(rec)
	for _, m := range rec.Moments {
		memory.ends(m.Ended)
		live := Rules{Profile: r.Profile, Command: r.Command, Exe: rec.Exe, Shim: rec.Shim, Launched: rec.Launched, Session: rec.session(m.Snapshot), Known: memory.known}
		view := Classify(m.Snapshot, live)
		memory.takesIn(view, r.Profile)
		orphaned := rec.orphaned(m.Snapshot)
		fmt.Fprintf(text, "\n== %s\n", m.Name)
		show(text, []labelled{
			{"shim", view},
			{"status", Classify(m.Snapshot, Rules{Profile: r.Profile, Command: r.Command, Shim: rec.Shim})},
			{"adopter", Classify(orphaned, Rules{Profile: r.Profile, Command: r.Command, Exe: rec.Exe})},
			{"nobody", Classify(orphaned, guess(orphaned))},
		})
	}
}

// A labelled view is one of several.
type labelled struct {
	who  string
	view View
}

// show writes views, those that say the same only once.
func show(text *strings.Builder, views []labelled) {
	var texts, whos []string
	for _, v := range views {
		said := v.view.text()
		same := false
		for i := range texts {
			if texts[i] == said {
				whos[i] += ", " + v.who
				same = true
			}
		}
		if !same {
			texts, whos = append(texts, said), append(whos, v.who)
		}
	}
	for i := range texts {
		fmt.Fprintf(text, "to %s:\n%s", whos[i], texts[i])
	}
}

// text is a view in words, one line a kind of process.
func (v View) text() string {
	var b strings.Builder
	for _, g := range v.Generations {
		master := "no master"
		if !g.Leaderless {
			master = "master" + pids([]Process{g.Master}) + " (" + g.Master.Title() + ")"
		}
		fmt.Fprintf(&b, "  generation %d: %s", g.Number, master)
		if len(g.Workers) > 0 {
			fmt.Fprintf(&b, ", workers%s", pids(g.Workers))
		}
		b.WriteString("\n")
	}
	others(&b, "launcher", v.Launchers)
	others(&b, "helper", v.Helpers)
	others(&b, "stray", v.Strays)
	others(&b, "member", v.Members)
	others(&b, "foreign", v.Foreign)
	if b.Len() == 0 {
		return "  nobody\n"
	}
	return b.String()
}

// pids lists processes, those without the lock with a minus behind.
func pids(list []Process) string {
	var b strings.Builder
	for _, p := range list {
		fmt.Fprintf(&b, " %d", p.PID)
		if !p.Shared {
			b.WriteString("-")
		}
	}
	return b.String()
}

// others writes one line a process.
func others(b *strings.Builder, what string, list []Process) {
	for _, p := range list {
		fmt.Fprintf(b, "  %s%s (%s)\n", what, pids([]Process{p}), p.Title())
	}
}
