package main

import (
	"flag"
	"io"
	"strconv"
	"strings"
)

// A call is one command line, parsed.
type call struct {
	verb   *verb               // nil at the root
	args   []string            // what follows the flags
	dashes bool                // two dashes ended them
	given  map[string][]string // the flags of the command line, by name

	service service   // what the verb is about, once it is known
	log     *renderer // how run writes events and errors; nil for the other verbs
}

// dispatch parses args and carries them out.
func (c *call) dispatch(args []string) error {
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		c.verb = findVerb(args[0])
	}
	if c.verb == nil {
		return c.root(args)
	}
	args = args[1:]
	if !c.verb.command {
		args = flagsFirst(c.verb, args)
	}
	if err := c.parse(c.verb.options, args); err != nil {
		return err
	}
	if c.switchGiven("help") {
		return printResult(verbHelp(c.verb))
	}
	return c.verb.run(c)
}

// parse reads flags up to the first word that is none, and keeps what follows.
//
// It is the standard parser, which prints nothing here and knows no help: its
// -help would steal `run -- help`. Values are strings until the verb looks at
// them, so that a wrong one is told in one way, whether it came from the command
// line or from the environment.
func (c *call) parse(options []option, args []string) error {
	c.given = map[string][]string{}
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	for _, o := range options {
		flags.Var(&given{c.given, o}, o.name, "")
		if o.name == "help" {
			flags.Var(&given{c.given, o}, "h", "")
		}
	}
	if err := flags.Parse(args); err != nil {
		return c.wrongUsage(err)
	}
	c.args = flags.Args()
	last := len(args) - len(c.args) - 1
	c.dashes = last >= 0 && args[last] == "--"
	return nil
}

// A given keeps the values of one flag. It is a flag.Value.
type given struct {
	values map[string][]string
	option
}

// String is for the parser's own help, which nobody sees.
func (g *given) String() string { return "" }

// IsBoolFlag tells the parser that a switch has no value.
func (g *given) IsBoolFlag() bool { return g.value == "" }

// Set takes a value. The last one counts, but for a flag that may be repeated.
func (g *given) Set(value string) error {
	if g.IsBoolFlag() {
		on, err := strconv.ParseBool(value)
		if err != nil {
			return err
		}
		value = strconv.FormatBool(on)
	}
	if !g.repeat {
		g.values[g.name] = nil
	}
	g.values[g.name] = append(g.values[g.name], value)
	return nil
}

// flagsFirst moves the flags of a verb before its other words: the parser stops
// at the first word that is not a flag, and `wait SERVICE --timeout 5` is how
// people write it. What follows `--` is never a flag.
func flagsFirst(v *verb, args []string) []string {
	flags, words := []string{}, []string{"--"}
	for i := 0; i < len(args); i++ {
		word := args[i]
		switch o := v.option(strings.TrimLeft(word, "-")); {
		case word == "--":
			return append(append(flags, words...), args[i+1:]...)
		case len(word) < 2 || word[0] != '-':
			words = append(words, word)
		case o != nil && o.value != "":
			if i++; i == len(args) {
				return append(flags, word) // the parser says that its value is missing
			}
			flags = append(flags, word, args[i])
		default:
			flags = append(flags, word)
		}
	}
	return append(flags, words...)
}
