package check

import "slices"

// A statement is one of a configuration's: name args, name(args) or name = args.
type statement struct {
	name   string // dotted
	assign bool
	args   []token
	all    []token // the whole of it
	sure   bool    // nothing decides whether it is executed
	in     string  // the block or function that it stands in, "" for none
	line   int
}

// A frame is a construct that has not ended.
type frame struct {
	kind   byte   // 'e' ends with end, '{' with a brace, 'p' where the indentation goes back
	cond   bool   // what stands in it may not be executed
	name   string // of a block or function
	indent int
}

// A nest is the frames around a statement.
type nest []frame

// sure reports that no condition is around.
func (n nest) sure() bool { return !slices.ContainsFunc(n, func(f frame) bool { return f.cond }) }

// name is the outermost block or function.
func (n nest) name() string {
	for _, f := range n {
		if f.name != "" {
			return f.name
		}
	}
	return ""
}

// head takes the name at the beginning of a statement: its words, and what
// follows.
func head(toks []token) (name string, rest []token) {
	if len(toks) > 0 && toks[0].is("::") {
		toks = toks[1:]
	}
	for len(toks) > 0 && toks[0].kind == wordToken {
		if name += toks[0].text; len(toks) < 3 || !toks[1].is(".") && !toks[1].is("::") || toks[2].kind != wordToken {
			return name, toks[1:]
		}
		name, toks = name+".", toks[2:]
	}
	return name, toks
}

// parse fills in what a statement says.
func (s *statement) parse(toks []token) {
	s.all = toks
	s.name, s.args = head(toks)
	if len(s.args) == 0 {
		return
	}
	switch {
	case s.args[0].is("="):
		s.assign, s.args = true, s.args[1:]
	case s.args[0].is("(") && s.args[len(s.args)-1].is(")") && matches(s.args):
		s.args = s.args[1 : len(s.args)-1]
	}
}

// matches reports whether the first bracket is closed by the last.
func matches(toks []token) bool {
	depth := 0
	for i, t := range toks {
		depth += nesting(t)
		if depth == 0 {
			return i == len(toks)-1
		}
	}
	return false
}

// nesting is 1 for a bracket that opens, -1 for one that closes.
func nesting(t token) int {
	switch {
	case t.is("("), t.is("["), t.is("{"):
		return 1
	case t.is(")"), t.is("]"), t.is("}"):
		return -1
	}
	return 0
}

// has reports whether the statement has a word in it.
func (s *statement) has(word string) bool {
	return slices.ContainsFunc(s.all, func(t token) bool { return t.kind == wordToken && t.text == word })
}

// first is the first argument, up to a comma.
func (s *statement) first() []token {
	depth := 0
	for i, t := range s.args {
		if depth += nesting(t); t.is(",") && depth == 0 {
			return s.args[:i]
		}
	}
	return s.args
}
