// Package notify speaks sd_notify(3) in both directions: it receives what a
// server says of itself, and tells the service manager above.
//
// A message is a datagram of lines "NAME=value" to the unix socket that
// NOTIFY_SOCKET names, a path or "@" and an abstract name. The kernel adds the
// sender's credentials. What is interpreted, and what is refused, follows the
// manual page and systemd's own receiver, manager_dispatch_notify_fd() in
// src/core/manager.c: 4096 bytes at most, no NUL but one at the end.
//
// # Attribution
//
// A message says which process sent it, and that process may end at once:
// systemd-notify(1) does. It waits before that for its barrier, a descriptor
// that it sends afterwards and that the receiver closes. So look at the sender
// of a message before the next call of Receive, which may be the one that takes
// the barrier; a sender without a barrier has to live until it was looked at.
//
// Any local user can send to the socket; a message alone proves nothing. A
// queue holds few datagrams (net.unix.max_dgram_qlen) and a full one blocks the
// server that wants to send: keep receiving.
package notify
