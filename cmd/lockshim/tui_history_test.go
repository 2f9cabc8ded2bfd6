package main

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/lockshim/lockshim/shim/event"
	"github.com/lockshim/lockshim/shim/history"
)

var update = flag.Bool("update", false, "write the golden files of testdata/history")

// papers are what the golden files are written on.
var papers = map[string]paper{
	"80.txt":       {width: 80, utf8: true, zone: time.UTC},
	"80.ascii.txt": {width: 80, zone: time.UTC},
	"200.txt":      {width: 200, utf8: true, zone: time.UTC},
}

// Each history in testdata/history was recorded from a server, but for the one that is
// called all: that has everything that a history can have. They look as they did
// when somebody looked at them.
func TestHistoryTextAndPicture(t *testing.T) {
	for name, h := range recordedHistories(t) {
		for kind, p := range papers {
			golden(t, name+"."+kind, historyText("web", h, p))
		}
		golden(t, name+".svg", historySVG("web", h, time.UTC))
	}
}

// recordedHistories are those of testdata/history, by name.
func recordedHistories(t testing.TB) map[string]history.History {
	t.Helper()
	files, err := filepath.Glob("testdata/history/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	all := map[string]history.History{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var h history.History
		if err := json.Unmarshal(text, &h); err != nil {
			t.Fatal(file, err)
		}
		all[strings.TrimSuffix(filepath.Base(file), ".json")] = h
	}
	return all
}

// golden compares a text with the file of that name, or writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata/history", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s has changed: %s", file, firstDifference(got, string(want)))
	}
}

// firstDifference shows the first line in which two texts differ.
func firstDifference(got, want string) string {
	lines, others := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(lines), len(others)) {
		if lines[i] != others[i] {
			return fmt.Sprintf("line %d is\n%s\nand was\n%s", i+1, lines[i], others[i])
		}
	}
	return fmt.Sprintf("it has %d lines and had %d", len(lines), len(others))
}

// What --json prints is read back without loss.
func TestHistoryJSON(t *testing.T) {
	for name, h := range recordedHistories(t) {
		text, err := historyJSON(h)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile("testdata/history/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		if text != string(want) {
			t.Errorf("%s became\n%s", name, text)
		}
	}
}

// nasty is what a command line may have in it.
var nasty = []string{"</text><script>alert(1)</script>", `"&'<>`, "\x1b[31m", "a\nb", "\xff", "]]>", "\u202e", "\ufffe", "--", "漢字", strings.Repeat("w ", 300), strings.Repeat("é", 500)}

// oddHistory makes a history of what never happened, in no order.
func oddHistory(r *rand.Rand) history.History {
	base := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	spread := []time.Duration{time.Millisecond, time.Second, time.Hour, 1000 * day}[r.Intn(4)]
	when := func() time.Time { return base.Add(time.Duration(r.Int63n(int64(spread)))) }
	maybe := func() *time.Time {
		if t := when(); r.Intn(2) == 0 {
			return &t
		}
		return nil
	}
	word := func() string { return nasty[r.Intn(len(nasty))] }
	h := history.History{Lock: word(), Profile: "unicorn", State: "serving", Time: when(), Forgotten: r.Intn(3)}
	if r.Intn(2) == 0 {
		began := when()
		h.Since, h.Shim = &began, &history.Shim{PID: 7, Started: began}
	}
	for i := range r.Intn(6) {
		g := history.Generation{
			Number: i + 1, PID: r.Intn(3), Command: word(), Born: maybe(), Ready: maybe(), Retired: maybe(), Ended: maybe(),
			Seen: h.Shim != nil && r.Intn(2) == 0, Lives: r.Intn(2) == 0,
		}
		code := r.Intn(300) - 2
		if g.Ended != nil {
			g.Code = &code
		}
		for range r.Intn(3) {
			g.Workers = append(g.Workers, history.Worker{PID: 9, Started: when()})
		}
		h.Generations = append(h.Generations, g)
	}
	for range r.Intn(40) {
		h.Events = append(h.Events, oddEvent(r, when(), word()))
	}
	return h
}

// oddEvent makes an event of any kind.
func oddEvent(r *rand.Rand, at time.Time, word string) event.Record {
	kinds := []event.Kind{"unheard-of", event.Launched, event.Upgraded, event.Exiting}
	for _, s := range signs {
		kinds = append(kinds, s.kinds...)
	}
	e := event.Event{
		Time: at, Kind: kinds[r.Intn(len(kinds))], PID: r.Intn(3), Generation: r.Intn(6), Code: r.Intn(300) - 2,
		Command: []string{word}, Err: errors.New(word),
	}
	return e.Record()
}

// Whatever a history has, the text fits the paper, but for words that are longer
// than a line, and the picture is XML with nothing in it that is not text.
func TestOddHistories(t *testing.T) {
	for seed := range int64(400) {
		h := oddHistory(rand.New(rand.NewSource(seed)))
		for _, p := range papers {
			text := historyText("web", h, p)
			for line := range strings.Lines(text) {
				line = strings.TrimSuffix(line, "\n")
				long := strings.ContainsFunc(line, func(r rune) bool { return r == 'é' }) || strings.HasPrefix(line, "lock ")
				if n := utf8.RuneCountInString(line); n > p.width && !long || !printable(line) {
					t.Fatalf("history %d has a line of %d columns: %q", seed, n, line)
				}
			}
		}
		wellFormed(t, historySVG(nasty[seed%int64(len(nasty))], h, time.UTC))
	}
}

// wellFormed fails the test unless text is one XML document that runs nothing.
func wellFormed(t *testing.T, text string) {
	t.Helper()
	dec := xml.NewDecoder(strings.NewReader(text))
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		if e, ok := token.(xml.StartElement); ok && !strings.Contains(" svg title desc style rect line circle g text ", " "+e.Name.Local+" ") {
			t.Fatalf("the picture has an element %s", e.Name.Local)
		}
	}
}

// Who cannot see the picture reads what is in it.
func TestThePictureIsDescribed(t *testing.T) {
	for name, h := range recordedHistories(t) {
		var svg struct {
			Role  string `xml:"role,attr"`
			Label string `xml:"aria-labelledby,attr"`
			Title string `xml:"title"`
			Desc  string `xml:"desc"`
		}
		if err := xml.Unmarshal([]byte(historySVG("web", h, time.UTC)), &svg); err != nil {
			t.Fatal(err)
		}
		if svg.Role != "img" || svg.Label != "title desc" || svg.Title != "History of web" {
			t.Errorf("%s: %+v", name, svg)
		}
		for _, g := range h.Generations {
			if !strings.Contains(svg.Desc, ", pid "+pidText(g.PID)+", since") {
				t.Errorf("%s does not describe pid %d: %s", name, g.PID, svg.Desc)
			}
		}
	}
}
