// The server that every peer of the benchmark runs.
//
//   server FIFO [lock=PATH] [pidfile=PATH] [workers=N]
//
// The first thing that it does is to look at the clock. It writes its pid and
// that time to FIFO, two 64-bit numbers, once it is as it will stay:
//
//   lock=PATH     it has daemonized, with a shared lock of PATH
//   pidfile=PATH  its pid is written there
//   workers=N     it has forked N workers; TERM ends them, then the server
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void fail(const char *what) {
	perror(what);
	_exit(1);
}

static void daemonize(const char *path) {
	int fd = open(path, O_RDWR | O_CREAT, 0640);
	if (fd < 0 || flock(fd, LOCK_SH) < 0)
		fail(path);
	pid_t pid = fork();
	if (pid < 0)
		fail("fork");
	if (pid > 0)
		_exit(0);
	setsid();
}

static void write_pidfile(const char *path) {
	FILE *f = fopen(path, "w");
	if (!f || fprintf(f, "%d\n", (int)getpid()) < 0 || fclose(f) != 0)
		fail(path);
}

// The workers end with their master, however that ends.
static pid_t *fork_workers(int n) {
	pid_t *pids = calloc(n + 1, sizeof *pids);
	for (int i = 0; i < n; i++) {
		pids[i] = fork();
		if (pids[i] < 0)
			fail("fork");
		if (pids[i] == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			sigset_t none;
			sigemptyset(&none);
			sigprocmask(SIG_SETMASK, &none, NULL);
			for (;;)
				pause();
		}
	}
	return pids;
}

static void serve(pid_t *pids, const sigset_t *term) {
	int sig;
	while (sigwait(term, &sig) != 0)
		;
	for (pid_t *p = pids; *p; p++)
		kill(*p, SIGTERM);
	while (wait(NULL) > 0)
		;
}

int main(int argc, char **argv) {
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	int workers = 0;
	sigset_t term;
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	for (int i = 2; i < argc; i++) {
		if (!strncmp(argv[i], "lock=", 5))
			daemonize(argv[i] + 5);
		else if (!strncmp(argv[i], "pidfile=", 8))
			write_pidfile(argv[i] + 8);
		else if (!strncmp(argv[i], "workers=", 8))
			workers = atoi(argv[i] + 8);
	}
	pid_t *pids = NULL;
	if (workers) {
		sigprocmask(SIG_BLOCK, &term, NULL);
		pids = fork_workers(workers);
	}
	int64_t stamp[2] = {getpid(), now.tv_sec * INT64_C(1000000000) + now.tv_nsec};
	int fd = open(argv[1], O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, stamp, sizeof stamp) != sizeof stamp)
		fail(argv[1]);
	close(fd);
	if (workers) {
		serve(pids, &term);
		return 0;
	}
	for (;;)
		pause();
}
