package main

import (
	"errors"
	"os"
	"strconv"
	"strings"
)

// errNoSuchName: /etc/passwd or /etc/group has no such entry.
var errNoSuchName = errors.New("no such name")

// parseOwner reads USER or USER:GROUP, each a name or a number; -1 is what is
// left as it is.
//
// Names are looked up in /etc/passwd and /etc/group and nowhere else: package
// os/user would bring libc's name services, or a second implementation of them,
// into a process that idles for years. Who keeps his users in a directory
// service writes numbers.
func parseOwner(s setting) (uid, gid int, err error) {
	if s.value == "" {
		return -1, -1, nil
	}
	user, group, hasGroup := strings.Cut(s.value, ":")
	if uid, err = idOf(user, "/etc/passwd"); err != nil {
		return 0, 0, errValue(s, user+": "+err.Error())
	}
	gid = -1
	if hasGroup {
		if gid, err = idOf(group, "/etc/group"); err != nil {
			return 0, 0, errValue(s, group+": "+err.Error())
		}
	}
	return uid, gid, nil
}

// idOf is the number of a user or group. A number stands for itself.
// passwd(5) and group(5) both have the name first and the number third.
func idOf(name, file string) (int, error) {
	if id, err := strconv.ParseUint(name, 10, 32); err == nil && id < 1<<32-1 {
		return int(id), nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Split(line, ":")
		if len(fields) > 3 && fields[0] == name && name != "" {
			return strconv.Atoi(fields[2])
		}
	}
	return 0, errNoSuchName
}
