package contrib

import (
	"errors"
	"strings"
	"testing"
)

func TestInittabsIDFollowsTheName(t *testing.T) {
	for name, want := range map[string]string{"web": "web", "api2": "api2", "api-a": "ac6d", "api-b": "a7b4"} {
		got, err := Fill("sysv/inittab", []Setting{{"name", name}})
		if err != nil || !strings.Contains(string(got), "\n"+want+":2345:respawn:/etc/lockshim/"+name+"\n") {
			t.Errorf("%s: %v\n%s", name, err, got)
		}
	}
	got, err := Fill("sysv/inittab", []Setting{{"name", "api-a"}, {"id", "a"}})
	if err != nil || !strings.Contains(string(got), "\na:2345:respawn:/etc/lockshim/api-a\n") {
		t.Errorf("%v\n%s", err, got)
	}
}

func TestInittabRefuses(t *testing.T) {
	for _, s := range []Setting{{"id", ""}, {"id", "abcde"}, {"id", "#a"}, {"id", "a:b"}, {"name", strings.Repeat("a", 114)}} {
		if _, err := Fill("sysv/inittab", []Setting{s}); !errors.Is(err, ErrSetting) {
			t.Errorf("%+v: %v", s, err)
		}
	}
}
