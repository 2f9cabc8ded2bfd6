package main

import (
	"errors"
	"strings"

	"github.com/lockshim/lockshim/contrib"
	"github.com/lockshim/lockshim/shim"
)

func contribVerb() *verb {
	return &verb{
		name:  "contrib",
		args:  "[NAME]",
		short: "list the init-system files, or print one",
		long: "With --set it fills the file in: name, command, flags (of run), user, directory,\n" +
			"socket, id (of an inittab's line), timeout (seconds that the init system waits;\n" +
			"it follows from the stop schedule). Each value is quoted as the file wants it;\n" +
			"a name, and a command that decides a timeout, are taken by files without them.",
		example: "lockshim contrib runit/run --set name=api --set command='gunicorn app:app'",
		options: []option{{name: "set", value: "KEY=VALUE", repeat: true, help: "put a value in"}},
		run:     (*call).contrib,
	}
}

func (c *call) contrib() error {
	switch {
	case len(c.args) == 0 && c.given["set"] != nil:
		return errNoFile(c.verb)
	case len(c.args) == 0:
		return printResult(strings.Join(contrib.Names(), "\n") + "\n")
	case len(c.args) > 1:
		return errWord(c.verb, c.args[1])
	}
	name, err := contrib.Find(c.args[0])
	if err != nil {
		return errFile(err)
	}
	settings, err := c.settings()
	if err != nil {
		return err
	}
	text, err := contrib.Fill(name, settings)
	if errors.Is(err, contrib.ErrSetting) {
		return errSetting(err)
	}
	if err != nil {
		return err
	}
	return printResult(string(text))
}

// settings are the values of --set. Those of flags have to be what run takes.
func (c *call) settings() ([]contrib.Setting, error) {
	var settings []contrib.Setting
	for _, s := range c.given["set"] {
		key, value, ok := strings.Cut(s, "=")
		if !ok {
			return nil, errValue(setting{s, "--set"}, "it has no =")
		}
		if words, err := contrib.Words(value); key == "flags" && err == nil {
			if err := checkRunFlags(words); err != nil {
				return nil, err
			}
		}
		settings = append(settings, contrib.Setting{Key: key, Value: value})
	}
	return settings, nil
}

// checkRunFlags parses words as run would, with a command behind them, and reads
// their values.
func checkRunFlags(words []string) error {
	run := &call{verb: findVerb("run")}
	if err := run.parse(run.verb.options, words); err != nil {
		return err
	}
	if len(run.args) > 0 {
		return errWord(run.verb, run.args[0])
	}
	return run.readFlags(&shim.Config{})
}
