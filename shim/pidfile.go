package shim

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// writePidfile writes the shim's own pid file, whole or not at all.
func (m *machine) writePidfile() error {
	if m.cfg.Pidfile == "" {
		return nil
	}
	temp := m.cfg.Pidfile + ".tmp"
	err := os.WriteFile(temp, fmt.Appendf(nil, "%d\n", os.Getpid()), 0o644)
	if err == nil {
		err = os.Rename(temp, m.cfg.Pidfile)
	}
	if err != nil {
		return fmt.Errorf("cannot write %s: %w: %w", m.cfg.Pidfile, ErrPidfile, errors.Join(err, clear(temp)))
	}
	return nil
}

// dropPidfile takes the pid file back after a launch that failed.
func (m *machine) dropPidfile() {
	if m.cfg.Pidfile != "" {
		_ = removePidfile(m.cfg.Pidfile) // the launch's error says more
	}
}

// removePidfile removes the pid file while it names this process.
func removePidfile(path string) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && string(text) != fmt.Sprintf("%d\n", os.Getpid()) {
		return nil
	}
	return errors.Join(err, clear(path))
}

// clear removes a pid file, which may be gone. It removes nothing but a file.
func clear(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("cannot remove %s: %w: not a regular file", path, ErrPidfile)
	}
	if err == nil {
		err = os.Remove(path)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot remove %s: %w: %w", path, ErrPidfile, err)
	}
	return nil
}
