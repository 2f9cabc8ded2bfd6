// Package contrib carries the files by which init systems and deploy tools run
// lockshim, and fills them in.
//
// Each is right as it lies in its folder, for a service called web: Unicorn, run by
// www-data in /srv/web/current. Fill writes it for another one: it puts other values
// in the places of these, each quoted for the file's language. What each init system
// does with its files is told in README.md.
package contrib

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// The folders; README.md and the Go files beside them are no files of an init.
//
//go:embed ansible container daemontools monit openrc runit s6 s6-rc supervisor systemd sysv upstart
var tree embed.FS

// ErrUnknown is wrapped by an error about a file that Names does not list.
var ErrUnknown = errors.New("no file has that name")

// Names lists the files, sorted: "runit/run".
// The caller may change the slice.
func Names() []string {
	var names []string
	_ = fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, name)
		}
		return err
	})
	slices.Sort(names)
	return names
}

// Find completes the name of a file: a folder that has one file stands for that.
//
// For any other name the error wraps ErrUnknown, and lists the files that the name
// could mean.
func Find(name string) (string, error) {
	clean := path.Clean(name)
	below := slices.DeleteFunc(Names(), func(n string) bool { return n != clean && !strings.HasPrefix(n, clean+"/") })
	switch {
	case len(below) == 1:
		return below[0], nil
	case len(below) > 1:
		return "", fmt.Errorf("cannot choose a file of %q: %w; there are %s", name, ErrUnknown, strings.Join(below, ", "))
	}
	return "", fmt.Errorf("cannot find file %q: %w", name, ErrUnknown)
}

// Get returns the text of a file as it lies in its folder. The name is one of Names,
// or the error wraps ErrUnknown. The caller may change the text.
func Get(name string) ([]byte, error) {
	text, err := tree.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("cannot find file %q: %w", name, ErrUnknown)
	}
	return text, nil
}

// Executable tells whether the file is a program, which embedding forgets: one
// whose first line names its interpreter.
func Executable(text []byte) bool { return strings.HasPrefix(string(text), "#!") }
