package test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// root is the repository, seen from this folder.
const root = ".."

// A source is one parsed Go file.
type source struct {
	path string
	text string
	*ast.File
}

// sources parses every Go file of the repository.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() == "testdata" { // programs of their own modules
			return filepath.SkipDir
		}
		if err != nil || filepath.Ext(path) != ".go" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.ParseComments)
		all = append(all, source{path: path, text: string(text), File: file})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func isTest(s source) bool { return strings.HasSuffix(s.path, "_test.go") }

// TestEveryPackageSaysWhatItIs: each has a doc comment, in one file at least.
func TestEveryPackageSaysWhatItIs(t *testing.T) {
	documented := map[string]bool{}
	for _, s := range sources(t) {
		dir := filepath.Dir(s.path)
		documented[dir] = documented[dir] || s.Doc != nil
	}
	for dir, is := range documented {
		if !is {
			t.Errorf("the package in %s has no doc comment", dir)
		}
	}
}

// TestImports: the library is silent and needs one module; the binary needs no
// more. What each host would carry in memory is not linked in unnoticed.
func TestImports(t *testing.T) {
	heavy := []string{"log", "net", "net/http", "regexp", "text/template", "os/exec", "os/user"}
	loud := []string{"log", "os/signal", "flag"}
	for _, s := range sources(t) {
		if isTest(s) || strings.HasPrefix(s.path, root+"/bench") || strings.HasPrefix(s.path, root+"/internal/testkit/") {
			continue
		}
		for _, spec := range s.Imports {
			path, _ := strconv.Unquote(spec.Path.Value)
			module := strings.Contains(strings.Split(path, "/")[0], ".")
			own := strings.HasPrefix(path, "github.com/lockshim/lockshim")
			switch {
			case strings.HasSuffix(path, "/testkit"):
				t.Errorf("%s imports %s, which is for tests", s.path, path)
			case module && !own && path != "golang.org/x/sys/unix":
				t.Errorf("%s imports %s", s.path, path)
			case slices.Contains(heavy, path):
				t.Errorf("%s imports %s, which every idle shim would carry", s.path, path)
			case slices.Contains(loud, path) && strings.HasPrefix(s.path, root+"/shim"):
				t.Errorf("%s imports %s: the library prints nothing and takes no signals", s.path, path)
			}
		}
	}
}

// TestTheLibraryNeverEndsTheProcess: it returns errors.
func TestTheLibraryNeverEndsTheProcess(t *testing.T) {
	for _, s := range sources(t) {
		if isTest(s) || !strings.HasPrefix(s.path, root+"/shim") {
			continue
		}
		for _, call := range []string{"os.Exit(", "os.Stdout", "os.Stderr", "fmt.Print", "println("} {
			if strings.Contains(s.text, call) {
				t.Errorf("%s has %s", s.path, call)
			}
		}
	}
}

// TestTestsDoNotSleep: they wait for what happens.
func TestTestsDoNotSleep(t *testing.T) {
	sleep := "time." + "Sleep("
	for _, s := range sources(t) {
		if isTest(s) && strings.Contains(s.text, sleep) {
			t.Errorf("%s sleeps", s.path)
		}
	}
}

// TestFilesAreShort: a file is read in one sitting.
func TestFilesAreShort(t *testing.T) {
	for _, s := range sources(t) {
		if lines := strings.Count(s.text, "\n"); lines > 300 {
			t.Errorf("%s has %d lines", s.path, lines)
		}
	}
}

// TestTheMachineIsSmallFromOutside counts the exported names of package shim,
// and asks for a comment at each.
func TestTheMachineIsSmallFromOutside(t *testing.T) {
	names := map[string]bool{}
	for _, s := range sources(t) {
		if filepath.Dir(s.path) == root+"/shim" && !isTest(s) {
			for name, comment := range exported(s.File) {
				names[name] = true
				if !comment {
					t.Errorf("%s: %s has no comment", s.path, name)
				}
			}
		}
	}
	if len(names) >= 50 {
		t.Errorf("package shim exports %d names", len(names))
	}
}

// exported lists the exported names of a file outside methods, and whether each
// has a comment.
func exported(file *ast.File) map[string]bool {
	names := map[string]bool{}
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil && d.Name.IsExported() {
				names[d.Name.Name] = d.Doc != nil
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				addSpec(names, d, spec)
			}
		}
	}
	return names
}

func addSpec(names map[string]bool, d *ast.GenDecl, spec ast.Spec) {
	switch s := spec.(type) {
	case *ast.TypeSpec:
		if s.Name.IsExported() {
			names[s.Name.Name] = d.Doc != nil || s.Doc != nil
		}
	case *ast.ValueSpec:
		for _, name := range s.Names {
			if name.IsExported() {
				names[name.Name] = d.Doc != nil || s.Doc != nil || s.Comment != nil
			}
		}
	}
}

// TestModule: nothing is replaced, so that what is tested is what users get.
func TestModule(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "replace") {
		t.Error("go.mod replaces a module")
	}
}

// TestProcessTestsAreParallel: whatever waits for a server lets others run
// meanwhile, by a call of its own or of a function each….
func TestProcessTestsAreParallel(t *testing.T) {
	for _, s := range sources(t) {
		dir := filepath.Base(filepath.Dir(s.path))
		if !isTest(s) || dir != "test" && dir != "hooks" || !strings.HasPrefix(s.text, "//go:build linux") && !strings.HasSuffix(s.path, "_linux_test.go") {
			continue
		}
		for _, decl := range s.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if ok && strings.HasPrefix(f.Name.Name, "Test") && f.Name.Name != "TestMain" && !slices.ContainsFunc(f.Body.List, makesParallel) {
				t.Errorf("%s: %s is not parallel", s.path, f.Name.Name)
			}
		}
	}
}

// makesParallel tells whether a statement calls t.Parallel or each….
func makesParallel(statement ast.Stmt) bool {
	e, ok := statement.(*ast.ExprStmt)
	if !ok {
		return false
	}
	call, ok := e.X.(*ast.CallExpr)
	if !ok {
		return false
	}
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return strings.HasPrefix(f.Name, "each")
	case *ast.SelectorExpr:
		return f.Sel.Name == "Parallel"
	}
	return false
}
