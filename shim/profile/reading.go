package profile

import (
	"slices"
	"strings"
)

// A reading goes through a wrapper's arguments as getopt_long(3) does with a
// leading +: options end at the first argument that is none.
type reading struct {
	w     *wrapper
	args  []string // what is left
	found bool     // one of w.needs was there
	waits bool     // one of w.waits was there
	ended bool     // -- ended the options: a command may start with a minus
	inner bool     // args starts with a module's name: it is the command
}

// options takes the verb and the options. It is false when one is unknown.
func (r *reading) options() bool {
	if r.w.verb != "" && !r.operand(r.w.verb) {
		return false
	}
	for len(r.args) > 0 && !r.inner {
		a := r.args[0]
		switch {
		case a == "--":
			r.args, r.ended = r.args[1:], true
			return true
		case !isOption(a):
			return true
		case r.w.number && r.w.operands == 0 && isOffset(a[1:]):
			r.args = r.args[1:]
		case strings.HasPrefix(a, "--"):
			if !r.long(a[2:]) {
				return false
			}
		case !r.short(a[1:]):
			return false
		}
	}
	return true
}

// operand takes one argument that must be word.
func (r *reading) operand(word string) bool {
	if len(r.args) == 0 || r.args[0] != word {
		return false
	}
	r.args = r.args[1:]
	return true
}

// long takes a long option, written without its minuses.
// An abbreviation, which getopt_long allows, counts as unknown.
func (r *reading) long(a string) bool {
	name, value, has := strings.Cut(a, "=")
	switch {
	case name == "split-string" && r.w.split != 0:
		return r.argument(value, has) && r.splitString()
	case hasWord(r.w.long, name+"="):
		r.saw(name)
		return r.skip(value, has)
	case hasWord(r.w.long, name+"?"), hasWord(r.w.long, name) && !has:
		r.saw(name)
		r.args = r.args[1:]
		return true
	}
	return false
}

// short takes a cluster of short options, written without its minus.
func (r *reading) short(cluster string) bool {
	for i := range len(cluster) {
		c, rest := cluster[i], cluster[i+1:]
		r.saw(cluster[i : i+1])
		switch {
		case strings.IndexByte(r.w.flags, c) >= 0:
			continue
		case strings.IndexByte(r.w.attached, c) >= 0:
			r.args = r.args[1:]
			return true
		case strings.IndexByte(r.w.takes, c) >= 0:
			return r.skip(rest, rest != "")
		case c == r.w.split && c != 0:
			return r.argument(rest, rest != "") && r.splitString()
		case c == r.w.module && c != 0:
			r.inner = true
			return r.argument(rest, rest != "")
		}
		return false
	}
	r.args = r.args[1:]
	return true
}

// saw notes an option that the wrapper needs, or waits with.
func (r *reading) saw(name string) {
	r.found = r.found || hasWord(r.w.needs, name)
	r.waits = r.waits || hasWord(r.w.waits, name)
}

// argument makes an option's argument, attached or the next one, the first of
// args.
func (r *reading) argument(value string, has bool) bool {
	r.args = r.args[1:]
	if has {
		r.args = append([]string{value}, r.args...)
	}
	return len(r.args) > 0
}

// skip takes an option's argument.
func (r *reading) skip(value string, has bool) bool {
	if !r.argument(value, has) {
		return false
	}
	r.args = r.args[1:]
	return true
}

// splitString splits the first of args as env -S does a string without quotes,
// escapes, variables and comments. It is false when there are any.
func (r *reading) splitString() bool {
	s := r.args[0]
	if strings.ContainsAny(s, `\'"$#`) {
		return false
	}
	r.args = append(strings.Fields(s), r.args[1:]...)
	return true
}

// settings takes what stands between the options and the command.
func (r *reading) settings() bool {
	if r.w.needs != "" && !r.found {
		return false
	}
	if r.w.dash && !r.ended {
		r.operand("-")
	}
	for r.w.assigns && len(r.args) > 0 && strings.Index(r.args[0], "=") > 0 {
		r.args = r.args[1:]
	}
	if len(r.args) < r.w.operands || r.inner {
		return r.inner
	}
	if r.w.number && r.w.operands > 0 && !isOffset(r.args[0]) {
		return false
	}
	r.args = r.args[r.w.operands:]
	return true
}

// command says whether what is left is a command. A module whose name is that of
// a wrapper is left alone, so that its arguments are not read as the wrapper's.
func (r *reading) command() bool {
	if len(r.args) == 0 || r.args[0] == "" {
		return false
	}
	if r.inner {
		_, wraps := findWrapper(r.args[0])
		return !wraps
	}
	if r.ended {
		return r.args[0] != "-"
	}
	return r.args[0][0] != '-' && !(r.w.permutes && slices.ContainsFunc(r.args, isOption))
}

// isOption says whether getopt(3) takes a for an option.
func isOption(a string) bool { return len(a) > 1 && a[0] == '-' }

// isOffset says whether s is a whole number with or without a sign.
func isOffset(s string) bool {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	_, ok := digits(s)
	return ok
}
