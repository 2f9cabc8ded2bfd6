package flock

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestInheritSurvivesExec(t *testing.T) {
	path := lockfile(t)
	h := start(t, nil)
	answer := h.must("open", "a", path)
	inode, _, _ := strings.Cut(answer, " ")
	if got := h.must("inherit", "a", 1025); got != "1025" {
		t.Errorf("the first copy is %s, want 1025", got)
	}
	if got := h.must("inherit", "a", 1025); got != "1026" {
		t.Errorf("the second copy is %s, want 1026", got)
	}
	h.Say("exec")
	h.Expect("ready")
	for _, fd := range []int{1025, 1026} {
		if got, want := h.must("inherited", fd), inode+" 0"; got != want {
			t.Errorf("descriptor %d after exec: inode and flags %q, want %q", fd, got, want)
		}
	}
}

// With a hard limit of 256 the highest number there is, and then the next.
func TestInheritBelowTheLimit(t *testing.T) {
	h := start(t, nil)
	h.must("open", "a", lockfile(t))
	h.must("limit", 256)
	for _, want := range []string{"255", "254", "253"} {
		if got := h.must("inherit", "a", 1025); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if got := h.must("inherit", "a", 200); got != "200" {
		t.Errorf("below the limit: got %s, want 200", got)
	}
}

func TestInheritTakesAGapBelowMin(t *testing.T) {
	h := start(t, nil)
	h.must("open", "a", lockfile(t))
	h.must("limit", 64)
	for want := 60; want < 64; want++ {
		if got := h.must("inherit", "a", 60); got != fmt.Sprint(want) {
			t.Errorf("got %s, want %d", got, want)
		}
	}
	if got := h.must("inherit", "a", 60); got != "59" {
		t.Errorf("with everything from 60 up in use: got %s, want 59", got)
	}
}

func TestInheritWithoutANumberLeft(t *testing.T) {
	h := start(t, nil)
	h.must("open", "a", lockfile(t))
	h.must("limit", 32)
	taken := map[string]bool{}
	for range 32 {
		answer := h.ask("inherit", "a", 1025)
		if strings.HasPrefix(answer, "error: ") {
			h.fails(fmt.Sprintf("errno%d", unix.EMFILE), "inherit", "a", 1025)
			break
		}
		if taken[answer] {
			t.Fatalf("descriptor %s was given twice", answer)
		}
		taken[answer] = true
	}
	if len(taken) < 10 || len(taken) > 29 {
		t.Errorf("%d descriptors of 32 were free", len(taken))
	}
}
