package proc

import (
	"cmp"
	"slices"
)

// A kin is who a process descends from.
type kin struct {
	pid, parent int
	kernel      bool // a thread of the kernel: no memory, no descriptors
}

// descend says of each element of all, which is sorted by pid, whether it
// descends from one of the roots, or is one.
func descend(all []kin, roots []int) []bool {
	in := make([]bool, len(all))
	for _, pid := range roots {
		if i, found := findKin(all, pid); found {
			in[i] = true
		}
	}
	// Children mostly have higher pids than their parents: one round, and one
	// to see that it was enough.
	for changed := true; changed; {
		changed = false
		for i, k := range all {
			if parent, found := findKin(all, k.parent); !in[i] && found && in[parent] {
				in[i], changed = true, true
			}
		}
	}
	return in
}

func findKin(all []kin, pid int) (int, bool) {
	return slices.BinarySearchFunc(all, pid, func(k kin, pid int) int { return cmp.Compare(k.pid, pid) })
}
