package main

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/lockshim/lockshim/shim"
	"github.com/lockshim/lockshim/shim/profile"
)

func holdVerb() *verb {
	return &verb{
		name:    "hold",
		args:    "--lock SERVICE -- COMMAND [ARG...]",
		short:   "take the shared lock, then become COMMAND",
		long:    "The service is not over before COMMAND has ended, and a stop ends COMMAND too.",
		example: "lockshim hold --lock web -- rake jobs:work",
		options: []option{{name: "lock", value: "SERVICE", env: true, help: "the lockfile"}},
		command: true,
		run:     (*call).hold,
	}
}

func (c *call) hold() (err error) {
	if err := c.checkCommand(); err != nil {
		return err
	}
	arg := c.text("lock").value
	if c.service, err = c.find(arg); err == nil && !exists(c.service.path) {
		c.service, err = c.place(arg)
	}
	if err != nil {
		return err
	}
	return shim.Hold(c.service.path, c.args)
}

func waitVerb() *verb {
	return &verb{
		name:    "wait",
		args:    "SERVICE",
		short:   "block until nobody holds the lock",
		example: "lockshim wait web --timeout 30s",
		options: []option{{name: "timeout", value: "D", help: "give up after 30, 30s or 1m30s, with 75"}},
		run:     (*call).wait,
	}
}

func (c *call) wait() error {
	limit, err := parseDuration(c.text("timeout"))
	if err == nil {
		err = c.onlyService()
	}
	if err != nil {
		return err
	}
	return shim.Wait(c.service.path, limit)
}

func statusVerb() *verb {
	return &verb{
		name:    "status",
		args:    "SERVICE",
		short:   "show shim, generations, workers, strays and foreign holders",
		long:    "It exits with 0 if the service runs, 3 if not, 4 if that cannot be known.",
		example: "lockshim status web --json",
		options: []option{
			{name: "json", help: "print one JSON object"},
			{name: "ready", help: "exit with 3 unless a generation is ready"},
		},
		run: (*call).status,
	}
}

func (c *call) status() error {
	if err := c.onlyService(); err != nil {
		return err
	}
	st, err := shim.Inspect(c.service.path)
	if err != nil {
		return err
	}
	text := ""
	if c.switchGiven("json") {
		text, err = statusJSON(st)
	} else {
		text = statusText(c.service.name, st, time.Now())
	}
	if err == nil {
		err = printResult(text)
	}
	if err == nil && (st.State == shim.Free || c.switchGiven("ready") && !st.Ready()) {
		return exitStatus(exitNotRunning)
	}
	return err
}

// statusJSON is one object on lines of its own. Command lines keep their < and &.
func statusJSON(st shim.Status) (string, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(st)
	return b.String(), err
}

func signalVerb() *verb {
	return &verb{
		name:  "signal",
		args:  "SERVICE SIGNAL",
		short: "send a signal to the current master",
		long: "SIGNAL is a name, with or without SIG, or a number. One that stops goes to every\n" +
			"master. The pids that got it are printed.",
		example: "lockshim signal web USR1",
		run:     (*call).signal,
	}
}

func (c *call) signal() error {
	if len(c.args) == 1 {
		c.args = []string{"", c.args[0]} // LOCKSHIM_LOCK stands for the service
	}
	if len(c.args) == 0 {
		return errNoSignal(c.verb)
	}
	word := c.args[1]
	c.args = append(c.args[:1], c.args[2:]...)
	if err := c.onlyService(); err != nil {
		return err
	}
	sig, err := profile.ParseSignal(word)
	if err != nil {
		return errSignal(word, err)
	}
	pids, err := shim.Signal(c.service.path, sig)
	if err != nil {
		return err
	}
	return printResult(pidLines(pids))
}

func reloadVerb() *verb {
	return &verb{
		name:    "reload",
		args:    "SERVICE",
		short:   "tell the current master to reload",
		long:    "It sends the profile's reload signal, prints the pid that got it, and does not\nwait for the reload.",
		example: "lockshim reload web",
		run:     (*call).reload,
	}
}

func (c *call) reload() error {
	if err := c.onlyService(); err != nil {
		return err
	}
	pids, err := shim.Reload(c.service.path)
	if err != nil {
		return err
	}
	return printResult(pidLines(pids))
}

func stopVerb() *verb {
	return &verb{
		name:  "stop",
		args:  "SERVICE",
		short: "stop every generation; return when nothing is left",
		long: "It exits with 0 if it stopped the service, 1 if nothing ran, 2 if something is\n" +
			"still there.",
		example: "lockshim stop web --stop TERM/5/KILL",
		options: []option{{name: "stop", value: "SCHEDULE", help: "how to stop now, as TERM/5/KILL"}},
		run:     (*call).stop,
	}
}

func (c *call) stop() error {
	schedule, err := parseSchedule(c.text("stop"))
	if err == nil {
		err = c.onlyService()
	}
	if err != nil {
		return err
	}
	log := &renderer{lock: c.service.path}
	return shim.Stop(c.service.path, schedule, log.emit)
}

// onlyService reads the one SERVICE that most verbs have.
func (c *call) onlyService() (err error) {
	arg := ""
	if len(c.args) > 0 {
		arg = c.args[0]
	}
	if len(c.args) > 1 {
		return errWord(c.verb, c.args[1])
	}
	c.service, err = c.find(arg)
	return err
}
