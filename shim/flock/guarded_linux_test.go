package flock

import "testing"

// The guard of another description is seen, by a File that may only read too,
// and one's own is not.
func TestGuarded(t *testing.T) {
	path := t.TempDir() + "/web.lock"
	a, err := Open(path, &Create{UID: -1, GID: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	b, err := a.reopenAt(procPath(a.fd), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	expect := func(want bool) {
		t.Helper()
		if got, err := b.Guarded(); got != want || err != nil {
			t.Errorf("guarded: %v, %v; want %v", got, err, want)
		}
	}
	expect(false)
	if ok, err := a.Guard(); !ok || err != nil {
		t.Fatalf("the guard: %v, %v", ok, err)
	}
	expect(true)
	if got, err := a.Guarded(); got || err != nil {
		t.Errorf("one's own guard: %v, %v", got, err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	expect(false)
}
