package profile

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestParseReady(t *testing.T) {
	for text, want := range map[string]Ready{
		"notify":                          {Check: ReadyNotify},
		"listen":                          {Check: ReadyListen},
		"exec:curl -fs http://[::1]:8080": {Check: ReadyExec, Command: "curl -fs http://[::1]:8080"},
		"after:5s":                        {Check: ReadyAfter, After: 5 * time.Second},
		"after:1.5":                       {Check: ReadyAfter, After: 1500 * time.Millisecond},
		"after:0":                         {Check: ReadyAfter},
	} {
		got, err := ParseReady(text)
		if err != nil || got != want {
			t.Errorf("%q is %+v, %v, want %+v", text, got, err, want)
		}
		if again, err := ParseReady(got.String()); err != nil || again != got {
			t.Errorf("%q is written %q, which is %+v, %v", text, got, again, err)
		}
	}
}

func TestParseReadyRefuses(t *testing.T) {
	for text, why := range map[string]string{
		"": "no such check", "ready": "no such check", "notify:": "no such check", "listen:80": "no such check", "NOTIFY": "no such check",
		"exec": "followed by a command", "exec:": "followed by a command", "exec: ": "followed by a command",
		"after": "no such check", "after:": "followed by a time", "after:-1s": "followed by a time", "after:forever": "followed by a time", "after:soon": "followed by a time",
	} {
		_, err := ParseReady(text)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || !strings.Contains(syntax.Why, why) || syntax.Text != text {
			t.Errorf("%q: %v, want %q", text, err, why)
		}
	}
}
