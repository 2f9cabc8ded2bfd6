package check

import (
	"fmt"
	"strings"
	"testing"
)

// shown are the statements of a configuration, one a line: the name, = for an
// assignment, the arguments, and what stands around it.
func shown(list []statement) string {
	var lines []string
	for _, s := range list {
		line := s.name
		if s.assign {
			line += " ="
		}
		for _, t := range s.args {
			if t.kind == stringToken {
				line += fmt.Sprintf(" %q", t.text)
			} else {
				line += " " + t.text
			}
		}
		if !s.sure {
			line += " ?"
		}
		if s.in != "" {
			line += " in " + s.in
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func TestReadRuby(t *testing.T) {
	for name, c := range map[string]struct{ src, want string }{
		"comments":    {"# pid \"no\"\n=begin\npid \"no\"\n=end\npid \"yes\" # pid \"no\"\n__END__\npid \"no\"\n", `pid "yes"`},
		"strings":     {`pid '/a#{b}"c'` + "\n" + `x "a\"b\n"` + "\n" + `y %q(a (b) c)`, "pid \"/a#{b}\\\"c\"\nx \"a\\\"b\\n\"\ny \"a (b) c\""},
		"calls":       {"pid(\"a\")\nlisten 80, :backlog => 64; timeout 30\nself.pid 'b'", "pid \"a\"\nlisten 80 , backlog => 64\ntimeout 30\nself.pid \"b\""},
		"assignments": {"a = 'x'\nA = a +\n  'y'\n@b ||= 1", "a = \"x\"\nA = a + \"y\"\n@b ||= 1"},
		"conditions":  {"if x\n  pid 'a'\nelse\n  pid 'b'\nend\npid 'c' if y\npid 'd'", "x ?\npid \"a\" ?\npid \"b\" ?\npid \"c\" if y ?\npid \"d\""},
		"values":      {"a = if x then 1 else 2 end\npid 'z'", "a = if x then 1 else 2 ?\npid \"z\""},
		"blocks": {"before_fork do |server, worker|\n  f = 1\n  x.each { |y| puts y }\nend\npid 'a'",
			"before_fork\nf = 1 in before_fork\nx.each in before_fork\nputs y in before_fork\npid \"a\""},
		"methods":   {"def hook(a)\n  pid 'a'\nend\npid 'b'", "pid \"a\" in def hook\npid \"b\""},
		"rescue":    {"begin\n  pid 'a'\nrescue E => e\n  pid 'b'\nend\npid 'c'", "pid \"a\"\npid \"b\" ?\npid \"c\""},
		"loops":     {"while x do\n pid 'a'\nend\nuntil y\n pid 'b'\nend\npid 'c'", "x ?\npid \"a\" ?\ny ?\npid \"b\" ?\npid \"c\""},
		"heredocs":  {"x <<~EOS, 1\n  pid 'no'\n  EOS\na << b\npid 'yes'", "x \"\" , 1\na << b\npid \"yes\""},
		"regexps":   {"x = /pid '#'/i\ny = a / b / c\npid 'yes'", "x = \"pid '#'\"\ny = a / b / c\npid \"yes\""},
		"words":     {"x = %w[a b # c]\nif x.any? { |y| y }\n pid 'a'\nend\npid 'b'", "x = \"a b # c\"\nx.any? { | y | y } ?\npid \"a\" ?\npid \"b\""},
		"continued": {"pid \"a\",\n  1\nx\n  .y\n  .z 1\npid \\\n 'b'", "pid \"a\" , 1\nx.y.z 1\npid \"b\""},
		"the recipe": {"before_fork { |s, w| f = File.open(p, 'w'); exit unless f.flock(File::LOCK_SH) }",
			"before_fork\nf = File . open ( p , \"w\" ) in before_fork\nexit unless f . flock ( File :: LOCK_SH ) in before_fork"},
		"unclosed": {"if x\n pid \"a", "x ?\npid \"a\" ?"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := shown(readRuby(c.src)); got != c.want {
				t.Errorf("%s\nis read as\n%s\nwant\n%s", c.src, got, c.want)
			}
		})
	}
}

func TestReadPython(t *testing.T) {
	for name, c := range map[string]struct{ src, want string }{
		"comments":    {"# pidfile = 'no'\n\"\"\"\npidfile = 'no'\n\"\"\"\npidfile = 'yes'  # no", " \"\\npidfile = 'no'\\n\"\npidfile = \"yes\""},
		"strings":     {"a = r'\\d'\nb = 'x' \"y\"\nc = '''a'b'''\nd = b'z'", "a = \"\\\\d\"\nb = \"x\" \"y\"\nc = \"a'b\"\nd = \"z\""},
		"continued":   {"bind = [\n  'a',\n  'b',\n]\npidfile = \\\n  'x'", "bind = [ \"a\" , \"b\" , ]\npidfile = \"x\""},
		"conditions":  {"if x:\n    pidfile = 'a'\nelif y: pidfile = 'b'\nelse:\n\tpidfile = 'c'\npidfile = 'd'", "pidfile = \"a\" ?\npidfile = \"b\" ?\npidfile = \"c\" ?\npidfile = \"d\""},
		"functions":   {"def on_starting(server):\n    if x:\n        f = 1\n    g = 2\nclass A:\n  pidfile = 'x'\npidfile = 'd'", "f = 1 ? in def on_starting\ng = 2 in def on_starting\npidfile = \"x\" in class A\npidfile = \"d\""},
		"with":        {"with open('x') as f:\n    exec(f.read())\ntry:\n  a = 1\nexcept E:\n  a = 2\nfinally:\n  b = 3", "exec f . read ( )\na = 1\na = 2 ?\nb = 3"},
		"sentences":   {"import os; pidfile = 'a'; daemon = True", "import os\npidfile = \"a\"\ndaemon = True"},
		"annotations": {"workers: int = 2\nx: str", "workers = 2\nx : str"},
		"slices":      {"d = {'if': x[1:2]}\nif d[1:]: a = 1", "d = { \"if\" : x [ 1 : 2 ] }\na = 1 ?"},
		"unclosed":    {"a = (1\nb = 'x", "a = ( 1 b = \"x\""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := shown(readPython(c.src)); got != c.want {
				t.Errorf("%s\nis read as\n%s\nwant\n%s", c.src, got, c.want)
			}
		})
	}
}

func TestEvaluate(t *testing.T) {
	ruby := &scope{lex: lexRuby, file: "/srv/web/config/unicorn.rb", dir: "/srv/web",
		env: func(name string) string { return map[string]string{"ROOT": "/r"}[name] }, vars: map[string]string{"app": "/srv/app", "EMPTY": ""}}
	python := *ruby
	python.lex = lexPython
	for text, want := range map[string]string{
		`"a"`: "a", `"#{app}/x.pid"`: "/srv/app/x.pid", `app + "/x"`: "/srv/app/x", `File.join(app, "tmp", "x")`: "/srv/app/tmp/x",
		`File.expand_path("../..", __FILE__)`: "/srv/web", `File.expand_path("tmp")`: "/srv/web/tmp", `File.dirname(__FILE__)`: "/srv/web/config",
		`File.expand_path("x", __dir__)`: "/srv/web/config/x", `ENV["ROOT"] + "/x"`: "/r/x", `ENV["NONE"] || "/d"`: "/d",
		`ENV.fetch("NONE", 30).to_i`: "30", `ENV.fetch("ROOT")`: "/r", `:name`: "name", `("a")`: "a", `true`: "true", `nil`: "", `EMPTY`: "",
		`"#{File.dirname(__FILE__)}/x"`: "/srv/web/config/x",
		`ENV.fetch("NONE")`:             "?", `other`: "?", `Rails.root`: "?", `app.upcase`: "?", `"#{other}"`: "?", `File.expand_path("~/x")`: "?", `1 if x`: "?", ``: "?",
		`File.join(`: "?", `"a" +`: "?", `%w[a b]`: "?", strings.Repeat("(", 10000): "?",
	} {
		compare(t, ruby, text, want)
	}
	for text, want := range map[string]string{
		`os.path.join(os.getcwd(), "x")`: "/srv/web/x", `os.path.dirname(os.path.abspath(__file__))`: "/srv/web/config", `f"{app}/x"`: "/srv/app/x",
		`os.environ.get("NONE", "/d")`: "/d", `os.environ["ROOT"]`: "/r", `os.getenv("NONE") or "/d"`: "/d", `True`: "true", `"a" "b"`: "ab", `None`: "",
		`int(os.environ.get("NONE", 30))`: "30", `f"{{x}}"`: "{x}",
		`"%s" % app`: "?", `f"{x!r}"`: "?", `Path(__file__).parent`: "?", `open("x").read()`: "?",
	} {
		compare(t, &python, text, want)
	}
}

// compare evaluates an expression; ? is what cannot be known.
func compare(t *testing.T, s *scope, text, want string) {
	t.Helper()
	toks := s.lex(text)
	got, known := s.evaluate(toks[:len(toks)-1])
	if !known {
		got = "?"
	}
	if got != want {
		t.Errorf("%s is %q, want %q", text, got, want)
	}
}
