// SPDX-License-Identifier: GPL-2.0-or-later
// Waiting for the command, passing signals on.
#include "supervise.h"

#include "cleanup.h"
#include "fd.h"
#include "launch.h"
#include "terminal.h"

#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>

enum {
	KILLED_WAIT_MS = 500, // for a killed joiner, which a hostile file system can hold
	TARGET_WAIT_MS = 20,  // for a target whose end is why the command was killed
	NOT_ENDED = -1,
};

struct supervisor {
	const struct entry *entry;
	struct terminal terminal;
	struct launch launch;
	int signal_fd;
	pid_t joiner;       // 0 once it is reaped
	pid_t command;      // 0 until it is known
	int status;         // the exit status, or NOT_ENDED
	int signal;         // that ended the command, or 0
	int ending_signals; // that came before the command was executed
	sigset_t early;     // signals that wait for the command to exist
	sigset_t sent;      // those that the command got from us, not from a key
	bool setup_ended;   // the joiner was killed by us
	bool target_gone;
	struct error *err;
};

static int prepare_signals(struct launch_signals *ret)
{
	struct sigaction child = {.sa_handler = SIG_DFL};
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &ret->mask);
	// Were SIGCHLD ignored, children would be reaped by the kernel with their status.
	sigaction(SIGCHLD, &child, &ret->child);
	return signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
}

// Takes in what the joiner or the command has reported, and then the command's PID, which is known
// if the command could report anything.
static void read_reports(struct supervisor *supervisor)
{
	struct error record;
	int r = -EAGAIN;

	while (supervisor->launch.report_fd >= 0 &&
		(r = launch_read(&supervisor->launch, &record)) > 0)
		if (supervisor->err->kind == ERROR_NONE)
			*supervisor->err = record;
	if (r != -EAGAIN)
		close_fd(&supervisor->launch.report_fd);
	supervisor->command = launch_command(&supervisor->launch);
}

