package main

import (
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"
)

// A call is one command line, parsed.
type call struct {
	verb  *verb               // nil at the root
	args  []string            // what follows the flags
	given map[string][]string // the flags of the command line, by name

	service service   // what the verb is about, once it is known
	log     *renderer // how run writes events and errors; nil for the other verbs
}

// dispatch parses args and carries them out.
func (c *call) dispatch(args []string) error {
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		c.verb = findVerb(args[0])
	}
	if c.verb != nil && !c.verb.command {
		args = flagsFirst(c.verb, args)
	}
	return c.app().Run(append([]string{"lockshim"}, args...))
}

// app is the parser's view of the one verb in use.
//
// The library's own help, version, exit codes and messages are all switched off:
// its help subcommand would steal `run -- help`, -v is its version flag, it ends
// the process by itself, it prints wrong usage to standard output, and an unknown
// verb exits with 3, which is `status` saying that nothing runs.
func (c *call) app() *cli.App {
	cli.HelpFlag = nil
	app := &cli.App{
		Name:                      "lockshim",
		HideHelp:                  true,
		HideHelpCommand:           true,
		HideVersion:               true,
		DisableSliceFlagSeparator: true,
		ExitErrHandler:            func(*cli.Context, error) {},
		OnUsageError:              c.wrongUsage,
		Flags:                     cliFlags(rootOptions()),
		Action:                    c.root,
	}
	if c.verb != nil {
		app.Commands = []*cli.Command{c.command(c.verb)}
	}
	return app
}

// command is the parser's view of a verb.
func (c *call) command(v *verb) *cli.Command {
	return &cli.Command{
		Name:            v.name,
		HideHelp:        true,
		HideHelpCommand: true,
		OnUsageError:    c.wrongUsage,
		Flags:           cliFlags(v.options),
		Action: func(ctx *cli.Context) error {
			c.take(ctx, v.options)
			if c.switchGiven("help") {
				return printResult(verbHelp(v))
			}
			return v.run(c)
		},
	}
}

// cliFlags is the parser's view of a verb's flags. Values are strings until the
// verb looks at them, so that a wrong one is told in one way, whether it came
// from the command line or from the environment.
func cliFlags(options []option) []cli.Flag {
	flags := make([]cli.Flag, 0, len(options))
	for _, o := range options {
		switch {
		case o.value == "":
			f := &cli.BoolFlag{Name: o.name}
			if o.name == "help" {
				f.Aliases = []string{"h"}
			}
			flags = append(flags, f)
		case o.repeat:
			flags = append(flags, &cli.StringSliceFlag{Name: o.name, KeepSpace: true})
		default:
			flags = append(flags, &cli.StringFlag{Name: o.name})
		}
	}
	return flags
}

// take keeps what the parser found.
func (c *call) take(ctx *cli.Context, options []option) {
	c.args = ctx.Args().Slice()
	c.given = map[string][]string{}
	for _, o := range options {
		switch {
		case !ctx.IsSet(o.name):
		case o.value == "":
			c.given[o.name] = []string{strconv.FormatBool(ctx.Bool(o.name))}
		case o.repeat:
			c.given[o.name] = ctx.StringSlice(o.name)
		default:
			c.given[o.name] = []string{ctx.String(o.name)}
		}
	}
}

// flagsFirst moves the flags of a verb before its other words: the parser stops
// at the first word that is not a flag, and `wait SERVICE --timeout 5` is how
// people write it. What follows `--` is never a flag.
func flagsFirst(v *verb, args []string) []string {
	flags, words := []string{args[0]}, []string{"--"}
	for i := 1; i < len(args); i++ {
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
