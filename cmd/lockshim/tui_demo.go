package main

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// newDemoView shows colours on a terminal whose user has not asked for none
// (NO_COLOR), and nowhere else.
func newDemoView() *demoView {
	_, err := unix.IoctlGetWinsize(unix.Stdout, unix.TIOCGWINSZ)
	v := &demoView{began: time.Now(), colour: err == nil && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
	fmt.Println("a server that replaces itself, under one pid that stays")
	fmt.Println()
	return v
}

// tell shows one event beside the shim's pid.
func (v *demoView) tell(shim int, format string, args ...any) {
	pid := fmt.Sprintf("shim %d", shim)
	if v.colour {
		pid = "\x1b[1;32m" + pid + "\x1b[0m"
	}
	fmt.Printf("%5.2fs  %s  %s\n", time.Since(v.began).Seconds(), pid, fmt.Sprintf(format, args...))
}

// summary is the last thing that the demo shows.
func (v *demoView) summary(answered, failed int64, unseen time.Duration) {
	fmt.Println()
	fmt.Println(picture(v.past, lanes(v.past), paperOf(os.Getenv, unix.Stdout)))
	fmt.Printf("requests   %d answered, %d failed\n", answered, failed)
	fmt.Printf("upgrades   2, pid %d before and %d after\n", v.before, v.after)
	fmt.Printf("end        seen %s after the last process closed its descriptors\n", unseen.Round(time.Microsecond))
}
