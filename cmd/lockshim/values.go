package main

import (
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/lockshim/lockshim/shim/profile"
)

// switchGiven reports a switch on the command line.
func (c *call) switchGiven(name string) bool {
	values := c.given[name]
	return len(values) > 0 && values[len(values)-1] == "true"
}

// twin is the variable that stands for a flag that is not on the command line.
func twin(name string) string {
	return "LOCKSHIM_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// A setting is one value and where it came from.
type setting struct {
	value  string
	source string // "--strays" or "LOCKSHIM_STRAYS", "" where nobody said anything
}

// text returns the value of a flag: the command line's, else its twin's. An
// empty variable counts as not set; an empty value on the command line counts,
// so that it can take back what the environment says.
func (c *call) text(name string) setting {
	if values := c.given[name]; len(values) > 0 {
		return setting{values[len(values)-1], "--" + name}
	}
	if o := c.verb.option(name); o != nil && o.env {
		if value := os.Getenv(twin(name)); value != "" {
			return setting{value, twin(name)}
		}
	}
	return setting{}
}

// list returns the values of a flag that may be repeated. Its twin holds them
// separated by colons, as PATH does; the command line replaces the whole list.
func (c *call) list(name string) []setting {
	values, source := c.given[name], "--"+name
	if values == nil {
		source = twin(name)
		values = strings.FieldsFunc(os.Getenv(source), func(r rune) bool { return r == ':' })
	}
	settings := make([]setting, 0, len(values))
	for _, value := range values {
		settings = append(settings, setting{value, source})
	}
	return settings
}

// on returns the value of a switch.
func (c *call) on(name string) (bool, error) {
	s := c.text(name)
	if s.value == "" {
		return false, nil
	}
	on, err := strconv.ParseBool(s.value)
	if err != nil {
		return false, errValue(s, "not 1 or 0, true or false")
	}
	return on, nil
}

// oneOf returns the value of a flag that has a fixed set of them, the first one
// being what happens without it.
func (c *call) oneOf(name string, choices ...string) (string, error) {
	s := c.text(name)
	if s.value == "" {
		return choices[0], nil
	}
	for _, choice := range choices {
		if s.value == choice {
			return choice, nil
		}
	}
	return "", errValue(s, "it is one of "+strings.Join(choices, ", "))
}

// parseDuration reads a time as people write it: a bare number is seconds, and
// 90s, 1m30s, 500ms are what they say. Not given, it is 0. Zero is refused, since
// some programs take it for no time and others for all the time in the world.
func parseDuration(s setting) (time.Duration, error) {
	if s.source == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(s.value)
	if err != nil {
		d, err = time.ParseDuration(s.value + "s")
	}
	if err != nil || d <= 0 {
		return 0, errValue(s, "a time is more than 0 and written 30, 30s or 1m30s")
	}
	return d, nil
}

// parseSchedule reads a stop schedule. Not given, or empty, it is nil.
func parseSchedule(s setting) (profile.Schedule, error) {
	if s.value == "" {
		return nil, nil
	}
	schedule, err := profile.ParseSchedule(s.value)
	if err != nil {
		return nil, errSyntax(s, err)
	}
	return schedule, nil
}

// parseMode reads permission bits in octal.
func parseMode(s setting) (os.FileMode, error) {
	if s.value == "" {
		return 0, nil
	}
	mode, err := strconv.ParseUint(s.value, 8, 32)
	if err != nil || mode == 0 || mode > 0o777 {
		return 0, errValue(s, "a mode is written in octal, 0640")
	}
	if mode&0o002 != 0 {
		return 0, errValue(s, "everybody could lock the service")
	}
	return os.FileMode(mode), nil
}
