// Package hooks carries what a server's own configuration needs to work with
// lockshim: for each server one file, in the server's language, which puts the
// lock back into every generation.
//
// The files are for people to install; nothing in lockshim runs them. What each
// one does, and the lines that load it, stand at its head.
//
// For Go programs that replace themselves, with github.com/cloudflare/tableflip or
// by their own re-exec, the package is the hook: Hold first in main, Ready where
// the program takes requests, Exec in place of syscall.Exec. Who imports it for
// that carries none of the files: the linker leaves out what nobody asks for.
package hooks

import (
	_ "embed" // for the files
	"errors"
	"fmt"
	"strings"
)

var (
	//go:embed asgi.py
	asgi string
	//go:embed gunicorn.py
	gunicorn string
	//go:embed puma.rb
	puma string
	//go:embed unicorn.rb
	unicorn string
	//go:embed uwsgi.ini
	uwsgi string
)

// hooks is sorted by name. The texts are pointed at, so that no code of a program
// that imports the package for itself refers to them.
var hooks = []struct {
	name, file string
	text       *string
}{
	{"gunicorn", "gunicorn.py", &gunicorn},
	{"hypercorn", "asgi.py", &asgi},
	{"puma", "puma.rb", &puma},
	{"unicorn", "unicorn.rb", &unicorn},
	{"uvicorn", "asgi.py", &asgi},
	{"uwsgi", "uwsgi.ini", &uwsgi},
}

// ErrUnknown is wrapped by the error of Get for a name that Names does not list.
var ErrUnknown = errors.New("no such hook")

// Names lists the servers that have a hook, sorted.
// The caller may change the slice.
func Names() []string {
	names := make([]string, len(hooks))
	for i, h := range hooks {
		names[i] = h.name
	}
	return names
}

// Get returns the text of a hook, by the server's name ("unicorn") or by the
// file's ("unicorn.rb"). The caller may change it.
//
// For any other name the error wraps ErrUnknown and lists the names there are.
func Get(name string) ([]byte, error) {
	for _, h := range hooks {
		if name == h.name || name == h.file {
			return []byte(*h.text), nil
		}
	}
	return nil, fmt.Errorf("cannot find hook %q: %w (there are %s)", name, ErrUnknown, strings.Join(Names(), ", "))
}
