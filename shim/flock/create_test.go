package flock

import (
	"os"
	"path/filepath"
	"testing"
)

const crowd = 20

// startCrowd starts a crowd of helpers, every second one with another umask.
func startCrowd(t *testing.T) []*helper {
	t.Helper()
	var all []*helper
	for i := range crowd {
		h := start(t, nil)
		h.must("umask", []string{"0", "077"}[i%2])
		all = append(all, h)
	}
	return all
}

// alone checks that dir contains one entry.
func alone(t *testing.T, dir, name string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 || entries[0].Name() != name {
		t.Errorf("the directory contains %v (%v), want only %s", entries, err, name)
	}
}

func TestCreateByManyAtOnce(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "web.lock")
	all := startCrowd(t)
	for round := range 20 {
		for _, h := range all {
			h.Say("create", "a", path)
		}
		first := all[0].Read()
		if mode := first[len(first)-4:]; mode != "0640" {
			t.Fatalf("round %d: mode %s, want 0640", round, mode)
		}
		for _, h := range all[1:] {
			if got := h.Read(); got != first {
				t.Fatalf("round %d: inode and mode %q, another process has %q", round, got, first)
			}
		}
		alone(t, dir, "web.lock")
		for _, h := range all {
			h.must("close", "a")
		}
		do(t, os.Remove(path))
	}
}

// The way for filesystems without O_TMPFILE.
func TestMakeNamedByManyAtOnce(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "web.lock")
	all := startCrowd(t)
	for round := range 20 {
		for _, h := range all {
			h.Say("make-named", path)
		}
		made := 0
		for _, h := range all {
			if h.Read() == "made" {
				made++
			}
		}
		if made != 1 {
			t.Fatalf("round %d: %d processes made the file", round, made)
		}
		alone(t, dir, "web.lock")
		if st, err := os.Stat(path); err != nil || st.Mode() != 0o640 {
			t.Fatalf("round %d: mode %v, %v", round, st.Mode(), err)
		}
		do(t, os.Remove(path))
	}
}

func TestCreateKeepsAnExistingFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "web.lock")
	do(t, os.WriteFile(path, []byte("text"), 0o604))
	open(t, path, &Create{Mode: 0o600, UID: -1, GID: -1})
	st, err := os.Stat(path)
	do(t, err)
	if st.Mode() != 0o604 || st.Size() != 4 {
		t.Errorf("mode %v and %d bytes, want them untouched", st.Mode(), st.Size())
	}
}
