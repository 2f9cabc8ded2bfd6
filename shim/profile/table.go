package profile

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrUnknown says that there is no profile of that name.
var ErrUnknown = errors.New("no such profile")

// All lists the profiles, sorted by name. Every call builds its own: the caller
// may change what it gets.
func All() []Profile {
	all := []Profile{
		generic(),
		gunicorn(),
		haproxy(),
		httpd(),
		hypercorn(),
		lighttpd(),
		nginx(),
		phpFPM(),
		puma(),
		tableflip(),
		unicorn(),
		uvicorn(),
		uwsgi(),
	}
	slices.SortFunc(all, func(a, b Profile) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// Lookup finds the profile of that exact name. Its error wraps ErrUnknown and
// lists the names that there are.
func Lookup(name string) (Profile, error) {
	var names []string
	for _, p := range All() {
		if p.Name == name {
			return p, nil
		}
		names = append(names, p.Name)
	}
	return Profile{}, fmt.Errorf("cannot use profile %q: %w: there are %s", name, ErrUnknown, strings.Join(names, ", "))
}
