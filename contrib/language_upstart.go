package contrib

import "github.com/lockshim/lockshim/internal/shell"

// upstartLanguage is a shell's: Upstart executes what has a shell's characters in it
// by way of sh -c (init(5), "exec").
func upstartLanguage() language {
	return language{
		words: func(w []string) string { return shell.Quote(w...) },
		path:  func(s string) string { return shell.Quote(s) },
		time:  same,
		gap:   " ",
	}
}
