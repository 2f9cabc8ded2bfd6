package proc

import (
	"bytes"
	"fmt"
	"strconv"
)

// The fields of proc_pid_stat(5) that are read, counted from the state, which
// is field 3: the first that cannot be moved by a name with blanks in it.
const (
	statState   = 0 // 3
	statPPID    = 4 - 3
	statGroup   = 5 - 3
	statSession = 6 - 3
	statFlags   = 9 - 3
	statReaped  = 11 - 3
	statStart   = 22 - 3
	statRSS     = 24 - 3
	statStack   = 28 - 3
	statArgs    = 48 - 3
	statEnv     = 50 - 3
	statFields  = statEnv + 1
)

// The bits of field 9 that are read: PF_EXITING, PF_FORKNOEXEC and PF_KTHREAD of
// the kernel's include/linux/sched.h. ps(1) shows the second as its flag 1.
const (
	flagExiting = 0x00000004
	flagForked  = 0x00000040
	flagKernel  = 0x00200000
)

// parseStat reads the text of /proc/PID/stat into p. The name in parentheses
// may hold anything, parentheses and newlines too, so the last one counts.
func parseStat(text []byte, p *Process) error {
	var fields [statFields][]byte
	if n := statFieldsOf(text, fields[:]); n < statFields {
		return fmt.Errorf("cannot read stat of pid %d: %d fields", p.PID, n)
	}
	p.State = string(fields[statState])
	p.PPID = int(number(fields[statPPID]))
	p.Group = int(number(fields[statGroup]))
	p.Session = int(number(fields[statSession]))
	flags := number(fields[statFlags])
	p.Forked, p.Exiting = flags&flagForked != 0, flags&flagExiting != 0
	p.Start = number(fields[statStart])
	p.Reaped = number(fields[statReaped])
	p.Memory = int64(number(fields[statRSS])) * pageSize
	p.Image = whole(Image{Stack: number(fields[statStack]), Args: number(fields[statArgs]), Env: number(fields[statEnv])})
	return nil
}

// whole is the image, or none while execve(2) still lays it out: the kernel sets
// the arguments' address, and the stack's to the same, before it knows either for
// good, and the stack's last (load_elf_binary in its fs/binfmt_elf.c).
func whole(i Image) Image {
	if i.Stack == 0 || i.Env == 0 || i.Stack >= i.Args {
		return Image{}
	}
	return i
}

// parseParent reads no more of /proc/PID/stat than tells where a process
// belongs: a look needs that of every process on the host.
func parseParent(text []byte) (parent int, state string, kernel, ok bool) {
	var fields [statFlags + 1][]byte
	if statFieldsOf(text, fields[:]) < len(fields) {
		return 0, "", false, false
	}
	return int(number(fields[statPPID])), string(fields[statState]), number(fields[statFlags])&flagKernel != 0, true
}

// statFieldsOf cuts the text behind the name at blanks and returns how many
// fields it filled; none where there is no name.
func statFieldsOf(text []byte, fields [][]byte) int {
	end := bytes.LastIndexByte(text, ')')
	if end < 0 {
		return 0
	}
	n := 0
	for rest := text[end+1:]; n < len(fields); n++ {
		for len(rest) > 0 && isBlank(rest[0]) {
			rest = rest[1:]
		}
		length := 0
		for length < len(rest) && !isBlank(rest[length]) {
			length++
		}
		if length == 0 {
			break
		}
		fields[n], rest = rest[:length], rest[length:]
	}
	return n
}

func isBlank(c byte) bool { return c == ' ' || c == '\n' }

// number is the decimal in text, 0 for what is not one: a negative field is of
// no use to a reader of these.
func number(text []byte) uint64 {
	n, _ := strconv.ParseUint(string(text), 10, 64)
	return n
}

// parseArgs reads the text of /proc/PID/cmdline. A server that writes a title
// over its arguments leaves NULs behind it, which are no arguments.
func parseArgs(text []byte) []string {
	text = bytes.TrimRight(text, "\x00")
	if len(text) == 0 {
		return nil
	}
	var args []string
	for _, arg := range bytes.Split(text, nul) {
		args = append(args, string(arg))
	}
	args[len(args)-1] = string(bytes.TrimRight([]byte(args[len(args)-1]), " "))
	return args
}

// An environ is the text of /proc/PID/environ: NAME=VALUE, each ended by a NUL.
type environ []byte

// value is that of the variable name, and whether there is one: the first of
// several, as getenv(3) finds it.
func (e environ) value(name string) (string, bool) {
	for rest := []byte(e); len(rest) > 0; {
		entry, more, _ := bytes.Cut(rest, nul)
		if len(entry) > len(name) && entry[len(name)] == '=' && string(entry[:len(name)]) == name {
			return string(entry[len(name)+1:]), true
		}
		rest = more
	}
	return "", false
}

var nul = []byte{0}
