// Package flock is the lock and nothing else: open and check a lockfile, share
// it, wait for it, guard it.
package flock
