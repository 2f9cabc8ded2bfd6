package main

import (
	"errors"
	"os"
	"strings"

	"github.com/lockshim/lockshim/shim"
	"github.com/lockshim/lockshim/shim/event"
	"github.com/lockshim/lockshim/shim/profile"
)

func runVerb() *verb {
	return &verb{
		name:  "run",
		args:  "--lock SERVICE -- COMMAND [ARG...]",
		short: "launch a server, wait for its last generation, exit as it did",
		long: "This is the exec line of an init script. Every flag but --help has a twin in\n" +
			"the environment, LOCKSHIM_IF_RUNNING for --if-running; one that may be repeated\n" +
			"holds its values there separated by colons.\n\n" +
			"Without --profile COMMAND's name decides, without --stop the profile does. The\n" +
			"answers to a signal are another signal, upgrade, reload, stop and ignore.",
		example: "lockshim run --lock web -- unicorn -c unicorn.rb",
		options: runOptions(),
		command: true,
		run:     (*call).run,
	}
}

func runOptions() []option {
	return []option{
		{name: "lock", value: "SERVICE", env: true, help: "the lockfile"},
		{name: "profile", value: "NAME", env: true, help: "what the server's signals mean; help lists them"},
		{name: "map", value: "SIG=ACTION", env: true, repeat: true, help: "another answer to SIG"},
		{name: "stop", value: "SCHEDULE", env: true, help: "how to stop, as QUIT/60/TERM/10/KILL"},
		{name: "if-running", value: "P", env: true, preset: "adopt", help: "adopt, refuse or replace the tree"},
		{name: "strays", value: "P", env: true, preset: "kill", help: "kill, wait or leave"},
		{name: "clear-pidfile", value: "PATH", env: true, repeat: true, help: "the server's, removed at start"},
		{name: "pidfile", value: "PATH", env: true, help: "write lockshim's own pid there"},
		{name: "ready", value: "CHECK", env: true, help: "notify, listen, exec:COMMAND or after:5s"},
		{name: "ready-timeout", value: "D", env: true, preset: "60s", help: "time to become ready"},
		{name: "preflight", value: "COMMAND", env: true, help: "has to succeed before an upgrade"},
		{name: "lock-mode", value: "MODE", env: true, preset: "0640", help: "of a lockfile that it creates"},
		{name: "lock-owner", value: "USER[:GROUP]", env: true, help: "of a lockfile that it creates"},
		{name: "log-format", value: "F", env: true, preset: "text", help: "events as text or json"},
		{name: "quiet", env: true, help: "no events"},
	}
}

// run is the verb run: flags to a Config, and the answer to an exit code.
func (c *call) run() error {
	if p := c.text("profile"); p.value == "help" {
		return printResult(profileList())
	}
	frugal()
	cfg, err := c.config()
	if err != nil {
		return err
	}
	terminal, foreground := atTerminal()
	ears := listen(terminal)
	cfg.Signals, cfg.Terminal = ears.signals, foreground
	cfg.Emit = func(e event.Event) {
		ears.heard(e)
		c.log.emit(e)
	}
	cfg.Rest, cfg.Self = rest, []string{os.Args[0], assistant}
	code, err := shim.Run(cfg)
	if err != nil {
		return err
	}
	return exitStatus(code)
}

// config reads all flags. Nothing is created before the last of them is known to
// be right, and then only the runtime directory.
func (c *call) config() (shim.Config, error) {
	cfg := shim.Config{Command: c.args, Version: versionText()}
	err := c.checkCommand()
	if err == nil {
		err = c.readFlags(&cfg)
	}
	if err == nil {
		err = c.readLock(&cfg)
	}
	return cfg, err
}

// readFlags reads all flags but --lock, and creates nothing.
func (c *call) readFlags(cfg *shim.Config) (err error) {
	for _, read := range []func(*shim.Config) error{
		c.readLog, c.readProfile, c.readPolicies, c.readLockfile, c.readPidfiles, c.readUpgrade,
	} {
		if err == nil {
			err = read(cfg)
		}
	}
	return err
}

// checkCommand refuses a line without a command, and one with SERVICE where the
// command should be.
func (c *call) checkCommand() error {
	if len(c.args) > 1 && c.args[1] == "--" && c.text("lock").value == "" {
		return errBeforeCommand(c.verb, c.args[0], c.args[2:])
	}
	if len(c.args) == 0 || c.args[0] == "" {
		return errNoCommand(c.verb)
	}
	return nil
}

func (c *call) readLog(*shim.Config) error {
	quiet, err := c.on("quiet")
	if err != nil {
		return err
	}
	format, err := c.oneOf("log-format", "text", "json")
	c.log = &renderer{json: format == "json", quiet: quiet}
	return err
}

func (c *call) readProfile(cfg *shim.Config) error {
	var err error
	if p := c.text("profile"); p.value != "" {
		cfg.Profile, err = profile.Lookup(p.value)
		if err != nil {
			return errProfile(p)
		}
	} else {
		cfg.Profile = profile.Recognise(c.args)
	}
	if schedule, err := parseSchedule(c.text("stop")); err != nil {
		return err
	} else if schedule != nil {
		cfg.Profile.Stop = schedule
	}
	for _, s := range c.list("map") {
		sig, action, err := profile.ParseMap(s.value)
		if err != nil {
			return errSyntax(s, err)
		}
		cfg.Profile = cfg.Profile.With(sig, action)
		if why := cfg.Profile.Refusal(sig); errors.Is(why, profile.ErrNoOperation) {
			return errValue(s, why.Error())
		}
	}
	c.log.hook = cfg.Profile.Hook
	return nil
}

func (c *call) readPolicies(cfg *shim.Config) error {
	running, err := c.oneOf("if-running", string(shim.Adopt), string(shim.Refuse), string(shim.Replace))
	if err != nil {
		return err
	}
	strays, err := c.oneOf("strays", string(shim.KillStrays), string(shim.WaitStrays), string(shim.LeaveStrays))
	cfg.IfRunning, cfg.Strays = shim.IfRunning(running), shim.StrayPolicy(strays)
	return err
}

func (c *call) readLockfile(cfg *shim.Config) error {
	mode, err := parseMode(c.text("lock-mode"))
	if err != nil {
		return err
	}
	cfg.LockMode = mode
	cfg.LockUID, cfg.LockGID, err = parseOwner(c.text("lock-owner"))
	return err
}

func (c *call) readPidfiles(cfg *shim.Config) error {
	cfg.Pidfile = c.text("pidfile").value
	for _, s := range c.list("clear-pidfile") {
		if s.value == "" {
			return errValue(s, "it is empty")
		}
		cfg.ClearPidfiles = append(cfg.ClearPidfiles, s.value)
	}
	return nil
}

// readLock comes last: it creates the runtime directory.
func (c *call) readLock(cfg *shim.Config) (err error) {
	c.service, err = c.place(c.text("lock").value)
	cfg.Lock, c.log.lock = c.service.path, c.service.path
	if err == nil && swept(cfg.Lock) {
		c.log.warn(errSwept(cfg.Lock))
	}
	return err
}

// profileList is what --profile help prints: a name, and the commands that
// select it.
func profileList() string {
	rows := [][]string{}
	for _, p := range profile.All() {
		what := strings.Join(p.Commands, ", ")
		switch {
		case p.Name == profile.Generic:
			what = "any other command"
		case what == "":
			what = "none: --profile " + p.Name
		}
		rows = append(rows, []string{p.Name, what})
	}
	return table(rows)
}
