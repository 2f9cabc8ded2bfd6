package check

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/lockshim/lockshim/shim/flock"
)

// lockfile looks at the file, its directory and what lies beside it.
func lockfile(s *Subject) []Finding {
	mode := s.LockMode
	if mode == 0 {
		mode = 0o640
	}
	if s.Makes != "" {
		return ok("lockfile", "%s can be made, with its directory", s.Lock)
	}
	there, err := flock.Check(s.Lock, &flock.Create{Mode: mode, UID: s.LockUID, GID: s.LockGID})
	if err != nil {
		return fail("lockfile", "", err)
	}
	found := ok("lockfile", "%s can be made, with the mode %04o", s.Lock, mode)
	if there {
		found = ok("lockfile", "%s is there", s.Lock)
		if info, err := os.Lstat(s.Lock); err == nil {
			mode = info.Mode().Perm()
		}
	}
	return append(found, around(s, mode)...)
}

// around looks at who else has a say: readers of the file, writers of its
// directory, cleaners.
func around(s *Subject, mode os.FileMode) []Finding {
	found := ok("filesystem", "a lock there is this kernel's own")
	if mode&0o004 != 0 {
		found = append(found, warn("lockfile", "chmod 0640 "+word(s.Lock),
			"anybody may read it (mode %04o), and so hold the service up with a lock of his own", mode)...)
	}
	dir := filepath.Dir(s.Lock)
	if info, err := os.Stat(dir); err == nil && info.Mode().Perm()&0o020 != 0 && info.Mode()&os.ModeSticky == 0 {
		found = append(found, warn("directory", "chmod g-w "+word(dir),
			"the group of %s may replace the lockfile (mode %04o)", dir, info.Mode().Perm())...)
	}
	if strings.HasPrefix(s.Lock, "/tmp/") || strings.HasPrefix(s.Lock, "/var/tmp/") {
		found = append(found, warn("filesystem", "--lock /run/lockshim/"+word(filepath.Base(s.Lock)),
			"cleaners delete what is in /tmp and /var/tmp, locked or not")...)
	}
	return append(found, socket(s)...)
}

// words are several, with spaces between.
func words(all ...string) string {
	var quoted []string
	for _, w := range all {
		quoted = append(quoted, word(w))
	}
	return strings.Join(quoted, " ")
}

// word is a path as a shell reads it. What a terminal would act on is escaped.
func word(path string) string {
	quoted := fmt.Sprintf("%q", path)
	if quoted != `"`+path+`"` || strings.ContainsAny(path, " '\"$`&;|<>()*?[]!#~\\{}") {
		return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
	}
	return path
}
