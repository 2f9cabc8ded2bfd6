package check

import (
	"slices"
	"strings"
)

// environment looks for variables that are a service's or nobody's.
func environment(s *Subject) []Finding {
	var found []Finding
	for _, v := range slices.Sorted(slices.Values(s.Env)) {
		name, value, _ := strings.Cut(v, "=")
		if !strings.HasPrefix(name, "LOCKSHIM_") || value == "" {
			continue
		}
		switch {
		case name == "LOCKSHIM_FD" || name == "LOCKSHIM_HOLD":
			found = append(found, warn("environment", "unset "+name, "%s=%s is a process's of a service: who runs this descends from one", name, value)...)
		case name == "LOCKSHIM_LOCK" && value != s.Lock && strings.Contains(value, "/"):
			found = append(found, warn("environment", "unset "+name, "%s=%s names another service than %s", name, value, s.Lock)...)
		case name == "LOCKSHIM_LOCK":
		case slices.Contains(s.Twins, name):
			found = append(found, ok("environment", "%s=%s stands for a flag", name, value)...)
		default:
			found = append(found, warn("environment", "unset "+name, "%s means nothing to lockshim", name)...)
		}
	}
	return found
}
