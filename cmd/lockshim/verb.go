package main

// A verb is one thing that lockshim can be told to do.
type verb struct {
	name    string
	args    string // what follows the flags, as the usage line shows it
	short   string // what it does, in half a line
	long    string // what else there is to know before the first use
	example string // a command to paste
	options []option
	command bool // what follows the flags is a command line and stays as it is
	run     func(*call) error
}

// An option is one flag of a verb.
type option struct {
	name   string
	value  string // what its value is called; "" for a switch
	help   string
	preset string // what happens without it, as help shows it
	repeat bool
	env    bool // it has a twin in the environment
}

// verbs lists what lockshim can do, in the order in which help shows it.
//
// It is a function, and a list of functions, so that a process builds the verb
// in use and no other: it may sit idle for years.
func verbs() []func() *verb {
	return []func() *verb{
		runVerb, holdVerb, waitVerb, statusVerb, signalVerb, reloadVerb, upgradeVerb, stopVerb, historyVerb,
		hookVerb, contribVerb, checkVerb, demoVerb, manVerb, completionVerb,
	}
}

// findVerb returns the verb of that name, or nil.
func findVerb(name string) *verb {
	for _, build := range verbs() {
		if v := build(); v.name == name {
			v.options = append(v.options, option{name: "help", help: "print this help"})
			return v
		}
	}
	return nil
}

// option returns the flag of that name, or nil.
func (v *verb) option(name string) *option {
	for i := range v.options {
		if v.options[i].name == name {
			return &v.options[i]
		}
	}
	return nil
}

// usage is the line that says how the verb is written.
func (v *verb) usage() string {
	line := "lockshim " + v.name
	if len(v.options) > 1 {
		line += " [FLAG...]"
	}
	if v.args != "" {
		line += " " + v.args
	}
	return line
}
