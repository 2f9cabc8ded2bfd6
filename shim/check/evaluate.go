package check

import (
	"path/filepath"
	"strings"
)

// A scope is what an expression may refer to.
type scope struct {
	lex  func(string) []token
	file string              // the file that is read, absolute
	dir  string              // the working directory
	env  func(string) string // a variable of the environment
	vars map[string]string   // variables with a known value
}

// An evaluation goes through the tokens of an expression.
type evaluation struct {
	*scope
	toks  []token
	depth int
}

// evaluate is the text that an expression stands for: strings, numbers, names
// that were given one, what is put together from them, and the usual functions
// on paths. False where it is anything else.
func (s *scope) evaluate(toks []token) (string, bool) {
	e := evaluation{scope: s, toks: toks}
	text, known := e.either()
	return text, known && len(e.toks) == 0
}

// next reports and takes a token.
func (e *evaluation) next(texts ...string) bool {
	for _, text := range texts {
		if len(e.toks) > 0 && e.toks[0].is(text) {
			e.toks = e.toks[1:]
			return true
		}
	}
	return false
}

// either is the first of a || b that says something.
func (e *evaluation) either() (string, bool) {
	text, known := e.sum()
	for known && e.next("||", "or") {
		other, ok := e.sum()
		if text == "" {
			text = other
		}
		known = ok
	}
	return text, known
}

// sum is strings joined by + or by standing side by side.
func (e *evaluation) sum() (string, bool) {
	text, known := e.operand()
	for known && (e.next("+") || len(e.toks) > 0 && e.toks[0].kind == stringToken) {
		more, ok := e.operand()
		text, known = text+more, ok
	}
	return text, known
}

// deepest is how far brackets may nest.
const deepest = 50

// operand is one value, with the conversions that leave a text alone.
func (e *evaluation) operand() (text string, known bool) {
	if e.depth++; len(e.toks) == 0 || e.depth > deepest {
		return "", false
	}
	defer func() { e.depth-- }()
	t := e.toks[0]
	switch t.kind {
	case stringToken:
		e.toks = e.toks[1:]
		text, known = e.joined(t)
	case numberToken, symbolToken:
		e.toks = e.toks[1:]
		text, known = t.text, true
	case wordToken:
		text, known = e.named()
	default:
		if e.next("(") {
			text, known = e.either()
			known = e.next(")") && known
		}
	}
	for known && len(e.toks) > 1 && e.toks[0].is(".") {
		if n := e.toks[1].text; n != "to_s" && n != "to_i" && n != "freeze" && n != "strip" {
			return "", false
		}
		e.toks = e.toks[2:]
	}
	return text, known
}

// joined is a string with what stands in it.
func (e *evaluation) joined(t token) (string, bool) {
	if t.opaque || t.parts == nil {
		return t.text, !t.opaque
	}
	var all strings.Builder
	for _, p := range t.parts {
		text, known := p.text, true
		if p.code {
			toks := e.lex(p.text)
			text, known = e.evaluate(toks[:len(toks)-1])
		}
		if !known {
			return "", false
		}
		all.WriteString(text)
	}
	return all.String(), true
}

// named is a constant, a variable, or a call.
func (e *evaluation) named() (string, bool) {
	name := e.dotted()
	switch {
	case e.next("("):
		return e.call(name)
	case e.next("["):
		args, ok := e.arguments("]")
		if !ok || name != "ENV" && name != "os.environ" || len(args) != 1 {
			return "", false
		}
		return e.env(args[0]), true
	}
	switch name {
	case "true", "True", "false", "False":
		return strings.ToLower(name), true
	case "nil", "None":
		return "", true
	case "__FILE__", "__file__":
		return e.file, true
	case "__dir__":
		return filepath.Dir(e.file), true
	case "Dir.pwd":
		return e.dir, true
	}
	text, known := e.vars[name]
	return text, known
}

// dotted takes a name with what it belongs to.
func (e *evaluation) dotted() string {
	name := e.toks[0].text
	e.toks = e.toks[1:]
	for len(e.toks) > 1 && (e.toks[0].is(".") || e.toks[0].is("::")) && e.toks[1].kind == wordToken {
		if known, is := e.vars[name]; is && known != "" {
			break // a method of a value
		}
		name += "." + e.toks[1].text
		e.toks = e.toks[2:]
	}
	return name
}

// call is what the usual functions answer.
func (e *evaluation) call(name string) (string, bool) {
	args, ok := e.arguments(")")
	if !ok {
		return "", false
	}
	two := append(args, "", "")
	switch name {
	case "File.join", "os.path.join":
		return filepath.Join(args...), len(args) > 0
	case "File.expand_path":
		from := e.dir
		if len(args) > 1 {
			from = below(e.dir, args[1])
		}
		return filepath.Clean(below(from, two[0])), len(args) > 0 && !strings.HasPrefix(args[0], "~")
	case "File.dirname", "os.path.dirname":
		return filepath.Dir(two[0]), len(args) == 1
	case "os.path.abspath", "os.path.realpath", "File.realpath":
		return filepath.Clean(below(e.dir, two[0])), len(args) == 1
	case "os.getcwd", "Dir.pwd":
		return e.dir, len(args) == 0
	case "os.environ.get", "os.getenv", "ENV.fetch":
		if value := e.env(two[0]); value != "" {
			return value, true
		}
		return two[1], len(args) > 1 || len(args) == 1 && name != "ENV.fetch"
	case "str", "int", "Integer", "String":
		return two[0], len(args) == 1
	}
	return "", false
}

// arguments are those of a call, up to its end.
func (e *evaluation) arguments(end string) (args []string, ok bool) {
	for !e.next(end) {
		if len(args) > 0 && !e.next(",") {
			return nil, false
		}
		if e.next(end) { // a comma may come last
			break
		}
		text, known := e.either()
		if !known {
			return nil, false
		}
		args = append(args, text)
	}
	return args, true
}

// below is a path, seen from a directory.
func below(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}
