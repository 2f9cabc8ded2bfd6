// Command tableflip is a server on github.com/cloudflare/tableflip, for the tests:
// a module of its own, so that lockshim does not depend on it.
//
// It is run in a directory with the FIFOs "events", which it tells of itself, and
// "hang", and it listens on the socket "s". What it finds there besides when it
// starts makes it fail: the files "broken", "mute" and "dying".
package main

import (
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/cloudflare/tableflip"
	"github.com/lockshim/lockshim/hooks"
)

func main() {
	hook := flag.Bool("hook", false, "use lockshim's hook")
	way := flag.String("reexec", "", "replace itself without tableflip: exec or fork")
	flag.Parse()
	err := error(nil)
	if *way != "" {
		err = reexec(*way)
	} else {
		err = run(*hook)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "tableflip:", err)
		os.Exit(3)
	}
}

// run serves until the process is to go: it was told to stop, or the next
// generation is ready.
func run(hook bool) error {
	if hook {
		if err := hooks.Hold(); err != nil {
			return err
		}
	}
	upg, err := tableflip.New(tableflip.Options{})
	if err != nil {
		return err
	}
	defer upg.Stop()
	go heed(upg)
	ln, err := upg.Listen("unix", "s")
	if err != nil {
		return err
	}
	if there("broken") {
		os.Exit(3) // without Stop, which would remove the socket's path
	}
	var open sync.WaitGroup
	server := &http.Server{Handler: http.HandlerFunc(answer), ConnState: func(_ net.Conn, state http.ConnState) { count(&open, state) }}
	served := make(chan error, 1)
	if there("mute") {
		say("mute")
		select {}
	}
	go func() { served <- server.Serve(ln) }()
	if err := ready(upg, hook); err != nil {
		return err
	}
	say("ready")
	<-upg.Exit()
	// Server.Shutdown would close connections whose first request it has not read
	// yet: those that this process has accepted are for nobody else to answer.
	ln.Close()
	<-served
	server.SetKeepAlivesEnabled(false)
	open.Wait()
	return nil
}

// count counts open connections.
func count(open *sync.WaitGroup, state http.ConnState) {
	switch state {
	case http.StateNew:
		open.Add(1)
	case http.StateClosed, http.StateHijacked:
		open.Done()
	}
}

// ready tells lockshim first, then the old process, which goes.
func ready(upg *tableflip.Upgrader, hook bool) error {
	if hook {
		if err := hooks.Ready(); err != nil {
			return err
		}
	}
	if there("dying") {
		os.Exit(3) // without Stop, which would remove the socket's path
	}
	return upg.Ready()
}

// heed answers signals: HUP brings the next generation in, TERM is the end.
func heed(upg *tableflip.Upgrader) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP, syscall.SIGTERM)
	for sig := range signals {
		if sig == syscall.SIGTERM {
			say("term")
			upg.Stop()
			continue
		}
		if err := upg.Upgrade(); err != nil {
			fmt.Fprintln(os.Stderr, "tableflip:", err)
		}
	}
}

// answer answers with the pid; to /hang once somebody has written into the FIFO.
func answer(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/hang" {
		say("hanging")
		if f, err := os.Open("hang"); err == nil {
			fmt.Fscanln(f, new(string), new(string))
			f.Close()
		}
	}
	fmt.Fprint(w, os.Getpid())
}

// say writes a word and the pid into the FIFO.
func say(word string) {
	if f, err := os.OpenFile("events", os.O_WRONLY, 0); err == nil {
		fmt.Fprintf(f, "%s %d\n", word, os.Getpid())
		f.Close()
	}
}

func there(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}
