//go:build linux

package test

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// closerOrders is the variable that makes this test binary the program of a
// closer. Its value is the service's directory.
const closerOrders = "SHIMTEST_CLOSER"

func init() {
	if dir := os.Getenv(closerOrders); dir != "" {
		os.Exit(closeAll(dir))
	}
}

// closeAll is that program: it closes every descriptor from 3 up, says "closed
// PID", and exits with the number that it is sent. It opens files for the time
// of a call, and keeps none.
func closeAll(dir string) int {
	if err := unix.CloseRange(3, 1<<31, 0); err != nil {
		return 101
	}
	events, err := unix.Open(dir+"/events", unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 102
	}
	if _, err := unix.Write(events, fmt.Appendf(nil, "closed %d\n", os.Getpid())); err != nil {
		return 103
	}
	unix.Close(events)
	orders, err := unix.Open(dir+"/exit", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 104
	}
	var line [16]byte
	n, err := unix.Read(orders, line[:])
	for err == unix.EINTR {
		n, err = unix.Read(orders, line[:])
	}
	code, wrong := strconv.Atoi(strings.TrimSpace(string(line[:max(n, 0)])))
	if err != nil || wrong != nil {
		return 105
	}
	return code
}

// A closer is a service whose program is such a one.
type closer struct {
	s    *service
	fifo *os.File // its orders
}

func (s *service) closer() *closer { return &closer{s, s.fifo("exit")} }

// run starts a shim and returns when its program has closed the lock.
func (c *closer) run() *shimRun {
	c.s.t.Helper()
	r := c.again()
	c.s.master = number(c.s.t, c.s.line("closed")[1])
	return r
}

// again starts a shim with the same command.
func (c *closer) again() *shimRun {
	c.s.t.Helper()
	program, err := os.Executable()
	must(c.s.t, err)
	args := []string{lockshim, "run", "--lock", c.s.lock, "--log-format", "json", "--", program}
	return c.s.runArgs(args, spec{env: append(c.s.env(), closerOrders+"="+c.s.dir)})
}

// exit ends the program.
func (c *closer) exit(code int) {
	c.s.t.Helper()
	_, err := c.fifo.WriteString(strconv.Itoa(code) + "\n")
	must(c.s.t, err)
}
