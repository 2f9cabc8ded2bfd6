package profile

import (
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"github.com/lockshim/lockshim/internal/testkit"
)

// TestMain makes the test binary its own helper, adopts what a daemonizing
// server leaves, and fails the suite when a child of it was not waited for.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && strings.HasPrefix(os.Args[1], "helper-") {
		help(os.Args[1], os.Args[2:])
		syscall.Exit(0) // os.Exit waits a second under the race detector
	}
	os.Exit(testkit.MainAsInit(m, nil))
}

// help is the life of a helper process.
func help(task string, args []string) {
	switch task {
	case "helper-probe":
		probe()
	case "helper-raise":
		raise(args[0])
	case "helper-pipe":
		writeToNobody(args[0])
	default:
		panic("no such task: " + task)
	}
}

// probe prints its pid, its arguments and its command line.
func probe() {
	cmdline, err := os.ReadFile("/proc/self/cmdline")
	if err != nil {
		panic(err)
	}
	fmt.Printf("%d\n%s\n%s", os.Getpid(), strings.Join(os.Args, "\x00"), cmdline)
}

// raise asks to be notified of a signal and sends it to itself.
func raise(name string) {
	sig, err := ParseSignal(name)
	if err != nil {
		panic(err)
	}
	c := make(chan os.Signal, 1)
	signal.Notify(c, sig)
	if err := syscall.Kill(os.Getpid(), sig); err != nil {
		panic(err)
	}
	<-c
	fmt.Println("notified")
}

// writeToNobody writes to a standard error that has no reader, subscribed or not.
func writeToNobody(how string) {
	if how == "subscribed" {
		c := make(chan os.Signal, 1)
		for _, sig := range Signals() {
			signal.Notify(c, sig)
		}
	}
	_, err := os.Stderr.WriteString("x")
	fmt.Println(err)
}
