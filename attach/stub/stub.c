// SPDX-License-Identifier: GPL-2.0-or-later
// The parent of the command, in the container's PID namespace: a program of its own.
//
// Theory of operation. The joiner, which stands in all of the container's namespaces but the PID
// namespace, executes this program from a sealed file in memory and with it loses all that it was:
// its memory, its words, its environment. So nothing of nspeek's own is in a process that the
// container can see, and /proc/self/exe, which a script of the container can name as its
// interpreter, is this program, which nobody can write to, and no file of the host.
//
// It clones the stub, in the PID namespace and as the supervisor's child, and exits. The stub is a
// subreaper: what the command leaves behind comes to it and not to the container's first process.
// When the command ends, the supervisor says so, or the supervisor is gone (the socket hangs up),
// it kills and reaps until it has no child. It finds its children without procfs, which the
// container may have masked: it asks the kernel of each PID whether it is a child.
//
// The program has no more power than the command: ids, capabilities and the rest are the command's
// already. Small and without the host's C library, so that it starts in a fraction of the time.
#include "protocol.h"
#include "sigbits.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	PID_LIMIT = 4 << 20, // PID_MAX_LIMIT of the kernel
	NOT_EXECUTABLE = 126,
	NOT_FOUND = 127,
};

struct stub {
	char **words;
	int control_fd, terminal_fd, signal_fd;
	unsigned flags;
	uint64_t mask;
	pid_t command;
	int status;     // of the command, as wait(2) gives it, or -1
	bool stop_said; // and the supervisor has not continued the command since
};

// What the command's process, which shares our memory until its execve(2), failed with.
static volatile int exec_errno;

static char bourne_shell[] = "/bin/sh";

#define say(...) say_words((const char *[]){__VA_ARGS__, NULL})

static void say_words(const char **words)
{
	for (; *words; words++)
		if (write(STDERR_FILENO, *words, strlen(*words)) < 0)
			return;
}

static void send_record(const struct stub *stub, enum record_kind kind, int value)
{
	struct record record = {.kind = kind, .value = value};

	send(stub->control_fd, &record, sizeof(record), MSG_NOSIGNAL | MSG_DONTWAIT);
}

// The command's process, in our memory: ends by execve(2), or with exec_errno set.
static void become_command(const struct stub *stub)
{
	char **words = stub->words;
	struct sigaction child = {
		.sa_handler = stub->flags & STUB_IGNORE_CHILD ? SIG_IGN : SIG_DFL};

	sigaction(SIGCHLD, &child, NULL);
	sigbits_block(stub->mask);
	execve(words[STUB_PATH], words + STUB_ARGV, environ);
	exec_errno = errno;
	if (exec_errno != ENOEXEC || !(stub->flags & STUB_MAY_BE_SCRIPT))
		return;
	// A script without `#!': the shell runs it, as execvp(3) has it.
	words[STUB_ARGV] = words[STUB_PATH];
	words[STUB_PATH] = bourne_shell;
	exec_errno = 0;
	execve(bourne_shell, words + STUB_PATH, environ);
	exec_errno = ENOEXEC;
	words[STUB_PATH] = words[STUB_ARGV];
}

// Says that the command's process is there, and waits to be let go. What comes before is for it.
static void wait_for_go(const struct stub *stub)
{
	struct record record = {.kind = RECORD_STARTED};

	send_record(stub, RECORD_STARTED, 0);
	while (record.kind != RECORD_GO) {
		if (recv(stub->control_fd, &record, sizeof(record), 0) != sizeof(record) ||
			record.kind == RECORD_END)
			_exit(NOT_FOUND);
		if (record.kind == RECORD_SIGNAL || record.kind == RECORD_SIGNAL_GROUP)
			kill(getpid(), record.value);
	}
}

static void start_command(struct stub *stub)
{
	pid_t parent = getpid(), pid = vfork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent) // it was killed just before
			_exit(NOT_FOUND);
		setpgid(0, 0);
		if (stub->flags & STUB_HAS_TERMINAL)
			tcsetpgrp(stub->terminal_fd, getpid());
		if (stub->flags & STUB_SAY_STARTED)
			wait_for_go(stub);
		become_command(stub);
		_exit(NOT_FOUND);
	}
	stub->command = pid;
	if (pid < 0)
		send_record(stub, RECORD_FORK_FAILED, errno);
	else if (exec_errno)
		send_record(stub, RECORD_EXEC_FAILED, exec_errno);
}

// Reaps one child, as waitpid(2) returns it.
static pid_t reap_one(struct stub *stub, int options)
{
	int status;
	pid_t pid = waitpid(-1, &status, options | __WALL);

	if (pid <= 0 || pid != stub->command)
		return pid;
	if (!WIFSTOPPED(status)) {
		stub->status = status;
	} else if (!stub->stop_said) {
		// One stop is one for the supervisor, however often others continue the command,
		// and the socket has room for how it ended.
		stub->stop_said = true;
		send_record(stub, RECORD_STOPPED, WSTOPSIG(status));
	}
	return pid;
}

// Reaps what there is. Returns false when there is no child left.
static bool reap(struct stub *stub, int options)
{
	pid_t pid;

	do
		pid = reap_one(stub, options | WNOHANG);
	while (pid > 0);
	return pid == 0 || errno != ECHILD;
}

// Kills the children whose PID is below LIMIT. Returns their number.
static int kill_children(pid_t limit)
{
	int count = 0;

	for (pid_t pid = 2; pid < limit; pid++) {
		siginfo_t info;
		if (waitid(P_PID, (id_t)pid, &info,
			    WEXITED | WSTOPPED | WNOHANG | WNOWAIT | __WALL) == 0)
			count += kill(pid, SIGKILL) == 0;
	}
	return count;
}

