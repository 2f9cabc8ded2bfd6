package check

import (
	"path/filepath"
	"slices"
	"strings"
)

// A directive is one of nginx's main context: its name and arguments.
type directive []string

// readDirectives lists the directives outside of all blocks, as nginx's
// ngx_conf_read_token takes them apart: words, quotes, comments, a semicolon or
// a block at the end.
func readDirectives(text string) (all []directive) {
	var d directive
	depth := 0
	for text != "" {
		c := text[0]
		switch {
		case strings.IndexByte(" \t\r\n", c) >= 0:
			text = text[1:]
		case c == '#':
			_, text, _ = strings.Cut(text, "\n")
		case c == ';' || c == '{':
			if depth == 0 && len(d) > 0 && c == ';' {
				all = append(all, d)
			}
			if d = nil; c == '{' {
				depth++
			}
			text = text[1:]
		case c == '}':
			depth, d, text = max(0, depth-1), nil, text[1:]
		default:
			var word string
			word, text = nginxWord(text)
			d = append(d, word)
		}
	}
	return all
}

// nginxWord takes a word, in quotes or up to what ends it, from the beginning of a text.
func nginxWord(text string) (word, rest string) {
	end := " \t\r\n;{"
	if text[0] == '"' || text[0] == '\'' {
		end, text = text[:1], text[1:]
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text):
			i++
			b.WriteByte(text[i])
		case c == '$' && i+1 < len(text) && text[i+1] == '{':
			b.WriteString("${")
			i++
		case strings.IndexByte(end, c) >= 0:
			if len(end) == 1 {
				i++
			}
			return b.String(), text[i:]
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), ""
}

// readNginx reads the main context of the file and of what that includes, and
// what -g says over it. Debian's nginx has /etc/nginx/nginx.conf compiled in.
func readNginx(s *Subject, c *conf) {
	o := options{flags: "?hvVtTq", takes: "pecsg"}
	prefix := o.value(s.inner, "p")
	if c.file = o.value(s.inner, "c"); c.file == "" {
		c.file = "/etc/nginx/nginx.conf"
	}
	c.file = below(below(c.dir, prefix), c.file)
	c.daemon = value{text: "on", known: true, sure: true, where: "its default"}
	c.nginxFile(c.file, 0)
	for _, d := range readDirectives(o.value(s.inner, "g") + ";") {
		c.nginxDirective(d, "the command line", 0)
	}
}

// nginxFile takes the directives of a file.
func (c *conf) nginxFile(path string, depth int) {
	text, ok := c.load(path)
	for _, d := range readDirectives(text) {
		if ok {
			c.nginxDirective(d, path, depth)
		}
	}
}

// nginxDirective takes one that matters here.
func (c *conf) nginxDirective(d directive, where string, depth int) {
	if len(d) < 2 {
		return
	}
	switch d[0] {
	case "daemon":
		c.daemon = said(d[1], where)
	case "pid":
		c.pid = said(d[1], where)
	case "worker_shutdown_timeout":
		c.grace = said(d[1], where)
	case "include":
		names, _ := filepath.Glob(below(filepath.Dir(c.file), d[1]))
		for _, name := range slices.Sorted(slices.Values(names)) {
			if depth < 5 {
				c.nginxFile(name, depth+1)
			}
		}
	}
}
