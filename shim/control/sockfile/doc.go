// Package sockfile gives a unix socket its name in a directory, whatever the
// length of the path: make it, reach it, and take it away again.
//
// A socket address has room for 108 bytes with the final NUL (unix(7),
// "Pathname sockets"). A longer path is taken through
// /proc/self/fd/DIRECTORY/NAME, which is the same place by a short name
// (proc_pid_fd(5)), so only the last component is bounded.
//
// It works on Linux; elsewhere only its errors exist.
package sockfile
