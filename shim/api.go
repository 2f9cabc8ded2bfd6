package shim

import (
	"errors"
	"syscall"
	"time"
)

func Run(cfg Config) (code int, err error) { return 0, errors.ErrUnsupported }

func Inspect(lock string) (Status, error) { return Status{}, errors.ErrUnsupported }

func Wait(lock string, timeout time.Duration) error { return errors.ErrUnsupported }

func Stop(lock string, emit func(Event)) error { return errors.ErrUnsupported }

func Signal(lock string, sig syscall.Signal) ([]int, error) { return nil, errors.ErrUnsupported }

func Hold(lock string, command []string) error { return errors.ErrUnsupported }
