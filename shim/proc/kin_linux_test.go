package proc

import (
	"os"
	"slices"
	"testing"
)

// descend finds all that Descendants finds, in pid order or against it, and ends
// where pids that were reused make a ring.
func TestDescend(t *testing.T) {
	for name, row := range map[string]struct {
		all   []kin
		roots []int
		want  []int
	}{
		"a chain":           {[]kin{{pid: 1}, {pid: 2, parent: 1}, {pid: 3, parent: 2}, {pid: 4}}, []int{2}, []int{2, 3}},
		"against the order": {[]kin{{pid: 2, parent: 3}, {pid: 3, parent: 4}, {pid: 4, parent: 9}, {pid: 9}}, []int{9}, []int{2, 3, 4, 9}},
		"two roots":         {[]kin{{pid: 1}, {pid: 2, parent: 1}, {pid: 5}, {pid: 6, parent: 5}}, []int{5, 1}, []int{1, 2, 5, 6}},
		"a ring":            {[]kin{{pid: 2, parent: 3}, {pid: 3, parent: 2}, {pid: 4, parent: 1}}, []int{4}, []int{4}},
		"no such root":      {[]kin{{pid: 2, parent: 1}}, []int{7}, nil},
		"nobody":            {nil, []int{1}, nil},
	} {
		var got []int
		for i, in := range descend(row.all, row.roots) {
			if in {
				got = append(got, row.all[i].pid)
			}
		}
		if !slices.Equal(got, row.want) {
			t.Errorf("%s: %v, want %v", name, got, row.want)
		}
	}
}

// Every process is listed, and those of the kernel are known as such.
func TestReadKin(t *testing.T) {
	room := borrow()
	defer scratches.Put(room)
	l := looker{scratch: room}
	pids, err := l.pids()
	must(t, err)
	l.readKin(pids)
	i, found := findKin(l.all, os.Getpid())
	if !found || l.all[i].parent != os.Getppid() || l.all[i].kernel {
		t.Errorf("of this process it knows %v", l.all)
	}
	for _, k := range l.all {
		if p, err := Find(k.pid); err == nil && k.kernel && p.Memory != 0 {
			t.Errorf("%d is a thread of the kernel with memory", k.pid)
		}
	}
}
