//go:build linux

package test

import (
	"strconv"
	"strings"
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
