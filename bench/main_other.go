//go:build !linux

package main

import (
	"fmt"
	"os"
)

// main refuses: lockshim runs a server on Linux alone.
func main() {
	fmt.Fprintln(os.Stderr, "bench: error: cannot measure: this needs Linux")
	os.Exit(69)
}
