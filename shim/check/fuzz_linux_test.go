package check

import "testing"

// No text stops a reader, or keeps it busy for ever.
func FuzzReaders(f *testing.F) {
	for _, seed := range []string{
		"pid \"#{a}\" if x\nbefore_fork do |a|\n f.flock(File::LOCK_SH)\nend", "x <<~A, <<B\n A\nB\n=begin\n=end", "%w(a", "?a/b/", "def x = 1\n:\"a", "a\\", "'",
		"def f(x):\n\tif a: b = '''x\n", "f'{a", "exec(open('x').read())", "daemon off; http { a; } include \"b", "[a]\nb=c ;d", "rescue", "end end }", "{|", "x = if", "f\"{{\"",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := &scope{lex: lexRuby, env: func(string) string { return "" }}
		for _, st := range readRuby(text) {
			s.evaluate(st.first())
			opened(st)
		}
		s.lex = lexPython
		for _, st := range readPython(text) {
			s.evaluate(st.first())
			opened(st)
		}
		readDirectives(text)
		iniValue(text, "a", "b")
		splitWords(text)
		hides(text)
		unitOf(text)
		timespan(text)
		new(conf).haproxyGlobal(text)
	})
}
