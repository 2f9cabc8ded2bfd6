package check

import "fmt"

// A Level says how bad a finding is.
type Level int

// The levels.
const (
	OK      Level = iota // as it should be, or worth knowing
	Warning              // Run would start, and something would go wrong later
	Error                // Run would refuse
)

// String is the level in one word.
func (l Level) String() string {
	switch l {
	case OK:
		return "ok"
	case Warning:
		return "warning"
	}
	return "error"
}

// A Finding is one thing that was looked at.
type Finding struct {
	Level Level
	Topic string // one word: lockfile, command, hook …
	Text  string // what is so, on one line
	Mend  string // the command or the line that mends it; "" where nobody knows one
	Err   error  // of an error: what Run would return, for errors.Is
}

// ok is a finding about what is as it should be.
func ok(topic, format string, args ...any) []Finding {
	return []Finding{{Topic: topic, Text: fmt.Sprintf(format, args...)}}
}

// warn is a finding about what will go wrong, and what mends it.
func warn(topic, mend, format string, args ...any) []Finding {
	return []Finding{{Level: Warning, Topic: topic, Mend: mend, Text: fmt.Sprintf(format, args...)}}
}

// fail is a finding about what Run refuses.
func fail(topic, mend string, err error) []Finding {
	return []Finding{{Level: Error, Topic: topic, Mend: mend, Text: err.Error(), Err: err}}
}

// First is the first error among findings, the one that Run would return; nil
// where it would start.
func First(findings []Finding) error {
	for _, f := range findings {
		if f.Level == Error {
			return f.Err
		}
	}
	return nil
}
