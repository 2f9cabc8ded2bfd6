package control

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

func init() {
	commands["serve"] = serveAs
	commands["call"] = callAs
	commands["umask"] = umask
	commands["limit"] = limit
	commands["threads"] = func([]string) (string, error) { return count("/proc/self/task") }
	commands["descriptors"] = func([]string) (string, error) { return count("/proc/self/fd") }
	commands["mount"] = func(a []string) (string, error) {
		return "ok", unix.Mount("tmpfs", a[0], "tmpfs", 0, a[1])
	}
	commands["read-only"] = func(a []string) (string, error) {
		return "ok", unix.Mount("", a[0], "", unix.MS_REMOUNT|unix.MS_RDONLY, "")
	}
	commands["ls"] = list
}

// serveAs serves a lockfile. A status is answered with the verb, a stop never,
// an upgrade by a reply and the end of the process, a signal by a line only.
func serveAs(a []string) (string, error) {
	s, err := Listen(a[0])
	if err != nil {
		return "", err
	}
	go s.Serve(func(r *Request) {
		switch r.Verb {
		case Upgrade:
			r.Reply("done")
			os.Exit(0)
		case Stop:
			fmt.Println("asked to stop")
		default:
			r.Reply(r.Verb)
		}
	})
	return "serving", nil
}

func callAs(a []string) (string, error) {
	result, err := Call(a[0], Request{Verb: a[1]}, nil)
	return string(result), err
}

func umask(a []string) (string, error) {
	mask, err := strconv.ParseUint(a[0], 8, 32)
	syscall.Umask(int(mask))
	return "ok", err
}

// limit leaves room for n more descriptors.
func limit(a []string) (string, error) {
	n, err := strconv.Atoi(a[0])
	if err != nil {
		return "", err
	}
	next, err := syscall.Dup(0) // the lowest free number
	if err != nil {
		return "", err
	}
	syscall.Close(next)
	var r syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r); err != nil {
		return "", err
	}
	r.Cur = uint64(next + n)
	return "ok", syscall.Setrlimit(syscall.RLIMIT_NOFILE, &r)
}

// count is how many entries a directory has.
func count(dir string) (string, error) {
	entries, err := os.ReadDir(dir)
	return strconv.Itoa(len(entries)), err
}

// list answers the names in a directory.
func list(a []string) (string, error) {
	names := []string{"entries"}
	entries, err := os.ReadDir(a[0])
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " "), err
}
