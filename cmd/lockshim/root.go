package main

import "runtime/debug"

// version is set by the linker for a release: -X main.version=1.2.3.
var version string

// versionText is what --version prints and status shows: the release, else what
// the Go toolchain recorded about the checkout.
func versionText() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}

// rootOptions are the flags of lockshim itself.
func rootOptions() []option {
	return []option{
		{name: "help", help: "print this help"},
		{name: "version", help: "print the version"},
	}
}

// root answers a command line without a known verb.
//
// `lockshim help` works here, and only here: everywhere else help is a flag,
// because COMMAND may be a program called help.
func (c *call) root(args []string) error {
	if err := c.parse(rootOptions(), args); err != nil {
		return err
	}
	switch {
	case c.switchGiven("version"):
		return printResult("lockshim " + versionText() + "\n")
	case c.switchGiven("help"):
		return printResult(rootHelp())
	case len(c.args) == 0:
		return errNoVerb()
	case c.args[0] == "help":
		return helpFor(c.args[1:])
	}
	return errUnknownVerb(c.args[0])
}

// helpFor is `lockshim help [VERB]`.
func helpFor(words []string) error {
	if len(words) == 0 {
		return printResult(rootHelp())
	}
	v := findVerb(words[0])
	if v == nil {
		return errUnknownVerb(words[0])
	}
	return printResult(verbHelp(v))
}