// A PID above those of all older processes, unless PIDs have begun anew since.
static pid_t newest_pid(void)
{
	pid_t pid = vfork();

	if (pid == 0)
		_exit(0);
	return pid < 0 || waitpid(pid, NULL, 0) < 0 ? PID_LIMIT : pid;
}

// Kills and reaps until no child is left. The children of one that has ended become ours.
static void end_all(struct stub *stub)
{
	while (reap(stub, 0)) {
		int killed = kill_children(newest_pid());
		if (killed == 0)
			killed = kill_children(PID_LIMIT);
		// To look for children anew for each that ends takes long where PIDs are large.
		do
			reap_one(stub, 0);
		while (--killed > 0);
	}
}

// Does what the supervisor says. Returns false when all is to end.
static bool obey(struct stub *stub)
{
	struct record record;
	ssize_t len = recv(stub->control_fd, &record, sizeof(record), MSG_DONTWAIT);

	if (len < 0 && errno == EAGAIN)
		return true;
	if (len != sizeof(record))
		return false;
	if (record.value == SIGCONT)
		stub->stop_said = false;
	switch (record.kind) {
	case RECORD_SIGNAL:
		kill(stub->command, record.value);
		return true;
	case RECORD_SIGNAL_GROUP:
		if (kill(-stub->command, record.value) < 0)
			kill(stub->command, record.value);
		return true;
	}
	return false;
}

// Follows the command. Returns whether it has ended, and that was said: else all is to end.
static bool run(struct stub *stub)
{
	struct pollfd fds[] = {
		{.fd = stub->control_fd, .events = POLLIN},
		{.fd = stub->signal_fd, .events = POLLIN},
	};
	struct signalfd_siginfo info;

	while (stub->status < 0) {
		if (poll(fds, 2, -1) < 0)
			continue;
		if (fds[0].revents && !obey(stub))
			return false;
		if (fds[1].revents) {
			while (read(stub->signal_fd, &info, sizeof(info)) > 0)
				;
			reap(stub, WUNTRACED);
		}
	}
	// With nothing left to do, the end says it all: one wake-up less for the supervisor.
	if (WIFEXITED(stub->status) && !reap(stub, 0))
		_exit(WEXITSTATUS(stub->status));
	send_record(stub, RECORD_EXITED, stub->status);
	return true;
}

// True when nobody is left who could want the command.
static bool is_supervisor_gone(const struct stub *stub)
{
	struct pollfd fd = {.fd = stub->control_fd};

	return poll(&fd, 1, 0) == 1 && fd.revents & POLLHUP;
}

// What ps(1) shows of the stub is its name, and not the command a second time.
static void wipe_words(char **words)
{
	for (char **word = words + STUB_CONTROL_FD; *word; word++)
		memset(*word, 0, strlen(*word));
}

static _Noreturn void be_stub(struct stub *stub)
{

	// One that was stopped from inside has to see that the supervisor is gone.
	prctl(PR_SET_PDEATHSIG, SIGCONT);
	setsid();
	if (stub->flags & STUB_HAS_TERMINAL)
		ioctl(stub->terminal_fd, TIOCSCTTY, 0);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	stub->signal_fd = sigbits_open(SIGBIT(SIGCHLD));
	if (stub->signal_fd < 0) {
		send_record(stub, RECORD_FORK_FAILED, errno);
		_exit(EXIT_FAILURE);
	}
	if (is_supervisor_gone(stub))
		_exit(EXIT_FAILURE);
	start_command(stub);
	wipe_words(stub->words);
	// What the command alone should hold: a reader of its output waits for the last writer.
	// But the new terminal stays, for what opens /dev/tty when nobody else has it.
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (!(stub->flags & STUB_HAS_TERMINAL) || fd != stub->terminal_fd)
			close(fd);
	bool has_command = stub->command > 0 && !exec_errno;
	bool said = !has_command || run(stub);
	end_all(stub);
	if (!said)
		send_record(stub, RECORD_EXITED, stub->status);
	_exit(EXIT_SUCCESS);
}

// Instead of all this: the caller's own process is the command's. There is nobody to report to.
static _Noreturn void run_directly(const struct stub *stub)
{
	prctl(PR_SET_PDEATHSIG, 0);
	become_command(stub);
	say("nspeek: ", stub->words[STUB_PATH], " cannot be executed: ", strerror(exec_errno),
		"\n");
	_exit(exec_errno == ENOENT ? NOT_FOUND : NOT_EXECUTABLE);
}

int main(int argc, char **argv)
{
	struct stub stub = {.words = argv, .status = -1};

	if (argc <= STUB_ARGV) {
		say("nspeek: this is a part of nspeek, no program to run\n");
		return NOT_EXECUTABLE;
	}
	// Not to be traced by what only shares our ids. execve(2) has undone it.
	prctl(PR_SET_DUMPABLE, 0);
	stub.control_fd = (int)strtoul(argv[STUB_CONTROL_FD], NULL, 16);
	stub.flags = (unsigned)strtoul(argv[STUB_FLAGS], NULL, 16);
	stub.terminal_fd = (int)strtoul(argv[STUB_TERMINAL_FD], NULL, 16);
	stub.mask = strtoull(argv[STUB_SIGNAL_MASK], NULL, 16);
	if (stub.flags & STUB_DIRECTLY)
		run_directly(&stub);
	prctl(PR_SET_NAME, "nspeek");
	fcntl(stub.control_fd, F_SETFD, FD_CLOEXEC);

	long pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid == 0)
		be_stub(&stub);
	if (pid < 0)
		send_record(&stub, RECORD_CLONE_FAILED, errno);
	else
		send_record(&stub, RECORD_LAUNCHED, (int)pid);
	return pid < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
