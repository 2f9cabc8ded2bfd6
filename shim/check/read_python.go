package check

import "slices"

// readPython lists the statements of a configuration in Python, those in
// functions too, in the order of the text.
func readPython(src string) []statement {
	var n nest
	var found []statement
	for _, line := range logicalLines(lexPython(src)) {
		for len(n) > 0 && line[0].indent <= n[len(n)-1].indent {
			n = n[:len(n)-1]
		}
		f, opens, rest := header(line)
		if opens {
			n = append(n, f)
		} else {
			rest = line
		}
		for _, toks := range sentences(rest) {
			s := statement{sure: n.sure(), in: n.name(), line: line[0].line}
			s.parse(toks)
			found = append(found, annotated(s))
		}
	}
	return found
}

// logicalLines are the tokens of each line that has any.
func logicalLines(toks []token) (lines [][]token) {
	from := 0
	for i, t := range toks {
		if t.kind != endToken {
			continue
		}
		if i > from {
			lines = append(lines, toks[from:i])
		}
		from = i + 1
	}
	return lines
}

// header takes apart a line that begins a construct: what follows the colon
// stands in it. with, try and finally decide nothing.
func header(line []token) (f frame, opens bool, rest []token) {
	word := line[0].text
	if word == "async" && len(line) > 1 {
		word, line = line[1].text, line[1:]
	}
	f = frame{kind: 'p', indent: line[0].indent}
	switch {
	case slices.Contains([]string{"if", "elif", "else", "for", "while", "except", "match", "case"}, word):
		f.cond = true
	case slices.Contains([]string{"with", "try", "finally"}, word):
	case (word == "def" || word == "class") && len(line) > 1:
		f.name = word + " " + line[1].text
	default:
		return f, false, nil
	}
	depth := 0
	for i, t := range line {
		if depth += nesting(t); t.is(":") && depth == 0 {
			return f, line[0].kind == wordToken, line[i+1:]
		}
	}
	return f, false, nil
}

// sentences are what semicolons part.
func sentences(toks []token) (all [][]token) {
	for i := slices.IndexFunc(toks, func(t token) bool { return t.is(";") }); i >= 0; i = slices.IndexFunc(toks, func(t token) bool { return t.is(";") }) {
		if i > 0 {
			all = append(all, toks[:i])
		}
		toks = toks[i+1:]
	}
	if len(toks) > 0 {
		all = append(all, toks)
	}
	return all
}

// annotated is a statement without a type: name: T = value.
func annotated(s statement) statement {
	if s.assign || len(s.args) == 0 || !s.args[0].is(":") {
		return s
	}
	if i := slices.IndexFunc(s.args, func(t token) bool { return t.is("=") }); i > 0 {
		s.assign, s.args = true, s.args[i+1:]
	}
	return s
}