static int status_of(int wait_status)
{
	return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

// Stops ourselves by SIG, and with us, by a key of the terminal that the command had from us
// (WHOLE_GROUP), those whom the key would have stopped. Returns whether we did: the kernel ignores
// the terminal's stop signals for a process group that has nobody to continue it.
static bool stop_ourselves(int sig, bool whole_group)
{
	struct sigaction plain = {.sa_handler = SIG_DFL}, before;
	sigset_t only, pending;

	sigaction(sig, &plain, &before);
	sigemptyset(&only);
	sigaddset(&only, sig);
	kill(whole_group ? 0 : getpid(), sig);
	sigprocmask(SIG_UNBLOCK, &only, NULL); // here we stop, until SIGCONT
	sigprocmask(SIG_BLOCK, &only, NULL);
	sigaction(sig, &before, NULL);
	sigpending(&pending);
	return sigismember(&pending, SIGCONT) == 1;
}

static void send(struct supervisor *supervisor, int sig)
{
	sigaddset(&supervisor->sent, sig);
	kill(supervisor->command, sig);
}

// True when SIG, which the command has stopped or ended by, can have come by a key.
static bool is_of_key(const struct supervisor *supervisor, int sig)
{
	return sigismember(&supervisor->sent, sig) == 0;
}

static void continue_command(struct supervisor *supervisor)
{
	terminal_give(&supervisor->terminal, supervisor->command);
	if (supervisor->terminal.sharing == TERMINAL_PIPELINE ||
		kill(-supervisor->command, SIGCONT) < 0)
		kill(supervisor->command, SIGCONT);
	sigdelset(&supervisor->sent, SIGTSTP);
}

static void mirror_stop(struct supervisor *supervisor, int sig)
{
	bool had_terminal = terminal_take_back(&supervisor->terminal, supervisor->command);

	if (stop_ourselves(sig, had_terminal && sig == SIGTSTP && is_of_key(supervisor, sig)))
		return; // SIGCONT is pending, and continues the command
	// A key of a terminal on which nobody does job control is as good as ignored. Any other
	// stop is meant, and whoever waits for us should see it.
	if (had_terminal && sig == SIGTSTP)
		continue_command(supervisor);
	else
		stop_ourselves(SIGSTOP, false);
}

static void reap(struct supervisor *supervisor)
{
	int status;

	if (supervisor->joiner && waitpid(supervisor->joiner, &status, WNOHANG) > 0) {
		supervisor->joiner = 0;
		read_reports(supervisor);
		if (!supervisor->command && supervisor->err->kind == ERROR_NONE)
			fail(supervisor->err, ERROR_SYSTEM, ECHILD,
				"the joining process ended unexpectedly (%s %d)",
				WIFSIGNALED(status) ? "signal" : "status",
				WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	}
	while (supervisor->command && supervisor->status == NOT_ENDED &&
		waitpid(supervisor->command, &status, WNOHANG | WUNTRACED) > 0) {
		if (WIFSTOPPED(status)) {
			mirror_stop(supervisor, WSTOPSIG(status));
			continue;
		}
		supervisor->status = status_of(status);
		supervisor->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
		read_reports(supervisor);
	}
}

// True for a signal whose default is to end the process, and which our caller did not ignore.
static bool is_ending(int sig)
{
	struct sigaction action;

	switch (sig) {
	case SIGCHLD:
	case SIGCONT:
	case SIGURG:
	case SIGWINCH:
	case SIGTSTP:
	case SIGTTIN:
	case SIGTTOU:
		return false;
	}
	return sigaction(sig, NULL, &action) == 0 && action.sa_handler != SIG_IGN;
}

// Kills the joiner, if it is there. Returns true unless it had started the command already.
static bool end_setup(struct supervisor *supervisor)
{
	const struct timespec pause = {.tv_nsec = 1000000};

	if (supervisor->joiner)
		kill(supervisor->joiner, SIGKILL);
	for (int ms = 0; supervisor->joiner && ms < KILLED_WAIT_MS; ms++) {
		if (waitpid(supervisor->joiner, NULL, WNOHANG) != 0)
			supervisor->joiner = 0;
		else
			nanosleep(&pause, NULL);
	}
	supervisor->setup_ended = true;
	read_reports(supervisor);
	return supervisor->command == 0;
}

// Ends what cannot be ended by a signal of the user's: the command's process before its execve(2),
// which a file system of the container can hold even when it is killed.
static void give_up(struct supervisor *supervisor, int sig)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	pid_t ended = 0;

	kill(supervisor->command, SIGKILL);
	for (int ms = 0; ended == 0 && ms < KILLED_WAIT_MS; ms++) {
		ended = waitpid(supervisor->command, NULL, WNOHANG);
		if (ended == 0)
			nanosleep(&pause, NULL);
	}
	if (ended == 0)
		notice_warning(supervisor->entry->notice,
			"process %d ends only when a file system of the container lets it",
			supervisor->command);
	supervisor->setup_ended = true;
	supervisor->status = 128 + sig;
}

static void pass_on(struct supervisor *supervisor, const struct signalfd_siginfo *info)
{
	int sig = (int)info->ssi_signo;

	if (!supervisor->command) {
		if (is_ending(sig) && end_setup(supervisor))
			supervisor->status = 128 + sig;
		else if (sig != SIGCONT)
			sigaddset(&supervisor->early, sig);
		return;
	}
	if (supervisor->launch.report_fd >= 0 && is_ending(sig) && supervisor->ending_signals++ > 0)
		give_up(supervisor, sig);
	else if (sig == SIGCONT)
		continue_command(supervisor);
	else if (supervisor->terminal.sharing == TERMINAL_PIPELINE && info->ssi_code == SI_KERNEL)
		return; // the terminal's, which the command got itself
	else
		send(supervisor, sig);
}

static void read_signals(struct supervisor *supervisor)
{
	struct signalfd_siginfo info;

	while (supervisor->status == NOT_ENDED &&
		read(supervisor->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		read_reports(supervisor);
		if (info.ssi_signo != SIGCHLD)
			pass_on(supervisor, &info);
	}
}

static void pass_on_early(struct supervisor *supervisor)
{
	if (!supervisor->command || sigisemptyset(&supervisor->early))
		return;
	for (int sig = 1; sig <= SIGRTMAX; sig++)
		if (sigismember(&supervisor->early, sig) == 1)
			send(supervisor, sig);
	sigemptyset(&supervisor->early);
}

static void say_target_gone(struct supervisor *supervisor, const char *and)
{
	supervisor->target_gone = true;
	notice_warning(supervisor->entry->notice, "the target, process %d, has exited%s",
		supervisor->entry->target->pid, and);
}

// Waits for something to happen.
static void wait_for_events(struct supervisor *supervisor)
{
	const struct target *target = supervisor->entry->target;
	bool watches_target = target && supervisor->command && !supervisor->target_gone;
	struct pollfd fds[] = {
		{.fd = supervisor->signal_fd, .events = POLLIN},
		{.fd = supervisor->launch.report_fd, .events = POLLIN},
		{.fd = watches_target ? target->pidfd : -1, .events = POLLIN},
	};

	if (poll(fds, sizeof(fds) / sizeof(fds[0]), -1) > 0 && fds[2].revents & POLLIN)
		say_target_gone(supervisor, " while the command runs");
}

// True when TARGET has ended, or is about to: a container's init takes its processes with it, and
// stays as long as one of them, such as the command, is not reaped.
static bool is_ending_target(const struct target *target)
{
	struct pollfd fd = {.fd = target->pidfd, .events = POLLIN};
	char stat[1024];
	ssize_t len = fd_read_small_at(target->proc_fd, "stat", stat, sizeof(stat));

	return len < 0 || proc_stat_is_exiting(stat, (size_t)len) ||
	       poll(&fd, 1, TARGET_WAIT_MS) == 1;
}

// Says so when the end of the container is what ended the command.
static void explain_kill(struct supervisor *supervisor)
{
	const struct target *target = supervisor->entry->target;

	if (supervisor->status == 128 + SIGKILL && !supervisor->target_gone && target &&
		supervisor->entry->nsset.join & 1u << NSTYPE_PID && is_ending_target(target))
		say_target_gone(supervisor, ", and the command was killed");
}

static bool is_over(const struct supervisor *supervisor)
{
	return supervisor->status != NOT_ENDED ||
	       (supervisor->err->kind != ERROR_NONE && !supervisor->command);
}

// Ends by SIG ourselves, as by a key of the terminal, which WHOLE_GROUP would have got from it had
// the command not had a group of its own: a script ends only when it gets the signal and sees that
// its command died of it.
static void die_likewise(int sig, bool whole_group)
{
	struct sigaction plain = {.sa_handler = SIG_DFL};
	sigset_t only;

	prctl(PR_SET_DUMPABLE, 0); // no core file of ours
	sigaction(sig, &plain, NULL);
	sigemptyset(&only);
	sigaddset(&only, sig);
	kill(whole_group ? 0 : getpid(), sig);
	sigprocmask(SIG_UNBLOCK, &only, NULL);
}

// The end: the terminal is ours again, nothing is left, the status is known.
static int finish(struct supervisor *supervisor)
{
	bool had_terminal = terminal_take_back(&supervisor->terminal, supervisor->command);

	// It has reported, so it is about to exit.
	if (supervisor->joiner && !supervisor->setup_ended)
		waitpid(supervisor->joiner, NULL, 0);
	read_reports(supervisor);
	close_fd(&supervisor->launch.report_fd);
	if (supervisor->err->kind != ERROR_NONE) {
		if (supervisor->command && supervisor->status == NOT_ENDED)
			waitpid(supervisor->command, NULL, 0); // it has failed and exits
		return -supervisor->err->errnum;
	}
	if (had_terminal && supervisor->signal) {
		terminal_restore_modes(&supervisor->terminal);
		if (supervisor->signal == SIGINT || supervisor->signal == SIGQUIT)
			die_likewise(supervisor->signal, is_of_key(supervisor, supervisor->signal));
	}
	explain_kill(supervisor);
	return supervisor->status;
}

int supervise(const struct entry *entry, struct error *err)
{
	struct launch_signals signals;
	auto_fd int signal_fd = prepare_signals(&signals);
	struct supervisor supervisor = {
		.entry = entry,
		.signal_fd = signal_fd,
		.status = NOT_ENDED,
		.err = err,
	};
	if (signal_fd < 0)
		return fail_sys(err, errno, "signalfd", "the supervisor");

	sigemptyset(&supervisor.early);
	sigemptyset(&supervisor.sent);
	terminal_init(&supervisor.terminal);
	int r = launch_start(entry, &supervisor.terminal, &signals, &supervisor.launch, err);
	if (r < 0)
		return r;
	supervisor.joiner = supervisor.launch.joiner;
	while (!is_over(&supervisor)) {
		wait_for_events(&supervisor);
		read_reports(&supervisor);
		read_signals(&supervisor);
		pass_on_early(&supervisor);
		reap(&supervisor);
	}
	return finish(&supervisor);
}
