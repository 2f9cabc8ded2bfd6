package check

import (
	"os"
	"path/filepath"

	"github.com/lockshim/lockshim/shim/control"
	"github.com/lockshim/lockshim/shim/control/sockfile"
)

// socket foresees whether there will be a control socket. The shim starts
// without one too.
func socket(s *Subject) []Finding {
	path := control.Path(s.Lock)
	if info, err := os.Lstat(path); err == nil && info.Mode()&os.ModeSocket == 0 {
		return warn("socket", "rm "+word(path), "%s is in the way of the control socket, and is none", path)
	}
	if base := filepath.Base(path); !sockfile.Fits("/proc/self/fd/9/" + base) {
		return warn("socket", "--lock "+word(filepath.Dir(s.Lock)+"/web.lock"),
			"the name of %s is too long for a control socket beside it", filepath.Base(s.Lock))
	}
	return nil
}
