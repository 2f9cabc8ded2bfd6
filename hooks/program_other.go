//go:build !unix

package hooks

import "errors"

// Hold does nothing: there is no lockshim here.
func Hold() error { return nil }

// Ready does nothing: there is no lockshim here.
func Ready() error { return nil }

// Exec returns errors.ErrUnsupported: no program can take this one's place here.
func Exec(argv0 string, argv, envv []string) error { return errors.ErrUnsupported }
