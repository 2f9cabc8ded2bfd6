package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A usage is what a peer costs the host: the peer and what it started beside
// the server.
type usage struct {
	processes, threads int
	rss, pss, dirty    int           // kB
	switches           int           // times that a thread was put to sleep or aside
	cpu                time.Duration // on a processor
}

// use adds up the usage of a peer's processes.
func use(l life) (usage, error) {
	var u usage
	pids, err := beside(l.pid, l.server)
	if err != nil {
		return u, err
	}
	for _, pid := range pids {
		if err := u.add(pid); err != nil {
			return u, fmt.Errorf("cannot see what pid %d costs: %w", pid, err)
		}
	}
	return u, nil
}

// since is u with what counts from the start of the process counted from then.
func (u usage) since(then usage) usage {
	u.switches -= then.switches
	u.cpu -= then.cpu
	return u
}

// beside are a peer and its descendants, without the server.
func beside(pid, server int) ([]int, error) {
	pids := []int{pid}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return nil, err
	}
	for _, word := range strings.Fields(string(text)) {
		child, err := strconv.Atoi(word)
		if err != nil || child == server {
			continue
		}
		more, err := beside(child, server)
		if err != nil {
			return nil, err
		}
		pids = append(pids, more...)
	}
	return pids, nil
}

// add reads smaps_rollup, and each thread's status and schedstat (proc(5)).
func (u *usage) add(pid int) error {
	memory, err := fields(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return err
	}
	u.processes++
	u.rss += memory["Rss"]
	u.pss += memory["Pss"]
	u.dirty += memory["Private_Dirty"]
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid))
	if err != nil {
		return err
	}
	for _, t := range threads {
		status, err := fields(t + "/status")
		if err != nil {
			return err
		}
		u.threads++
		u.switches += status["voluntary_ctxt_switches"] + status["nonvoluntary_ctxt_switches"]
		spent, err := os.ReadFile(t + "/schedstat")
		if err != nil {
			return err
		}
		first, _, _ := strings.Cut(string(spent), " ")
		ns, err := strconv.ParseInt(first, 10, 64)
		if err != nil {
			return err
		}
		u.cpu += time.Duration(ns)
	}
	return nil
}

// fields reads the numbers of a file of lines such as `Rss:  1234 kB`.
func fields(path string) (map[string]int, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	all := map[string]int{}
	for line := range strings.Lines(string(text)) {
		name, rest, _ := strings.Cut(line, ":")
		if words := strings.Fields(rest); len(words) > 0 {
			if n, err := strconv.Atoi(words[0]); err == nil {
				all[name] = n
			}
		}
	}
	return all, nil
}
