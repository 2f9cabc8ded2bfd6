package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// The demo's server: one process a generation, which answers every request with
// its pid, and on USR2 executes itself anew as Unicorn does: the successor
// inherits the listening socket, and tells its parent to quit once it serves.
//
// It speaks HTTP/1.0 over bare system calls. net and net/http would sit in every
// idle shim for the sake of this file.

// What a generation tells the next one in the environment.
const (
	demoSocket     = "DEMO_SOCKET"     // the listening descriptor
	demoGeneration = "DEMO_GENERATION" // the successor's number
)

// A demoMaster is one generation.
type demoMaster struct {
	listener   int
	generation int
	report     *os.File // a line for what happens; the demo reads it
	wake       [2]int   // a pipe: one byte ends the accepting
	busy       sync.WaitGroup
}

// demoServe is the whole life of a generation. report is the number of the
// descriptor that the demo reads.
func demoServe(report int) error {
	m := &demoMaster{report: os.NewFile(uintptr(report), "report"), generation: 1}
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGUSR2, syscall.SIGQUIT, syscall.SIGTERM)
	if err := m.listen(); err != nil {
		return err
	}
	accepted := make(chan error, 1)
	go func() { accepted <- m.accept() }()
	fmt.Fprintf(m.report, "ready %d %d %d\n", m.generation, os.Getpid(), m.port())
	if os.Getenv(demoSocket) != "" {
		syscall.Kill(os.Getppid(), syscall.SIGQUIT)
	}
	for sig := range signals {
		if sig != syscall.SIGUSR2 {
			break
		}
		if err := m.succeed(); err != nil {
			fmt.Fprintf(m.report, "failed %v\n", err)
		}
	}
	unix.Write(m.wake[1], []byte{0})
	err := <-accepted
	m.busy.Wait() // a request in flight is answered
	fmt.Fprintf(m.report, "gone %d %d\n", m.generation, os.Getpid())
	return err
}

// listen takes over the socket of the generation before, or opens the first one
// on a port that the kernel chooses.
func (m *demoMaster) listen() (err error) {
	if err := unix.Pipe(m.wake[:]); err != nil {
		return fmt.Errorf("cannot make a pipe: %w", err)
	}
	if inherited := os.Getenv(demoSocket); inherited != "" {
		m.listener, _ = strconv.Atoi(inherited)
		m.generation, _ = strconv.Atoi(os.Getenv(demoGeneration))
		return nil
	}
	m.listener, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err == nil {
		err = unix.Bind(m.listener, loopback(0))
	}
	if err == nil {
		err = unix.Listen(m.listener, 128)
	}
	if err == nil {
		err = unix.SetNonblock(m.listener, true)
	}
	if err != nil {
		return fmt.Errorf("cannot listen on 127.0.0.1: %w", err)
	}
	return nil
}

// loopback is an address on 127.0.0.1.
func loopback(port int) *unix.SockaddrInet4 {
	return &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}
}

// port is the one that the kernel chose.
func (m *demoMaster) port() int {
	name, err := unix.Getsockname(m.listener)
	if address, ok := name.(*unix.SockaddrInet4); err == nil && ok {
		return address.Port
	}
	return 0
}

// accept answers requests until it is woken. Two generations share the socket,
// so a connection that was seen may be the other's.
func (m *demoMaster) accept() error {
	waiting := []unix.PollFd{{Fd: int32(m.listener), Events: unix.POLLIN}, {Fd: int32(m.wake[0]), Events: unix.POLLIN}}
	for {
		if _, err := unix.Poll(waiting, -1); err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("cannot wait for requests: %w", err)
		}
		if waiting[1].Revents != 0 {
			return nil
		}
		conn, _, err := unix.Accept(m.listener)
		if err != nil {
			continue
		}
		unix.CloseOnExec(conn)
		m.busy.Go(func() { m.answer(conn) })
	}
}

// answer reads one request to its empty line, and says who answers.
func (m *demoMaster) answer(conn int) {
	defer unix.Close(conn)
	_ = unix.SetNonblock(conn, false)
	var request []byte
	buf := make([]byte, 1024)
	for !bytes.Contains(request, []byte("\r\n\r\n")) {
		n, err := unix.Read(conn, buf)
		if n <= 0 || err != nil || len(request) > 16<<10 {
			return
		}
		request = append(request, buf[:n]...)
	}
	body := fmt.Sprintf("generation %d, pid %d\n", m.generation, os.Getpid())
	unix.Write(conn, fmt.Appendf(nil, "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s", len(body), body))
	unix.Shutdown(conn, unix.SHUT_WR)
}

// succeed executes the next generation. It inherits what is not marked to be
// closed: the lock, the report, and the socket.
func (m *demoMaster) succeed() error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	os.Setenv(demoSocket, strconv.Itoa(m.listener))
	os.Setenv(demoGeneration, strconv.Itoa(m.generation+1))
	_, err = syscall.ForkExec(exe, os.Args, &syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{0, 1, 2}})
	return err
}
