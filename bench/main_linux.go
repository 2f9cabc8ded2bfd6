package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// settings are what the flags say.
type settings struct {
	topics    []string
	runs      int
	settle    time.Duration
	period    time.Duration
	processes []int
	workers   int
	services  int
	shim      string
}

// A topic is one question, and its answer as Markdown.
type topic struct {
	name string
	run  func(*bench) error
}

// topics are in the order in which they run.
func topics() []topic {
	return []topic{
		{"exit", (*bench).exit},
		{"start", (*bench).start},
		{"look", (*bench).look},
		{"rest", (*bench).rest},
		{"tree", (*bench).tree},
		{"upgrade", (*bench).upgrade},
		{"many", (*bench).many},
	}
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench: error:", err)
		os.Exit(1)
	}
}

// run measures on one thread that no collection of garbage interrupts.
func run() error {
	set, err := parse()
	if err != nil {
		return err
	}
	runtime.LockOSThread()
	debug.SetGCPercent(-1)
	b, err := prepare(set)
	if err != nil {
		return err
	}
	defer b.cleanUp()
	b.stopOnSignal()
	b.head()
	for _, t := range topics() {
		if slices.Contains(set.topics, t.name) {
			if err := t.run(b); err != nil {
				return fmt.Errorf("%s: %w", t.name, err)
			}
		}
	}
	return nil
}

func parse() (settings, error) {
	var set settings
	names := topicNames()
	topics := flag.String("run", strings.Join(names, ","), "`topics`, separated by commas")
	counts := flag.String("processes", "100,1000,5000", "`numbers` of processes on the host for look")
	flag.IntVar(&set.runs, "n", 200, "`runs` of each peer for exit and start; look takes a quarter")
	flag.DurationVar(&set.settle, "settle", 50*time.Millisecond, "`time` between a start and the SIGKILL")
	flag.DurationVar(&set.period, "rest", 125*time.Second, "how `long` rest and many watch")
	flag.IntVar(&set.workers, "workers", 2000, "`number` of workers for tree")
	flag.IntVar(&set.services, "services", 200, "`number` of services for many")
	flag.StringVar(&set.shim, "shim", "", "a lockshim `binary`, instead of a fresh build")
	flag.Parse()
	set.topics = strings.Split(*topics, ",")
	for _, t := range set.topics {
		if !slices.Contains(names, t) {
			return set, fmt.Errorf("cannot run topic %q: there are %s", t, strings.Join(names, ", "))
		}
	}
	if set.runs < 1 || flag.NArg() > 0 {
		return set, fmt.Errorf("cannot take %q with -n %d: see -help", flag.Args(), set.runs)
	}
	var err error
	set.processes, err = numbers(*counts)
	return set, err
}

func topicNames() []string {
	var names []string
	for _, t := range topics() {
		names = append(names, t.name)
	}
	return names
}

func numbers(list string) ([]int, error) {
	var ns []int
	for _, word := range strings.Split(list, ",") {
		var n int
		if _, err := fmt.Sscanf(word, "%d", &n); err != nil || n < 1 {
			return nil, fmt.Errorf("cannot read %q as a number of processes", word)
		}
		ns = append(ns, n)
	}
	return ns, nil
}
