package profile

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// The table of signals in full: each profile, each signal that the rules name.
func TestActions(t *testing.T) {
	forwarded := []syscall.Signal{
		syscall.SIGUSR1, syscall.SIGWINCH, syscall.SIGTTIN, syscall.SIGTTOU, syscall.SIGTSTP, syscall.SIGCONT,
		syscall.SIGABRT, syscall.SIGALRM, syscall.SIGVTALRM, syscall.SIGIO,
	}
	known := map[syscall.Signal]Action{
		syscall.SIGTERM: {Kind: Stop}, syscall.SIGQUIT: {Kind: Graceful}, syscall.SIGINT: {Kind: Quick},
		syscall.SIGHUP: {Kind: Reload}, syscall.SIGUSR2: {Kind: Upgrade},
	}
	unknown := map[syscall.Signal]Action{
		syscall.SIGTERM: {Kind: Stop}, syscall.SIGQUIT: {Every, syscall.SIGQUIT}, syscall.SIGINT: {Every, syscall.SIGINT},
		syscall.SIGHUP: {Forward, syscall.SIGHUP}, syscall.SIGUSR2: {Forward, syscall.SIGUSR2},
	}
	for _, p := range All() {
		want := maps.Clone(known)
		switch p.Name {
		case "generic":
			want = maps.Clone(unknown)
		case "uwsgi":
			want[syscall.SIGQUIT] = Action{Kind: Quick}
		}
		for _, sig := range forwarded {
			want[sig] = Action{Forward, sig}
		}
		if p.Name == "httpd" {
			want[syscall.SIGWINCH] = Action{Kind: Graceful}
		}
		for sig := syscall.Signal(0); sig <= maxSignal+1; sig++ {
			w, listed := want[sig]
			if !listed && passableHere(sig) {
				w = Action{Forward, sig}
			} else if !listed {
				w = Action{Kind: Ignore}
			}
			switch {
			case slices.Contains(p.Fatal, sig), p.lacks(w.Kind):
				w = Action{Kind: Ignore}
			}
			if got := p.Action(sig); got != w {
				t.Errorf("%s, %s: %v, want %v", p.Name, SignalName(sig), got, w)
			}
			if err := p.Refusal(sig); (err != nil) != (w.Kind == Ignore) {
				t.Errorf("%s, %s: %v; the refusal is %v", p.Name, SignalName(sig), w, err)
			}
		}
	}
}

// What a server does not handle would end or freeze it. Whoever knows better maps
// it.
func TestFatalSignals(t *testing.T) {
	for _, p := range []Profile{uvicorn(), hypercorn()} {
		for _, sig := range []syscall.Signal{syscall.SIGUSR1, syscall.SIGTTIN, syscall.SIGHUP, syscall.SIGUSR2, rtMax} {
			if a := p.Action(sig); a.Kind != Ignore {
				t.Errorf("%s: %s is answered by %v", p.Name, SignalName(sig), a)
			}
			if a := p.With(sig, Action{Forward, sig}).Action(sig); a != (Action{Forward, sig}) {
				t.Errorf("%s: %s, mapped to itself, is answered by %v", p.Name, SignalName(sig), a)
			}
		}
		if a := p.Action(syscall.SIGTSTP); a != (Action{Forward, syscall.SIGTSTP}) {
			t.Errorf("%s: TSTP is answered by %v", p.Name, a)
		}
		if err := p.Refusal(syscall.SIGUSR1); err == nil || errors.Is(err, ErrNoOperation) || !strings.Contains(err.Error(), p.Name) {
			t.Errorf("%s: USR1 is refused: %v", p.Name, err)
		}
		for _, why := range []error{p.Refusal(syscall.SIGHUP), p.Refusal(syscall.SIGUSR2), p.Missing(Reload), p.Missing(Upgrade)} {
			if !errors.Is(why, ErrNoOperation) || !strings.Contains(why.Error(), "restart") {
				t.Errorf("%s: an operation is missing: %v", p.Name, why)
			}
		}
	}
	if err := unicorn().Missing(Reload); err != nil {
		t.Error(err)
	}
}

// The shim is subscribed to all that has an action.
func TestActionsAreSubscribed(t *testing.T) {
	for sig := syscall.Signal(0); sig <= maxSignal+1; sig++ {
		acts := unicorn().Action(sig).Kind != Ignore
		if subscribed := slices.Contains(Signals(), sig); subscribed != (acts || sig == syscall.SIGPIPE) {
			t.Errorf("%s: an action %v, subscribed %v", SignalName(sig), acts, subscribed)
		}
	}
}

func TestMissingOperations(t *testing.T) {
	bare := Profile{Name: "bare"}
	for sig, word := range map[syscall.Signal]string{
		sigTerm: "stop", sigQuit: "graceful stop", syscall.SIGINT: "quick stop", sigHup: "reload", syscall.SIGUSR2: "upgrade",
	} {
		err := bare.Refusal(sig)
		if bare.Action(sig) != (Action{Kind: Ignore}) || !errors.Is(err, ErrNoOperation) ||
			!strings.Contains(err.Error(), "cannot "+word+" with the profile bare") {
			t.Errorf("%s: %v, %v", SignalName(sig), bare.Action(sig), err)
		}
	}
	if err := unicorn().With(sigHup, Action{Kind: Ignore}).Refusal(sigHup); err == nil || errors.Is(err, ErrNoOperation) {
		t.Errorf("mapped to ignore: %v", err)
	}
	if a := generic().With(sigHup, Action{Kind: Reload}).Action(sigHup); a.Kind != Ignore {
		t.Errorf("a reload that generic does not have: %v", a)
	}
}

