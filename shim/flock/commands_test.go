package flock

import (
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// A helper's files and pid files, by the name that the test gives them.
var (
	files   = map[string]*File{}
	removes = map[string]func() error{}
)

func init() {
	commands["open"] = func(a []string) (string, error) { return openAs(a, nil) }
	commands["create"] = func(a []string) (string, error) { return openAs(a, mine) }
	commands["make-named"] = makeNamed
	commands["share"] = func(a []string) (string, error) { return "ok", files[a[0]].Share() }
	commands["try"] = func(a []string) (string, error) { return truth(files[a[0]].TryWait()) }
	commands["try-share"] = func(a []string) (string, error) { return truth(files[a[0]].TryShare()) }
	commands["guard"] = func(a []string) (string, error) { return truth(files[a[0]].Guard()) }
	commands["close"] = func(a []string) (string, error) { return "ok", files[a[0]].Close() }
	commands["wait"] = func(a []string) (string, error) { return waitLoudly(files[a[0]].Wait) }
	commands["wait-share"] = func(a []string) (string, error) { return waitLoudly(files[a[0]].Share) }
	commands["inherit"] = inherit
	commands["inherited"] = inherited
	commands["unlock-fd"] = unlockFD
	commands["exec"] = execAgain
	commands["limit"] = limitFiles
	commands["umask"] = setUmask
	commands["become"] = become
	commands["pidfile"] = pidfile
	commands["remove"] = func(a []string) (string, error) { return "ok", removes[a[0]]() }
	commands["trylock"] = tryLock
	commands["contend"] = contend
}

// truth is a helper's word for a bool.
func truth(ok bool, err error) (string, error) { return strconv.FormatBool(ok), err }

// openAs opens path under a name, and answers inode and mode.
func openAs(a []string, c *Create) (string, error) {
	f, err := Open(a[1], c)
	if err != nil {
		return "", err
	}
	files[a[0]] = f
	var st unix.Stat_t
	if err := unix.Fstat(f.fd, &st); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d %04o", st.Ino, st.Mode&0o7777), nil
}

// makeNamed makes path the way that needs no O_TMPFILE.
func makeNamed(a []string) (string, error) {
	dir, err := openDir(a[0])
	if err != nil {
		return "", err
	}
	defer unix.Close(dir.fd)
	err = mine.makeNamed(dir)
	if err == unix.EEXIST {
		return "exists", nil
	}
	return "made", err
}

// waitLoudly says when it begins to wait, and whenever SIGUSR1 arrives.
func waitLoudly(wait func() error) (string, error) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	go func() {
		for range signals {
			fmt.Println("signal")
		}
	}()
	fmt.Println("waiting")
	return "granted", wait()
}

func inherit(a []string) (string, error) {
	min, _ := strconv.Atoi(a[1])
	fd, err := files[a[0]].Inherit(min)
	return strconv.Itoa(fd), err
}

// inherited answers inode and descriptor flags of a descriptor number.
func inherited(a []string) (string, error) {
	fd, _ := strconv.Atoi(a[0])
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
	if err != nil {
		return "", err
	}
	var st unix.Stat_t
	err = unix.Fstat(fd, &st)
	return fmt.Sprint(st.Ino, " ", flags), err
}

func unlockFD(a []string) (string, error) {
	fd, _ := strconv.Atoi(a[0])
	return "ok", (&File{fd: fd}).Release()
}

// execAgain replaces the helper's image; the next line is "ready" again.
func execAgain([]string) (string, error) {
	exe, err := os.Executable()
	if err != nil {
		return "", err
	}
	return "", syscall.Exec(exe, os.Args, os.Environ())
}

// limitFiles sets the soft and the hard limit of open files.
func limitFiles(a []string) (string, error) {
	n, err := strconv.Atoi(a[0])
	if err != nil {
		return "", err
	}
	var r syscall.Rlimit
	both(&r.Cur, &r.Max, n)
	return "ok", syscall.Setrlimit(syscall.RLIMIT_NOFILE, &r)
}

// both sets two limits, whose type depends on the system.
func both[T int64 | uint64](cur, max *T, n int) { *cur, *max = T(n), T(n) }

func setUmask(a []string) (string, error) {
	mask, err := strconv.ParseUint(a[0], 8, 32)
	syscall.Umask(int(mask))
	return "ok", err
}

// become gives root up for a uid that has no other rights.
func become(a []string) (string, error) {
	uid, _ := strconv.Atoi(a[0])
	if err := syscall.Setgroups(nil); err != nil {
		return "", err
	}
	if err := syscall.Setgid(uid); err != nil {
		return "", err
	}
	return "ok", syscall.Setuid(uid)
}

func pidfile(a []string) (string, error) {
	remove, err := Pidfile(a[0])
	removes[a[0]] = remove
	return "ok", err
}

func tryLock(a []string) (string, error) {
	unlock, err := TryLock(a[0])
	removes[a[0]] = unlock
	return "ok", err
}

// contend takes and gives up the lock or pid file n times, and answers how
// often it had it. While it has it, a file of its own must not exist: two
// processes inside at once are an error.
func contend(a []string) (string, error) {
	take := map[string]func(string) (func() error, error){"lock": TryLock, "pidfile": Pidfile}[a[0]]
	n, _ := strconv.Atoi(a[2])
	had := 0
	for range n {
		leave, err := take(a[1])
		if class(errOr(err)) == "held" {
			continue
		}
		if err != nil {
			return "", err
		}
		had++
		if err := insideAlone(a[1] + ".inside"); err != nil {
			return "", err
		}
		if err := leave(); err != nil {
			return "", err
		}
	}
	return strconv.Itoa(had), nil
}

// errOr is err, or an error of no class.
func errOr(err error) error {
	if err == nil {
		return unix.Errno(0)
	}
	return err
}

// insideAlone fails when another process is inside too.
func insideAlone(path string) error {
	fd, err := unix.Open(path, unix.O_CREAT|unix.O_EXCL|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return fmt.Errorf("two are inside: %w", err)
	}
	unix.Close(fd)
	return unix.Unlink(path)
}
