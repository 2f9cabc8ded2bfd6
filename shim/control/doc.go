// Package control is the socket beside the lockfile: how an operator's command
// asks a running shim for its status, an upgrade or a stop.
//
// It carries requests and answers, and knows nothing of what they do. The shim
// must start and serve without it: whatever fails here, the lockfile and
// proc(5) tell the truth as well.
//
// # The protocol
//
// A connection of a stream socket (unix(7)) carries one request. The client
// sends a line with a JSON object; the server answers with any number of
// progress lines and one last line, and closes:
//
//	{"verb":"upgrade"}
//	{"progress":{"step":"preflight"}}
//	{"result":{"generation":2}}
//
//	{"verb":"upgrade"}
//	{"error":{"code":"busy","text":"an upgrade runs since 12:03:04"}}
//
// Consumers ignore fields that they do not know. What follows the first line
// of a client is not read. A client that shuts down its sending side after the
// line gets its answer all the same.
//
// # Who may ask
//
// The socket has the mode 0600, and the kernel names the peer (SO_PEERCRED):
// root and the server's own user are answered, others are refused. The client
// asks the same: it believes root, its own user, and the owner of the lockfile.
package control
