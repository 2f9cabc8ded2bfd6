package shim

import (
	"slices"
	"strings"

	"github.com/lockshim/lockshim/shim/profile"
)

// Settings are what a shim's command line tells of it.
type settings struct {
	profile profile.Profile
	command []string
}

// readSettings reads the command line of a shim, as proc_pid_cmdline(5) shows
// it: what follows the first "--" is the server's command, --profile and --stop
// are the flags that change what others have to know.
func readSettings(args []string) settings {
	var s settings
	flags := args
	if i := slices.Index(args, "--"); i >= 0 {
		flags, s.command = args[:i], args[i+1:]
	}
	s.profile = profile.Recognise(s.command)
	if p, err := profile.Lookup(flagValue(flags, "profile")); err == nil {
		s.profile = p
	}
	if stop, err := profile.ParseSchedule(flagValue(flags, "stop")); err == nil {
		s.profile.Stop = stop
	}
	return s
}

// flagValue is the last value of a flag, "" for none.
func flagValue(flags []string, name string) string {
	value := ""
	for i, arg := range flags {
		flag := strings.TrimLeft(arg, "-")
		if flag == arg {
			continue
		}
		if v, found := strings.CutPrefix(flag, name+"="); found {
			value = v
		} else if flag == name && i+1 < len(flags) {
			value = flags[i+1]
		}
	}
	return value
}
