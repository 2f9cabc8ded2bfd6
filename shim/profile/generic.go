package profile

import "syscall"

// Generic is the name of the profile of a program that nobody knows.
const Generic = "generic"

// generic is the profile of a program that nobody knows: every signal reaches
// it unchanged, and a stop has no end, since nobody knows how long the program
// needs.
func generic() Profile {
	return Profile{
		Name: Generic,
		Stop: Schedule{{syscall.SIGTERM, Forever}},
		Actions: map[syscall.Signal]Action{
			syscall.SIGINT:  {Every, syscall.SIGINT},
			syscall.SIGQUIT: {Every, syscall.SIGQUIT},
			syscall.SIGHUP:  {Forward, syscall.SIGHUP},
			syscall.SIGUSR2: {Forward, syscall.SIGUSR2},
		},
	}
}
