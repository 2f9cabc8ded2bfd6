// Package check says what would go wrong if a shim were run here, before it
// does.
//
// All takes what shim.Run would take, and answers with findings, a line each. An
// error is what Run would return; a warning is what would go wrong later: at an
// upgrade, at a stop, after a crash. The configuration of a server is read as
// text, never run: what a condition, a method or a module decides cannot be known
// from that, and the finding says so.
//
// It launches no server, makes no file and takes no guard. Two things it does
// do: of a lockfile that nobody is seen to have it tries the locks for an instant, and
// where systemd is the init it runs systemctl show.
package check
