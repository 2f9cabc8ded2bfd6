package check

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// supervisord reads stopwaitsecs of the program that a process is, 10 where its
// section has none. supervisord tells the process its name, and its own command
// line the file.
func supervisord(a ancestor, pid int) initSystem {
	i := initSystem{name: "supervisord", set: func(n int) string { return "stopwaitsecs=" + strconv.Itoa(n) }}
	environ, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	group := variable(string(environ), "SUPERVISOR_GROUP_NAME")
	name := variable(string(environ), "SUPERVISOR_PROCESS_NAME")
	dir := "/proc/" + strconv.Itoa(a.pid) + "/cwd"
	for _, section := range []string{"program:" + name, "program:" + group} {
		for _, file := range supervisordFiles(a.args, dir) {
			value, found := iniValue(file, section, "stopwaitsecs")
			if n, err := strconv.Atoi(value); found && err == nil {
				i.waits, i.known = time.Duration(n)*time.Second, true
				return i
			}
			if _, found := iniValue(file, section, "command"); found {
				i.waits, i.known = 10*time.Second, true
				return i
			}
		}
	}
	return i
}

// variable is one of an environment as /proc/PID/environ has it.
func variable(environ, name string) string {
	for v := range strings.SplitSeq(environ, "\x00") {
		if value, found := strings.CutPrefix(v, name+"="); found {
			return value
		}
	}
	return ""
}

// supervisordFiles are the texts of the configuration that a supervisord with
// these arguments reads, in its directory.
func supervisordFiles(args []string, dir string) []string {
	path := options{flags: "nst", takes: "cudelzajqm"}.value(args, "c", "configuration")
	for _, usual := range []string{"/etc/supervisord.conf", "/etc/supervisor/supervisord.conf"} {
		if _, err := os.Stat(usual); path == "" && err == nil {
			path = usual
		}
	}
	path = below(dir, path)
	main, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	files := []string{string(main)}
	patterns, _ := iniValue(string(main), "include", "files")
	for _, pattern := range strings.Fields(strings.ReplaceAll(patterns, "%(here)s", filepath.Dir(path))) {
		names, _ := filepath.Glob(below(filepath.Dir(path), pattern))
		for _, name := range slices.Sorted(slices.Values(names)) {
			if text, err := os.ReadFile(name); err == nil {
				files = append(files, string(text))
			}
		}
	}
	return files
}
