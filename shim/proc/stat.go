package proc

import (
	"bytes"
	"fmt"
	"strconv"
)

// The fields of proc_pid_stat(5) that are read, counted from the state, which
// is field 3: the first that cannot be moved by a name with blanks in it.
const (
	statState   = 3 - 3
	statPPID    = 4 - 3
	statGroup   = 5 - 3
	statSession = 6 - 3
	statStart   = 22 - 3
	statRSS     = 24 - 3
	statStack   = 28 - 3
	statArgs    = 48 - 3
	statEnv     = 50 - 3
	statFields  = statEnv + 1
)

// parseStat reads the text of /proc/PID/stat into p. The name in parentheses
// may hold anything, parentheses and newlines too, so the last one counts.
func parseStat(text []byte, p *Process) error {
	end := bytes.LastIndexByte(text, ')')
	if end < 0 {
		return fmt.Errorf("cannot read stat of pid %d: no name in it", p.PID)
	}
	var fields [statFields][]byte
	if n := split(text[end+1:], fields[:]); n < statFields {
		return fmt.Errorf("cannot read stat of pid %d: %d fields", p.PID, n)
	}
	p.State = string(fields[statState])
	p.PPID = int(number(fields[statPPID]))
	p.Group = int(number(fields[statGroup]))
	p.Session = int(number(fields[statSession]))
	p.Start = number(fields[statStart])
	p.Memory = int64(number(fields[statRSS])) * pageSize
	p.Image = Image{Stack: number(fields[statStack]), Args: number(fields[statArgs]), Env: number(fields[statEnv])}
	return nil
}

// split cuts text at blanks into fields and returns how many it filled.
func split(text []byte, fields [][]byte) int {
	n := 0
	for n < len(fields) {
		text = bytes.TrimLeft(text, " \n")
		if len(text) == 0 {
			break
		}
		end := bytes.IndexAny(text, " \n")
		if end < 0 {
			end = len(text)
		}
		fields[n], text = text[:end], text[end:]
		n++
	}
	return n
}

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
	for _, arg := range bytes.Split(text, []byte{0}) {
		args = append(args, string(arg))
	}
	args[len(args)-1] = string(bytes.TrimRight([]byte(args[len(args)-1]), " "))
	return args
}

// An environ is the text of /proc/PID/environ: NAME=VALUE, each ended by a NUL.
type environ []byte

// value is that of the variable name, and whether there is one.
func (e environ) value(name string) (string, bool) {
	key := []byte(name + "=")
	for rest := []byte(e); len(rest) > 0; {
		end := bytes.IndexByte(rest, 0)
		if end < 0 {
			end = len(rest) - 1
		}
		if bytes.HasPrefix(rest, key) {
			return string(bytes.TrimRight(rest[len(key):end+1], "\x00")), true
		}
		rest = rest[end+1:]
	}
	return "", false
}

// sum is a hash of the whole text, FNV-1a; 0 for an empty one.
func (e environ) sum() uint64 {
	if len(e) == 0 {
		return 0
	}
	h := uint64(14695981039346656037)
	for _, b := range e {
		h = (h ^ uint64(b)) * 1099511628211
	}
	return h
}
