package proc

// Descendants says which pids descend from roots, the roots included, by the
// parents in processes. A process that was re-parented descends from whoever
// took it in: the nearest child subreaper (prctl(2)).
func Descendants(processes []Process, roots []int) map[int]bool {
	children := make(map[int][]int)
	for _, p := range processes {
		children[p.PPID] = append(children[p.PPID], p.PID)
	}
	tree := make(map[int]bool)
	queue := append([]int(nil), roots...)
	for len(queue) > 0 {
		pid := queue[0]
		queue = queue[1:]
		if pid == 0 || tree[pid] {
			continue
		}
		tree[pid] = true
		queue = append(queue, children[pid]...)
	}
	return tree
}
