package check

import "slices"

// A rubyReader finds the statements of a configuration in Ruby.
type rubyReader struct {
	toks  []token
	at    int
	nest  nest
	found []statement
}

// readRuby lists the statements, those in blocks and methods too, in the order of
// the text.
func readRuby(src string) []statement {
	r := &rubyReader{toks: lexRuby(src)}
	for r.at < len(r.toks) {
		r.statement()
	}
	return r.found
}

var (
	// conditions begin what may not be executed.
	conditions = []string{"if", "unless", "case", "while", "until", "for"}
	// branches go on with it.
	branches = []string{"else", "elsif", "when", "in", "rescue"}
	// modifiers decide about what stands before them.
	modifiers = []string{"if", "unless", "while", "until", "rescue", "and", "or"}
)

// statement takes one, up to its end, or what opens or closes a construct.
func (r *rubyReader) statement() {
	t := r.toks[r.at]
	word := ""
	if t.kind == wordToken {
		word = t.text
	}
	switch {
	case t.kind == endToken || t.is(";") || t.is(",") || t.is(")") || word == "then" || word == "ensure":
		r.at++
	case t.is("}"):
		r.close('{')
	case word == "end":
		r.close('e')
	case slices.Contains(branches, word):
		r.branch(word)
	case word == "begin" || word == "class" || word == "module" || word == "def" || slices.Contains(conditions, word):
		r.open(word)
	default:
		r.plain()
	}
}

// close ends the innermost construct that ends so.
func (r *rubyReader) close(kind byte) {
	r.at++
	for i := len(r.nest) - 1; i >= 0; i-- {
		if r.nest[i].kind == kind {
			r.nest = r.nest[:i]
			return
		}
	}
}

// branch makes what follows depend on a condition.
func (r *rubyReader) branch(word string) {
	r.at++
	if n := len(r.nest); n > 0 && r.nest[n-1].kind == 'e' {
		r.nest[n-1].cond = true
	}
	if word != "else" {
		r.rest(false)
	}
}

// open takes the line that begins a construct. Its condition is executed; what
// follows perhaps not.
func (r *rubyReader) open(word string) {
	line := r.toks[r.at].line
	r.at++
	f := frame{kind: 'e', cond: slices.Contains(conditions, word)}
	var toks []token
	if word != "begin" {
		toks = r.rest(word == "while" || word == "until" || word == "for")
		s := statement{sure: r.nest.sure() && !f.cond, in: r.nest.name(), line: line}
		s.parse(toks)
		if word != "def" {
			r.found = append(r.found, s)
		} else {
			f.name = "def " + s.name
			if slices.ContainsFunc(toks, func(t token) bool { return t.is("=") }) && !slices.ContainsFunc(toks, func(t token) bool { return t.is("(") }) {
				return // def name = value has no end
			}
		}
	}
	r.nest = append(r.nest, f)
}

// rest takes the tokens up to the end of a line, or to then; with do, up to that.
func (r *rubyReader) rest(do bool) []token {
	from := r.at
	for ; r.at < len(r.toks); r.at++ {
		t := r.toks[r.at]
		if t.kind == endToken && !r.goesOn() || t.is(";") || t.is("then") {
			return r.toks[from:r.at]
		}
		if do && t.is("do") {
			r.at++
			return r.toks[from : r.at-1]
		}
	}
	return r.toks[from:]
}

// goesOn reports an end of a line that does not end a statement: after an
// operator or a comma, and before a line that begins with a dot.
func (r *rubyReader) goesOn() bool {
	if r.at == 0 {
		return false
	}
	prev := r.toks[r.at-1]
	if prev.kind == otherToken && !prev.is(")") && !prev.is("]") && !prev.is("}") && !prev.is("|") && !prev.is(";") {
		return true
	}
	if r.toks[r.at-1].kind == endToken {
		return true // the first of several has been asked
	}
	next := r.at
	for next < len(r.toks) && r.toks[next].kind == endToken {
		next++
	}
	return next < len(r.toks) && (r.toks[next].is(".") || r.toks[next].is("&."))
}

// plain takes a statement that is none of those, up to its end or to a block.
func (r *rubyReader) plain() {
	s := statement{sure: r.nest.sure(), in: r.nest.name(), line: r.toks[r.at].line}
	var toks []token
	depth := 0
	block := byte(0)
	for ; r.at < len(r.toks) && block == 0; r.at++ {
		t := r.toks[r.at]
		if depth <= 0 && (t.kind == endToken && !r.goesOn() || t.is(";") || t.is("}") || t.is("end")) {
			break
		}
		if t.kind == endToken {
			continue
		}
		switch opens := r.opens(t, depth); {
		case opens != 0:
			block = opens
		case depth == 0 && t.kind == wordToken && slices.Contains(modifiers, t.text) && len(toks) > 0:
			if r.isExpression() {
				r.nest = append(r.nest, frame{kind: 'e', cond: true})
				s.sure = false
			}
			s.sure = s.sure && s.isLock(toks, r.toks[r.at:])
		default:
			depth += nesting(t)
		}
		toks = append(toks, t)
	}
	r.took(s, toks, block)
}

// opens says whether t begins a block: a brace behind a name or a call, or do.
func (r *rubyReader) opens(t token, depth int) byte {
	if t.is("do") {
		return 'e'
	}
	if !t.is("{") || depth > 0 {
		return 0
	}
	if prev := r.toks[max(0, r.at-1)]; prev.kind == wordToken && !slices.Contains(modifiers, prev.text) && prev.text != "return" || prev.is(")") {
		return '{'
	}
	return 0
}

// isExpression reports an if whose value is used: x = if y. It has an end.
func (r *rubyReader) isExpression() bool {
	prev := r.toks[r.at-1]
	return r.toks[r.at].text != "rescue" && prev.kind == otherToken && !prev.is(")") && !prev.is("]") && !prev.is("}")
}

// isLock reports that the statement is about a lock in its condition, which is
// always asked: exit unless f.flock(File::LOCK_SH).
func (s *statement) isLock(before, after []token) bool {
	flock := func(t token) bool { return t.is("flock") }
	for i, t := range after {
		if t.kind == endToken {
			after = after[:i]
			break
		}
	}
	return !slices.ContainsFunc(before, flock) && slices.ContainsFunc(after, flock)
}

// took notes a statement, and the block that it begins, with its parameters.
func (r *rubyReader) took(s statement, toks []token, block byte) {
	if block != 0 {
		toks = toks[:len(toks)-1]
	}
	if len(toks) > 0 {
		s.parse(toks)
		r.found = append(r.found, s)
	}
	if block == 0 {
		return
	}
	r.nest = append(r.nest, frame{kind: block, name: s.name})
	for r.at < len(r.toks) && r.toks[r.at].kind == endToken {
		r.at++
	}
	if r.at < len(r.toks) && r.toks[r.at].is("|") {
		for r.at++; r.at < len(r.toks) && !r.toks[r.at].is("|") && r.toks[r.at].kind != endToken; r.at++ {
		}
		r.at++
	}
}
