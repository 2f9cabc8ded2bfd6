// The least that can wait for the end of a server: no profile, no guard, no
// generations, no signals.
//
//   waiter LOCKFILE COMMAND [ARG...]
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv) {
	if (argc < 3)
		return 64;
	int shared = open(argv[1], O_RDWR | O_CREAT, 0640);
	int own = open(argv[1], O_RDWR | O_CLOEXEC);
	if (shared < 0 || own < 0 || flock(shared, LOCK_SH) < 0)
		return 71;
	pid_t pid = fork();
	if (pid == 0) {
		execv(argv[2], argv + 2);
		_exit(127);
	}
	close(shared);
	int status = 0;
	if (pid < 0 || flock(own, LOCK_EX) < 0 || waitpid(pid, &status, 0) < 0)
		return 71;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
