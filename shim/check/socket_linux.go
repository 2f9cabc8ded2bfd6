package check

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/lockshim/lockshim/shim/control"
	"github.com/lockshim/lockshim/shim/control/sockfile"
)

// socket foresees whether there will be the sockets beside the lockfile. The shim
// starts without them too.
func socket(s *Subject) []Finding {
	path := control.Path(s.Lock)
	for _, p := range []string{path, strings.TrimSuffix(s.Lock, ".lock") + ".notify"} {
		if info, err := os.Lstat(p); err == nil && info.Mode()&os.ModeSocket == 0 {
			return warn("socket", "rm "+word(p), "%s is in the way of a socket of lockshim's, and is none", p)
		}
	}
	if base := filepath.Base(path); !sockfile.Fits("/proc/self/fd/9/" + base) {
		return warn("socket", "--lock "+word(filepath.Dir(s.Lock)+"/web.lock"),
			"the name of %s is too long for a control socket beside it", filepath.Base(s.Lock))
	}
	return nil
}
