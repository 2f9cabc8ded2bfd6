// Bench measures what lockshim costs, beside programs that do a part of its work.
//
//	go run ./bench                     everything, some ten minutes
//	go run ./bench -run exit -n 200    one topic
//	go run ./bench -shim ./lockshim    this binary instead of a fresh build
//
// It builds lockshim and what is in bench/c and bench/waiter, takes the
// peers that are installed, and prints Markdown tables on standard output.
//
// Every table compares in one run: the runs of all peers are interleaved, in
// another order each round, so that a neighbour's load falls on all of them. A
// figure in microseconds is this machine's; what carries over is the ratio. On a
// host that others use, run it before them: nice -n -20 go run ./bench.
//
// The topics:
//
//	exit   the last process of the server is SIGKILLed -> the peer's parent has reaped it
//	start  exec of the peer -> first instruction of the server
//	look   start again, with more and more processes on the host
//	rest   memory, wake-ups and processor time of a peer that has nothing to do
//	tree   status and stop of a server with 2000 workers
//	upgrade  what the verb adds to Unicorn's own boot and drain
//	many   memory and processor time of 200 services at rest
//
// The server is bench/c/server.c for every peer, so a C compiler is needed.
package main
