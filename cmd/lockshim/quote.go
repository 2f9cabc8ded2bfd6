package main

import "github.com/lockshim/lockshim/internal/shell"

// shellQuote writes words as a shell reads them back, on one line.
func shellQuote(words []string) string { return shell.Quote(words...) }

// quoteWord writes one word likewise.
func quoteWord(word string) string { return shell.Quote(word) }

// oneLine makes a text safe to print: what is not printable is escaped.
func oneLine(text string) string { return shell.OneLine(text) }

// printable reports whether a text is one line that a terminal shows as it is.
func printable(text string) bool { return shell.Printable(text) }
