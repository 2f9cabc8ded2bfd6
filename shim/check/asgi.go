package check

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// asgiDialect is the application's own module: it carries the hook.
var asgiDialect = dialect{python: true, wraps: "Lockshim"}

// readASGI follows uvicorn's and Hypercorn's command lines: the application is
// module:name, below --app-dir of uvicorn or the working directory, which is
// first in the module path.
func readASGI(s *Subject, c *conf) {
	o := options{}
	dir := below(c.dir, o.value(s.inner, "", "app-dir"))
	i := slices.IndexFunc(s.inner[1:], func(arg string) bool { return arg[:min(1, len(arg))] != "-" && isModule(arg) })
	if i < 0 {
		c.trouble = "the application's module is not known"
		return
	}
	module, _, _ := strings.Cut(s.inner[1:][i], ":")
	path := filepath.Join(dir, strings.ReplaceAll(module, ".", "/"))
	for _, file := range []string{path + ".py", path + "/__init__.py"} {
		if _, err := os.Stat(file); err == nil {
			c.file = file
			asgiDialect.script(s, c, file)
			return
		}
	}
	c.trouble = "cannot find the module " + module + " in " + dir
}

// isModule reports module:name, and no address.
func isModule(arg string) bool {
	module, name, found := strings.Cut(arg, ":")
	word := func(text string) bool {
		return text != "" && !isDigit(text[0]) && !strings.ContainsFunc(text, func(r rune) bool { return r != '.' && (r > 127 || !isWord(byte(r))) })
	}
	return found && word(module) && word(strings.TrimSuffix(name, "()"))
}
