package main

import (
	"os"
	"path/filepath"
	"slices"

	"github.com/lockshim/lockshim/shim"
	"github.com/lockshim/lockshim/shim/check"
)

func checkVerb() *verb {
	return &verb{
		name:  "check",
		args:  "[SERVICE] [-- COMMAND [ARG...]]",
		short: "say what would go wrong here, before it does",
		long: "It takes the flags of run, so that a line with run becomes one with check. It\n" +
			"prints a line a finding: ok, warning or error, and what mends it. Nothing is\n" +
			"started or made.\n" +
			"Without COMMAND it looks at a service that runs, with what its shim was given.\n" +
			"It exits with 0 where run would start, else with the code that run would have.",
		example: "lockshim check web -- unicorn -c unicorn.rb",
		options: runOptions(),
		command: true,
		run:     (*call).check,
	}
}

// check is the verb check: what run would be given, to the findings about it.
func (c *call) check() error {
	if err := c.takeService(); err != nil {
		return err
	}
	if len(c.args) > 0 && c.args[0] == "" {
		return errNoCommand(c.verb)
	}
	runs, found := c.look()
	cfg := shim.Config{Command: c.args, Version: versionText()}
	err := c.readFlags(&cfg)
	c.log = nil // its errors are text
	if err != nil {
		return err
	}
	if !runs {
		if c.service, err = c.foresee(c.text("lock").value); err != nil {
			return c.unplaced(err)
		}
	}
	return c.tell(append(found, check.All(c.subject(cfg, runs))...))
}

// subject is what to look at.
func (c *call) subject(cfg shim.Config, runs bool) check.Subject {
	cfg.Lock = c.service.path
	s := check.Subject{Config: cfg, Runs: runs, Env: os.Environ(), Twins: c.twins()}
	if dir := filepath.Dir(cfg.Lock); !runs && !exists(dir) && slices.Contains(runtimeDirs(), dir) {
		s.Makes = dir
	}
	return s
}

// unplaced is the answer where no lockfile can be settled on. Wrong usage is no
// finding.
func (c *call) unplaced(err error) error {
	if codeOf(c.verb, err) == exitUsage {
		return err
	}
	return c.tell([]check.Finding{{Level: check.Error, Topic: "directory", Text: err.Error(), Err: err}})
}

// tell prints findings, and answers with the code that run would have.
func (c *call) tell(findings []check.Finding) error {
	for i := range findings {
		if f := &findings[i]; f.Err != nil && f.Mend == "" {
			f.Mend = c.hint(f.Err)
		}
	}
	if err := printResult(findingLines(findings)); err != nil {
		return err
	}
	if err := check.First(findings); err != nil {
		return exitStatus(codeOf(c.verb, err))
	}
	return nil
}

// twins are the variables that stand for flags.
func (c *call) twins() (names []string) {
	for _, o := range c.verb.options {
		if o.env {
			names = append(names, twin(o.name))
		}
	}
	return names
}

// takeService takes SERVICE from the words before the two dashes. Without it the
// words are those of run: COMMAND, with the dashes or without.
func (c *call) takeService() error {
	if c.dashes || len(c.args) == 0 || c.text("lock").source == "--lock" {
		return nil
	}
	if len(c.args) > 1 && c.text("lock").value != "" && !slices.Contains(c.args, "--") {
		return nil // LOCKSHIM_LOCK is SERVICE
	}
	word, given := c.args[0], c.given
	if err := c.parse(c.verb.options, c.args[1:]); err != nil {
		return err
	}
	for name, values := range given {
		if o := c.verb.option(name); o.repeat || c.given[name] == nil {
			c.given[name] = append(values, c.given[name]...)
		}
	}
	if len(c.args) > 0 && !c.dashes {
		return errCheckWord(c.verb, word, c.args)
	}
	c.given["lock"] = []string{word}
	return nil
}
