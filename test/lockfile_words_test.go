//go:build linux

package test

import (
	"strconv"
	"strings"

	"github.com/lockshim/lockshim/shim/event"
)

// pidsIn lists the numbers that follow the word "pid" in a sentence.
func pidsIn(sentence string) []int {
	var found []int
	words := strings.Fields(sentence)
	for i := 1; i < len(words); i++ {
		if pid, err := strconv.Atoi(strings.Trim(words[i], ",:()")); err == nil && words[i-1] == "pid" {
			found = append(found, pid)
		}
	}
	return found
}

// once is the first event of a kind, which may have been told already.
func (r *shimRun) once(kind event.Kind) toldEvent {
	r.t.Helper()
	if told := r.all(kind); len(told) > 0 {
		return told[0]
	}
	return r.until(kind)
}