func TestWith(t *testing.T) {
	p := generic()
	before := maps.Clone(p.Actions)
	q := p.With(sigHup, Action{Kind: Stop})
	r := q.With(sigHup, Action{Forward, syscall.SIGUSR1}).With(sigTerm, Action{Kind: Ignore})
	if !maps.Equal(p.Actions, before) {
		t.Error("With changed the profile that it was asked of")
	}
	if q.Action(sigHup).Kind != Stop || q.Action(sigTerm) != (Action{Kind: Stop}) {
		t.Errorf("With lost something: %v", q.Actions)
	}
	if r.Action(sigHup) != (Action{Forward, syscall.SIGUSR1}) || r.Action(sigTerm).Kind != Ignore {
		t.Errorf("the later one does not win: %v", r.Actions)
	}
	if u := unicorn().With(syscall.SIGCHLD, Action{Forward, sigTerm}); u.Action(syscall.SIGCHLD).Kind != Ignore {
		t.Error("CHLD was mapped")
	}
	all := All()
	all[0].Actions[sigTerm] = Action{Kind: Ignore}
	if generic().Action(sigTerm).Kind != Stop {
		t.Error("the tables of two calls share a map")
	}
}

func TestSend(t *testing.T) {
	odd := Profile{Reload: sigHup, Upgrade: sigHup, Graceful: syscall.SIGWINCH, Quick: sigTerm}
	for _, row := range []struct {
		p    Profile
		sig  syscall.Signal
		want Kind
	}{
		{unicorn(), sigQuit, Every}, {unicorn(), sigTerm, Every}, {unicorn(), syscall.SIGINT, Every}, {unicorn(), sigKill, Every},
		{unicorn(), sigHup, Forward}, {unicorn(), syscall.SIGUSR2, Forward}, {unicorn(), syscall.SIGWINCH, Forward},
		{gunicorn(), sigTerm, Every}, {gunicorn(), sigQuit, Every}, {gunicorn(), syscall.SIGTTIN, Forward},
		{generic(), sigTerm, Every}, {generic(), syscall.SIGUSR1, Forward},
		{odd, syscall.SIGWINCH, Every}, {odd, sigHup, Forward},
		{Profile{Reload: sigTerm}, sigTerm, Forward},
	} {
		if got := row.p.Send(row.sig); got != (Action{row.want, row.sig}) {
			t.Errorf("%s %s: %v, want %v", row.p.Name, SignalName(row.sig), got, row.want)
		}
	}
}

func TestParseMap(t *testing.T) {
	for text, want := range map[string]struct {
		sig syscall.Signal
		a   Action
	}{
		"HUP=USR2":       {sigHup, Action{Forward, syscall.SIGUSR2}},
		"sighup=sigusr1": {sigHup, Action{Forward, syscall.SIGUSR1}},
		"1=10":           {sigHup, Action{Forward, syscall.Signal(10)}},
		"HUP=upgrade":    {sigHup, Action{Kind: Upgrade}},
		"USR1=reload":    {syscall.SIGUSR1, Action{Kind: Reload}},
		"INT=stop":       {syscall.SIGINT, Action{Kind: Stop}},
		"WINCH=ignore":   {syscall.SIGWINCH, Action{Kind: Ignore}},
		"TERM=QUIT":      {sigTerm, Action{Every, sigQuit}},
		"HUP=TERM":       {sigHup, Action{Every, sigTerm}},
		"HUP=INT":        {sigHup, Action{Every, syscall.SIGINT}},
		"USR1=KILL":      {syscall.SIGUSR1, Action{Every, sigKill}},
		"USR1=SIGSTOP":   {syscall.SIGUSR1, Action{Forward, syscall.SIGSTOP}},
		"QUIT=SIGWINCH":  {sigQuit, Action{Forward, syscall.SIGWINCH}},
		"TSTP=TTIN":      {syscall.SIGTSTP, Action{Forward, syscall.SIGTTIN}},
	} {
		sig, a, err := ParseMap(text)
		if sig != want.sig || a != want.a || err != nil {
			t.Errorf("%q: %s=%v, %v; want %v", text, SignalName(sig), a, err, want)
		}
	}
	for text, why := range map[string]string{
		"": "no =", "HUP": "no =", "HUP=": `"" is neither`, "=stop": `"" is no signal`, "HUP=FOO": `"FOO" is neither`,
		"FOO=stop": `"FOO" is no signal`, "HUP=Upgrade": `"Upgrade" is neither`, "HUP=graceful": `"graceful" is neither`,
		"HUP=USR2=stop": `"USR2=stop" is neither`, "HUP= USR2": `" USR2" is neither`, "HUP=0": `"0" is neither`,
		"KILL=stop": "KILL cannot be mapped", "STOP=stop": "STOP cannot be mapped", "CHLD=stop": "CHLD cannot be mapped",
		"PIPE=stop": "PIPE cannot be mapped", "SEGV=ignore": "SEGV cannot be mapped",
		"HUP=STOP": "may mean the action stop or the signal SIGSTOP", "HUP=Stop": "may mean",
	} {
		_, _, err := ParseMap(text)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || syntax.Text != text || !strings.Contains(syntax.Why, why) || !strings.Contains(err.Error(), "HUP=USR2") {
			t.Errorf("%q: %v; want %s", text, err, why)
		}
	}
}
