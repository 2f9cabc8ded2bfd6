package proc

import (
	"bytes"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/lockshim/lockshim/shim/profile"
)

// Program is the file that the kernel will show as the executable of a command:
// its program, without the wrappers before it and with symbolic links resolved,
// or the interpreter that the program's first line names (execve(2), Interpreter
// scripts). Names without a slash are looked up in PATH.
//
// It is "" where that cannot be told. It does not say that the command can be
// executed, nor what a script executes in its turn.
func Program(command []string) string {
	if len(command) == 0 {
		return ""
	}
	if exe := executable(profile.Strip(command), 0); exe != "" {
		return exe
	}
	return executable(command, 0) // a shell with a script that does not name it
}

// maxInterpreters is how many scripts may interpret one another: the kernel's
// search_binary_handler gives up there.
const maxInterpreters = 5

// executable is the binary that runs command, whose wrappers are gone but for
// env, with which scripts name their interpreter.
func executable(command []string, depth int) string {
	file := find(command[0])
	interpreter, binary := firstLine(file)
	switch {
	case interpreter != nil && depth < maxInterpreters:
		return executable(profile.Strip(interpreter), depth+1)
	case !binary:
		return ""
	}
	resolved, err := filepath.EvalSymlinks(file)
	if err != nil {
		return ""
	}
	return resolved
}

// firstLineMax is what the kernel reads of a script: BINPRM_BUF_SIZE.
const firstLineMax = 256

// firstLine reads which interpreter a file names, with its argument, and whether
// it is a binary of its own.
func firstLine(file string) (interpreter []string, binary bool) {
	f, err := os.Open(file)
	if err != nil {
		return nil, false
	}
	defer f.Close()
	text := make([]byte, firstLineMax)
	n, err := io.ReadFull(f, text)
	if err != nil && err != io.ErrUnexpectedEOF {
		return nil, false
	}
	line, script := bytes.CutPrefix(text[:n], []byte("#!"))
	if !script {
		return nil, bytes.HasPrefix(text, []byte("\x7fELF"))
	}
	line, _, _ = bytes.Cut(line, []byte("\n"))
	if words := strings.Fields(string(line)); len(words) > 0 {
		return words, false
	}
	return nil, false
}

// find is the path of a command: itself, or the first of that name in PATH.
func find(name string) string {
	if strings.Contains(name, "/") {
		return name
	}
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		file := path.Join(dir, name)
		if info, err := os.Stat(file); err == nil && !info.IsDir() && info.Mode()&0o111 != 0 {
			return file
		}
	}
	return ""
}
