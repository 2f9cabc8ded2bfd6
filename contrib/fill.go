package contrib

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// ErrSetting is wrapped by an error about a setting that a file cannot take.
var ErrSetting = errors.New("wrong setting")

// A Setting is one value to fill in.
type Setting struct{ Key, Value string }

// Keys lists the settings that change a file, in the order of their table: it has a
// place for each, or for the timeout, which follows from command and flags.
// The name is one of Names, or the error wraps ErrUnknown.
func Keys(name string) ([]string, error) {
	text, err := Get(name)
	if err != nil {
		return nil, err
	}
	has := func(k key) bool {
		_, n := replace(string(text), []place{placeOf(name, k, values{})})
		return n[0] > 0
	}
	timed := has(*findKey("timeout"))
	var found []string
	for _, k := range keys() {
		if has(k) || timed && (k.name == "command" || k.name == "flags") {
			found = append(found, k.name)
		}
	}
	return found, nil
}

// Fill returns the text of a file with other values in it. What is not set follows
// what is: the directory, command and flags of a service called api are those of web
// with the other name in them, and the timeout is what the command's stop schedule
// needs. A later setting of a key replaces an earlier one. Every file takes a name,
// whether that is in it or not, so that the files of a folder can be filled in alike.
//
// An error wraps ErrUnknown for a name that is not of Names, and ErrSetting for a key
// that is not of Keys, for the name of a template, which is its instance's, and for a
// value that no quoting brings through the file's language. It does not ask whether a
// user or a directory exists.
func Fill(name string, set []Setting) ([]byte, error) {
	text, err := Get(name)
	if err != nil {
		return nil, err
	}
	given := values{}
	for _, s := range set {
		if err := refuse(name, s); err != nil {
			return nil, err
		}
		given[s.Key] = s.Value
	}
	var places []place
	for _, k := range keys() {
		places = append(places, placeOf(name, k, given))
	}
	if directory, is := given["directory"]; is && languageOf(name).again != nil {
		places = append(places, languageOf(name).again(directory))
	}
	filled, _ := replace(string(text), places)
	return []byte(filled), nil
}

// refuse says why a file cannot take a setting.
func refuse(name string, s Setting) error {
	has, _ := Keys(name)
	k, lang := findKey(s.Key), languageOf(name)
	why := ""
	switch {
	case s.Key == "name" && lang.instance != "":
		why = "its instance is the name, as in " + strings.Replace(path.Base(name), "@", "@"+presetName, 1)
	case k == nil || s.Key != "name" && !slices.Contains(has, s.Key):
		why = "it has " + strings.Join(has, ", ")
	}
	if why != "" {
		return fmt.Errorf("cannot set %s in %s: %w: %s", s.Key, name, ErrSetting, why)
	}
	if why := k.refuse(s.Value, lang); why != "" {
		return fmt.Errorf("cannot set %s to %q in %s: %w: %s", s.Key, s.Value, name, ErrSetting, why)
	}
	return nil
}

// A place is a text of a file, and what stands there instead.
type place struct{ old, new string }

// placeOf is the place of a key: its default in the file's language, and its value.
func placeOf(name string, k key, given values) place {
	lang := languageOf(name)
	old := k.render(lang, k.preset(values{}))
	if lang.instance == "" {
		return place{old, k.render(lang, given.of(k))}
	}
	if k.name == "name" {
		return place{} // the init system fills it in
	}
	old = strings.ReplaceAll(old, presetName, lang.instance)
	if _, is := given[k.name]; !is && k.name != "timeout" {
		return place{old, old}
	}
	return place{old, k.render(lang, given.of(k))}
}

// replace puts what is new in the place of what is old, from left to right, the
// longest first, and never in what it has put there itself. It counts each place.
func replace(text string, places []place) (string, []int) {
	var b strings.Builder
	count := make([]int, len(places))
	for i := 0; i < len(text); {
		best := -1
		for n, p := range places {
			if p.old != "" && strings.HasPrefix(text[i:], p.old) && alone(text, i, len(p.old)) &&
				(best < 0 || len(p.old) > len(places[best].old)) {
				best = n
			}
		}
		if best < 0 {
			b.WriteByte(text[i])
			i++
			continue
		}
		b.WriteString(places[best].new)
		count[best]++
		i += len(places[best].old)
	}
	return b.String(), count
}

// alone tells whether n bytes of a text are no part of a longer word.
func alone(text string, i, n int) bool {
	return !(i > 0 && letter(text[i-1]) && letter(text[i]) ||
		i+n < len(text) && letter(text[i+n-1]) && letter(text[i+n]))
}

func letter(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '_'
}
