//go:build !linux

package main

import "os"

// main refuses: lockshim runs a server on Linux alone, and so does its peer.
func main() { os.Exit(69) }
