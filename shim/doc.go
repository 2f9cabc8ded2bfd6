// Package shim keeps one pid while a server replaces itself.
//
// Run launches a server, or adopts one that runs, and returns when its last
// generation is gone. Inspect, Signal, Reload, Stop and Wait are for everybody
// else: they ask the shim over its socket, and where none answers they make do
// with the lockfile and /proc.
//
// # The machine
//
// One goroutine owns the state. Facts come to it on channels: the exclusive
// lock was granted, a child ended, a signal came, somebody asks, a time is over.
// The pure function step answers each fact with the next state and a list of
// actions, and the loop does them in order; testdata/step.golden is the whole
// table. At rest no timer runs, and every goroutine is blocked in the kernel: one
// in flock(2), one in waitid(2).
//
// The parts are package flock, the lock; package proc, who is there; package
// profile, what signals mean; package control, the socket; package event, what
// is told.
package shim
