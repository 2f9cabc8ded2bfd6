//go:build linux

package test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/lockshim/lockshim/internal/testkit"
)

// descriptors says what the open descriptors of a process are, sorted. The
// files of /proc are left out, which a shim opens for the moment of a look, and
// FIFOs, which a server opens for the moment of a line.
func descriptors(t *testing.T, pid int) []string {
	t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	must(t, err)
	var found []string
	for _, e := range entries {
		link, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", pid, e.Name()))
		if err != nil || strings.HasPrefix(link, "/proc") || strings.HasSuffix(link, "/events") {
			continue
		}
		kind, _, _ := strings.Cut(link, ":[") // an inode's number is of no interest
		if strings.HasSuffix(link, " (deleted)") {
			kind = "temporary file" // its name has a random part
		}
		found = append(found, kind)
	}
	slices.Sort(found)
	return found
}

// commandLine is that of a process, on one line.
func commandLine(pid int) string { return strings.Join(testkit.CommandLine(pid), " ") }
