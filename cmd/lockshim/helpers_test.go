package main

import (
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"testing"
)

// exitCode is what a shell would show of a command's end, or the error.
func exitCode(err error) string {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return "0"
	case errors.As(err, &exit) && exit.Exited():
		return strconv.Itoa(exit.ExitCode())
	}
	return fmt.Sprint(err)
}

// needs returns the path of a program, or skips the test.
func needs(t *testing.T, program, pkg string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skip("needs the package " + pkg)
	}
	return path
}
