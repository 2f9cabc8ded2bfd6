package check

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// kernel asks for what a shim needs of it. That the caller becomes a subreaper
// (prctl(2)) by asking ends with its process.
func kernel(*Subject) []Finding {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fail("kernel", "", fmt.Errorf("cannot become the reaper of orphans: %w", err))
	}
	fd, err := unix.PidfdOpen(os.Getpid(), 0)
	if err != nil {
		return warn("kernel", "", "pidfd_open(2): %v: a server that was adopted cannot be followed", err)
	}
	unix.Close(fd)
	return ok("kernel", "child subreaper and pidfd are there")
}

// room is what the shim's descriptor needs: its number is 1025 or more, and a
// fork takes a few above it.
const room = 1025 + 4

// limits looks at what setrlimit(2) bounds. The Go runtime has raised the soft
// limit of descriptors to the hard one by now, and does so in a shim.
//
// What binds a shim that lives is asked of the kernel, which may refuse it.
func limits(s *Subject) []Finding {
	var files unix.Rlimit
	pid := 0
	if s.Runs && s.status.Shim != nil {
		pid = s.status.Shim.PID
	}
	if err := unix.Prlimit(pid, unix.RLIMIT_NOFILE, nil, &files); err != nil {
		return warn("limits", "", "the limit of descriptors cannot be read: %v", err)
	}
	found := ok("limits", "%d descriptors", files.Max)
	if files.Max < room {
		found = warn("limits", fmt.Sprintf("ulimit -Hn %d, LimitNOFILE=%d", 4096, 4096),
			"no more than %d descriptors: the lock gets a low number, which servers close when they execute themselves anew", files.Max)
	}
	if pid != 0 {
		return found
	}
	return append(found, tasks()...)
}

// tasks looks at RLIMIT_NPROC, which does not bind root: fork(2), EAGAIN.
func tasks() []Finding {
	var limit unix.Rlimit
	if os.Geteuid() == 0 || unix.Getrlimit(unix.RLIMIT_NPROC, &limit) != nil || limit.Cur > 1<<30 {
		return nil
	}
	if used := threads(os.Getuid()); uint64(used)+16 >= limit.Cur {
		return warn("limits", "ulimit -u "+strconv.Itoa(2*used+256),
			"this user has %d of %d processes and threads: a fork may be refused", used, limit.Cur)
	}
	return nil
}

// threads counts those of a user, as the kernel does for RLIMIT_NPROC.
func threads(uid int) int {
	sum := 0
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		if _, err := strconv.Atoi(e.Name()); err != nil {
			continue
		}
		status, err := os.ReadFile("/proc/" + e.Name() + "/status")
		if err == nil && field(string(status), "Uid:") == strconv.Itoa(uid) {
			n, _ := strconv.Atoi(field(string(status), "Threads:"))
			sum += n
		}
	}
	return sum
}

// field is the first word behind a name in /proc/PID/status (proc_pid_status(5)).
func field(status, name string) string {
	for line := range strings.Lines(status) {
		if rest, found := strings.CutPrefix(line, name); found {
			if words := strings.Fields(rest); len(words) > 0 {
				return words[0]
			}
		}
	}
	return ""
}

// processes looks at what /proc shows: nothing, another pid namespace's, or
// one's own alone.
func processes(*Subject) []Finding {
	self, err := os.Readlink("/proc/self")
	switch {
	case err != nil:
		return warn("proc", "mount -t proc proc /proc", "/proc shows no processes: %v", err)
	case self != strconv.Itoa(os.Getpid()):
		return warn("proc", "mount -t proc proc /proc", "/proc is that of another pid namespace: no process of the service can be found")
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err == nil && os.Geteuid() != 0 && hides(string(mounts)) {
		return warn("proc", "mount -o remount,hidepid=0 /proc",
			"/proc hides the processes of other users: a server that changes its user cannot be found again")
	}
	return ok("proc", "/proc shows the processes of this pid namespace")
}

// hides reports a /proc mounted with hidepid (proc(5)): by number, or since
// Linux 5.8 by name. The last mount covers the others.
func hides(mountinfo string) bool {
	hidden := false
	for line := range strings.Lines(mountinfo) {
		mount, super, found := strings.Cut(line, " - proc ")
		if words := strings.Fields(mount); !found || len(words) < 5 || words[4] != "/proc" {
			continue
		}
		hidden = false
		for option := range strings.SplitSeq(super[strings.LastIndexByte(strings.TrimSpace(super), ' ')+1:], ",") {
			value, is := strings.CutPrefix(strings.TrimSpace(option), "hidepid=")
			hidden = hidden || is && value != "0" && value != "off"
		}
	}
	return hidden
}
