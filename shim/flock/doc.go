// Package flock is the lock and nothing else: open and check a lockfile, share
// it, wait for it, guard it, hand it to a child.
//
// A lock of flock(2) belongs to an open file description. Every descriptor that
// fork, dup or exec copied from one open refers to the same lock, and the lock
// ends when the last copy is closed, whatever ended its owner. A [File] is one
// such description; two Files of one path exclude each other even inside one
// process.
//
// The package says nothing about whose lock it is or what it means. Two ready
// uses of it are here for any program: [TryLock], a single-instance lock, and
// [Pidfile], a pid file that cannot go stale.
//
// # What is trusted
//
// A lockfile holds no data: to disturb its users one must lock it or replace
// it. [Open] refuses what makes that easy for everybody, and judges by the
// descriptors that it opened, never by a second look at the path:
//
//   - The file must be a regular file and not a symbolic link.
//   - The file must not be writable by others (o+w). Group-write is allowed:
//     whoever set the mode chose the group, a member that may only read can
//     lock it already, and a umask of 002 gives such files to a server's own
//     File.open(..., "w").
//   - The directory must not be writable by others, unless it is sticky; there
//     the file must belong to the caller, to root, or to the owner that
//     [Create] asks for, since anybody may have put it there first.
//   - Elsewhere the owner does not matter, root's callers included: only who
//     may write the directory can have put the file there, and a server that
//     changes its user needs a lockfile of that user's.
//
// The owner and the group of the directory are trusted, and so are the
// directories above it. Access control lists are seen only as far as the mode
// bits show them. Whoever may read a lockfile can lock it, so give it to
// nobody who should not hold the service up; 0640 is what Create defaults to.
package flock
