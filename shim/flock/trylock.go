package flock

import (
	"fmt"
	"sync"
)

// TryLock takes a single-instance lock: while it is held, every other TryLock
// of the path fails, in this process and in any other. It does not block.
//
// The file is made if it is missing (0640, the caller's), but not its
// directory. A crash leaves no lock behind, and the file that it leaves means
// nothing. A program that takes an flock(2) of the path by other means, such as
// flock(1), is excluded too.
//
// When the lock is held the error is a *HeldError that names the holders;
// otherwise it is one of Open's. Unlock may be called more than once. It never
// removes the file: that would split later users over two files of one name.
func TryLock(path string) (unlock func() error, err error) {
	f, err := lockPath(path)
	if err != nil {
		return nil, err
	}
	return sync.OnceValue(f.drop), nil
}

// lockPath opens path and has its exclusive lock, on the file that path names
// when it returns. A file that was replaced between the open and the lock is
// let go: its lock excludes nobody.
func lockPath(path string) (*File, error) {
	for range tries {
		f, err := lockOnce(path)
		if f != nil || err != nil {
			return f, err
		}
	}
	return nil, fmt.Errorf("cannot lock %s: it is replaced again and again", path)
}

// lockOnce is one try of lockPath. It returns neither File nor error when the
// path named another file once the lock was there.
func lockOnce(path string) (*File, error) {
	f, err := Open(path, &Create{UID: -1, GID: -1})
	if err != nil {
		return nil, err
	}
	same, err := f.lockNamed()
	if err != nil || !same {
		f.Close()
		return nil, err
	}
	return f, nil
}

// lockNamed takes the exclusive lock and compares the file with the path. Who
// has the lock of a file without the name is no reason to fail.
func (f *File) lockNamed() (same bool, err error) {
	ok, err := f.TryWait()
	if err != nil {
		return false, err
	}
	if same, err = f.Named(); err != nil || !same {
		return false, err
	}
	if !ok {
		return false, held(f)
	}
	return true, nil
}

// drop gives the lock up and closes the file. The description is this
// process's alone, so LOCK_UN hurts nobody, and it frees the lock even while a
// child between fork and exec still has a copy.
func (f *File) drop() error {
	err := f.Release()
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}
