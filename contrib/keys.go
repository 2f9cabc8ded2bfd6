package contrib

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	"github.com/lockshim/lockshim/shim/profile"
)

// presetName is the service that the files are written for.
const presetName = "web"

// A key is something that a file can be told.
type key struct {
	name   string
	preset func(values) string                   // what stands in the files, or follows from other values
	refuse func(value string, l language) string // why a value cannot be taken, "" where it can
	render func(l language, value string) string // how a file says it
}

// values are the settings that were given, by key.
type values map[string]string

// of is the value of a key, given or not.
func (v values) of(k key) string {
	if value, is := v[k.name]; is {
		return value
	}
	return k.preset(v)
}

// name is that of the service.
func (v values) name() string {
	if name, is := v["name"]; is {
		return name
	}
	return presetName
}

// keys are in the order in which help lists them.
func keys() []key {
	return []key{
		{"name", values.name, refuseName, func(_ language, s string) string { return s }},
		{"command", command, refuseCommand, func(l language, s string) string { return l.words(words(s)) }},
		{"flags", flags, refuseWords, renderFlags},
		{"user", func(values) string { return "www-data" }, refuseUser, func(_ language, s string) string { return s }},
		{"directory", func(v values) string { return "/srv/" + v.name() + "/current" }, refusePath,
			func(l language, s string) string { return l.path(s) }},
		{"socket", func(v values) string { return "/run/" + v.name() + ".sock" }, refuseSocket,
			func(l language, s string) string { return l.path(s) }},
		{"timeout", timeout, refuseTimeout, func(l language, s string) string { return l.time(s) }},
		{"id", id, refuseID, func(_ language, s string) string { return s + idEnd }},
	}
}

// findKey returns the key of that name, or nil.
func findKey(name string) *key {
	for _, k := range keys() {
		if k.name == name {
			return &k
		}
	}
	return nil
}

// idEnd is what stands behind the id of an inittab's line, so that it is not taken for
// the name.
const idEnd = ":2345:respawn:"

// id is that of the inittab's line: the name, or where that is too long, what differs
// for names that begin alike.
func id(v values) string {
	name := v.name()
	if len(name) <= idLength {
		return name
	}
	h := fnv.New32a()
	h.Write([]byte(name))
	return name[:1] + fmt.Sprintf("%03x", h.Sum32()&0xfff)
}

func command(v values) string { return "unicorn -c /srv/" + v.name() + "/unicorn.rb" }

func flags(v values) string { return "--clear-pidfile /srv/" + v.name() + "/unicorn.pid" }

// renderFlags leaves no gap where there are none.
func renderFlags(l language, s string) string {
	if strings.TrimSpace(s) == "" {
		return ""
	}
	return l.words(words(s)) + l.gap
}

// margin is what an init should wait longer than a stop may take: strays have ten
// seconds of their own, and the machine may be busy.
const margin = 20 * time.Second

// timeout follows from the stop schedule of the command, and is the files' own where
// that has no end.
func timeout(v values) string {
	takes, ends := schedule(v).Length()
	if !ends {
		return "90"
	}
	return strconv.Itoa(int((takes + margin + time.Second - 1) / time.Second))
}

// schedule is the stop schedule that run would have.
func schedule(v values) profile.Schedule {
	p := profile.Recognise(words(v.of(*findKey("command"))))
	flags := words(v.of(*findKey("flags")))
	if known, err := profile.Lookup(flagValue(flags, "profile")); err == nil {
		p = known
	}
	if own, err := profile.ParseSchedule(flagValue(flags, "stop")); err == nil {
		return own
	}
	return p.Stop
}

// flagValue is the value of a flag of run, the last one if it is there twice.
func flagValue(flags []string, name string) (value string) {
	for i, word := range flags {
		got, joined, is := strings.Cut(strings.TrimLeft(word, "-"), "=")
		switch {
		case !strings.HasPrefix(word, "-") || got != name:
		case is:
			value = joined
		case i+1 < len(flags):
			value = flags[i+1]
		}
	}
	return value
}
