// SPDX-License-Identifier: GPL-2.0-or-later
// Waiting for the command, passing signals on.
#include "supervise.h"

#include "cleanup.h"
#include "clock.h"
#include "fd.h"
#include "job.h"
#include "launch.h"
#include "pidfile.h"
#include "relay.h"
#include "sigbits.h"

#include <poll.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

enum {
	SETUP_WAIT_US = 100000, // for a joiner that a signal of the user's is to end
	KILLED_WAIT_US =
		500000,        // for a killed joiner or stub, which a hostile file system can hold
	DEAF_US = 200000,      // after which a stub that takes in nothing is held
	END_WAIT_US = 3000000, // for the stub, once it ends all
	TARGET_WAIT_MS = 20,   // for a target whose end is why the command was killed
	NOT_ENDED = -1,
};

// What happens when the deadline is reached.
enum phase {
	PHASE_RUNNING, // the command gets SIGTERM
	PHASE_ENDING,  // it has, or the terminal is gone: all is killed
	PHASE_KILLED,  // all was killed: we do not wait any more
};

struct supervisor {
	struct entry *entry;
	const struct session_request *request;
	struct terminal terminal;
	struct relays relays;
	struct launch launch;
	int signal_fd;
	pid_t joiner;         // 0 once it is reaped
	pid_t stub;           // 0 until it is known
	bool stub_ended;      // it is reaped
	int status;           // wait(2)'s, of the command, or NOT_ENDED
	int signalled_status; // what we exit with when the session was ended before there was one
	uint64_t ending_us; // when the oldest of those that the stub may not have taken in was sent
			    // that would end us; 0: there is none
	uint64_t early;     // signals that wait for the command to exist
	uint64_t sent;      // those that the command got from us, not from a key
	bool ending_key;    // the kernel sent us SIGINT or SIGQUIT for a key
	bool stop_key;      // or SIGTSTP, which the command has not stopped by yet
	enum phase phase;
	uint64_t deadline_us; // 0: none
	bool target_gone, left_behind;
	bool waits_for_go, wrote_pid;
	struct error *err;
};

static int prepare_signals(struct launch_signals *ret)
{
	struct sigaction child = {.sa_handler = SIG_DFL};

	ret->mask = sigbits_block(SIGBITS_ALL);
	// Were SIGCHLD ignored, children would be reaped by the kernel with their status.
	sigaction(SIGCHLD, &child, &ret->child);
	return sigbits_open(SIGBITS_ALL);
}

static void set_deadline(struct supervisor *supervisor, enum phase phase, uint64_t after_us)
{
	supervisor->phase = phase;
	supervisor->deadline_us = clock_now_us() + after_us;
}

// True for a signal whose default is to end the process, and which our caller did not ignore.
static bool is_ending(int sig)
{
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
	return !sigbits_is_ignored(sig);
}

static void pass_signal(struct supervisor *supervisor, int sig, bool whole_group)
{
	if (!launch_is_deaf(&supervisor->launch) || !supervisor->ending_us)
		supervisor->ending_us = is_ending(sig) ? clock_now_us() : 0;
	launch_send_signal(&supervisor->launch, sig, whole_group);
}

static void send_signal(struct supervisor *supervisor, int sig, bool whole_group)
{
	supervisor->sent |= SIGBIT(sig);
	pass_signal(supervisor, sig, whole_group);
}

// Says a warning on a terminal that may be in raw mode.
#define say_warning(supervisor, ...)                                      \
	(terminal_stop(&(supervisor)->terminal),                          \
		notice_warning((supervisor)->entry->notice, __VA_ARGS__), \
		terminal_start(&(supervisor)->terminal))

// True when SIG, which the command has stopped or ended by, has come by a key of its terminal.
static bool is_of_key(struct supervisor *supervisor, int sig)
{
	return supervisor->terminal.is_new && relays_take_key(&supervisor->relays, sig) &&
	       !(supervisor->sent & SIGBIT(sig));
}

static void continue_command(struct supervisor *supervisor)
{
	terminal_continue(&supervisor->terminal);
	pass_signal(supervisor, SIGCONT, true);
	supervisor->sent &= ~SIGBIT(SIGTSTP);
}

static void mirror_stop(struct supervisor *supervisor, int sig)
{
	bool new_key = sig == SIGTSTP && is_of_key(supervisor, sig);
	bool our_key = sig == SIGTSTP && supervisor->stop_key;

	supervisor->stop_key = false;
	terminal_stop(&supervisor->terminal);
	if (job_stop(sig, new_key))
		return; // SIGCONT is pending, and continues the command
	// A key of a terminal on which nobody does job control is as good as ignored. Any other
	// stop is meant, and whoever waits for us should see it.
	if (new_key || our_key)
		continue_command(supervisor);
	else
		job_stop(SIGSTOP, false);
}

static void start_session(struct supervisor *supervisor, pid_t stub)
{
	supervisor->stub = stub;
	if (relays_init(&supervisor->terminal, &supervisor->relays) < 0) {
		fail_sys(supervisor->err, ENOMEM, "relaying", "the standard files");
		launch_send_end(&supervisor->launch);
		return;
	}
	terminal_start(&supervisor->terminal);
	for (int sig = 1; sig <= SIGBITS_LAST; sig++)
		if (supervisor->early & SIGBIT(sig))
			send_signal(supervisor, sig, false);
	supervisor->early = 0;
}

static void write_pid_file(struct supervisor *supervisor)
{
	struct error err = {0};

	if (!supervisor->request->pid_file || supervisor->wrote_pid)
		return;
	supervisor->wrote_pid = true;
	if (pidfile_write(supervisor->request->pid_file, supervisor->stub, &err) < 0)
		say_warning(supervisor, "%s", err.message);
}

// Has the command executed, once it waits for that and the stub is known: which comes first is
// open.
static void let_go(struct supervisor *supervisor)
{
	if (!supervisor->stub || !supervisor->waits_for_go)
		return;
	supervisor->waits_for_go = false;
	write_pid_file(supervisor);
	launch_send_go(&supervisor->launch);
}

// Takes in what the inside has to say.
static void read_records(struct supervisor *supervisor)
{
	while (supervisor->launch.control_fd >= 0) {
		int value = 0;
		enum launch_event event =
			launch_receive(&supervisor->launch, &value, supervisor->err);
		switch (event) {
		case LAUNCH_NOTHING:
		case LAUNCH_ERROR:
			return;
		case LAUNCH_GONE:
			close_fd(&supervisor->launch.control_fd);
			return;
		case LAUNCH_TERMINAL:
			if (!supervisor->terminal.is_new || supervisor->stub)
				close(value);
			else
				terminal_adopt(&supervisor->terminal, value);
			break;
		case LAUNCH_STUB:
			if (!supervisor->stub)
				start_session(supervisor, value);
			let_go(supervisor);
			entry_release(supervisor->entry); // while we wait, not in the end
			break;
		case LAUNCH_STARTED:
			supervisor->waits_for_go = true;
			let_go(supervisor);
			break;
		case LAUNCH_STOPPED:
			if (supervisor->status == NOT_ENDED)
				mirror_stop(supervisor, value);
			break;
		case LAUNCH_EXITED:
			if (supervisor->status != NOT_ENDED)
				break;
			supervisor->status = value;
			set_deadline(supervisor, PHASE_KILLED, END_WAIT_US);
			break;
		}
	}
}

static void reap(struct supervisor *supervisor)
{
	int status;

	if (supervisor->joiner && waitpid(supervisor->joiner, &status, WNOHANG) > 0) {
		supervisor->joiner = 0;
		read_records(supervisor);
		if (!supervisor->stub && supervisor->err->kind == ERROR_NONE &&
			!supervisor->signalled_status)
			fail(supervisor->err, ERROR_SYSTEM, ECHILD,
				"the joining process ended unexpectedly (%s %d)",
				WIFSIGNALED(status) ? "signal" : "status",
				WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	}
	if (supervisor->stub && !supervisor->stub_ended &&
		waitpid(supervisor->stub, &status, WNOHANG | WUNTRACED) > 0) {
		if (WIFSTOPPED(status)) { // from inside: it is never meant to stop
			kill(supervisor->stub, SIGCONT);
			return;
		}
		supervisor->stub_ended = true;
		read_records(supervisor);
		supervisor->left_behind = WIFSIGNALED(status);
		if (supervisor->status == NOT_ENDED)
			supervisor->status = status;
	}
}

// Waits for child PID to end, but not for longer than WAIT_US. Returns whether it is reaped.
static bool wait_for_end(pid_t pid, uint64_t wait_us)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	uint64_t deadline_us = clock_now_us() + wait_us;

	while (waitpid(pid, NULL, WNOHANG) == 0) {
		if (clock_now_us() >= deadline_us)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

// Ends the joiner, if it is there, for SIG. Mostly it is about to end by itself: then the command,
// which may run already without our knowing, gets the signal. Killed is one that something holds.
static void end_setup(struct supervisor *supervisor, int sig)
{
	if (!supervisor->joiner)
		return;
	if (!wait_for_end(supervisor->joiner, SETUP_WAIT_US)) {
		kill(supervisor->joiner, SIGKILL);
		wait_for_end(supervisor->joiner, KILLED_WAIT_US);
	}
	supervisor->joiner = 0;
	read_records(supervisor);
	if (!supervisor->stub)
		supervisor->signalled_status = 128 + sig;
}

// Ends what cannot be ended by a signal of the user's: the command's process before its execve(2),
// which a file system of the container can hold even when it is killed. It dies with the stub.
static void give_up(struct supervisor *supervisor, int sig)
{
	kill(supervisor->stub, SIGKILL);
	supervisor->stub_ended = wait_for_end(supervisor->stub, KILLED_WAIT_US);
	if (!supervisor->stub_ended)
		say_warning(supervisor,
			"process %d ends only when a file system of the container lets it",
			supervisor->stub);
	supervisor->stub_ended = true;
	supervisor->signalled_status = 128 + sig;
}

// True when the stub has not taken in a signal that was to end the command, for long enough.
static bool is_deaf(const struct supervisor *supervisor)
{
	return supervisor->ending_us && launch_is_deaf(&supervisor->launch) &&
	       clock_now_us() - supervisor->ending_us >= DEAF_US;
}

static void pass_on(struct supervisor *supervisor, const struct signalfd_siginfo *info)
{
	int sig = (int)info->ssi_signo;
	bool by_kernel = info->ssi_code == SI_KERNEL;

	supervisor->ending_key |= by_kernel && (sig == SIGINT || sig == SIGQUIT);
	if (!supervisor->stub && is_ending(sig))
		end_setup(supervisor, sig);
	if (supervisor->signalled_status)
		return;
	if (sig == SIGWINCH && supervisor->terminal.is_new) {
		terminal_resize(&supervisor->terminal);
	} else if (!supervisor->stub) {
		if (sig != SIGCONT)
			supervisor->early |= SIGBIT(sig);
	} else if (sig == SIGCONT) {
		continue_command(supervisor);
	} else if (is_ending(sig) && is_deaf(supervisor)) {
		give_up(supervisor, sig);
	} else {
		supervisor->stop_key |= by_kernel && sig == SIGTSTP;
		send_signal(supervisor, sig, by_kernel);
		if (sig == SIGHUP && by_kernel && is_ending(sig))
			set_deadline(supervisor, PHASE_ENDING, supervisor->request->kill_after_us);
	}
}

static bool is_over(const struct supervisor *supervisor)
{
	if (supervisor->signalled_status)
		return true;
	if (supervisor->stub)
		return supervisor->stub_ended;
	return !supervisor->joiner;
}

static void read_signals(struct supervisor *supervisor)
{
	struct signalfd_siginfo info;

	while (!is_over(supervisor) &&
		read(supervisor->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		if (info.ssi_signo == SIGCHLD)
			reap(supervisor);
		else
			pass_on(supervisor, &info);
}

static void say_target_gone(struct supervisor *supervisor, const char *and)
{
	supervisor->target_gone = true;
	say_warning(supervisor, "the target, process %d, has exited%s",
		supervisor->entry->target->pid, and);
}

static void reach_deadline(struct supervisor *supervisor)
{
	supervisor->deadline_us = 0;
	switch (supervisor->phase) {
	case PHASE_RUNNING:
		say_warning(supervisor, "the time is up, after %g s",
			(double)supervisor->request->timeout_us / 1e6);
		if (!supervisor->stub)
			end_setup(supervisor, SIGTERM);
		if (!supervisor->stub)
			break;
		send_signal(supervisor, SIGTERM, true);
		launch_send_signal(&supervisor->launch, SIGCONT, true);
		set_deadline(supervisor, PHASE_ENDING, supervisor->request->kill_after_us);
		break;
	case PHASE_ENDING:
		launch_send_end(&supervisor->launch);
		set_deadline(supervisor, PHASE_KILLED, END_WAIT_US);
		break;
	case PHASE_KILLED:
		say_warning(supervisor,
			"process %d is left: it ends when what holds the command lets it",
			supervisor->stub);
		supervisor->stub_ended = true;
		if (supervisor->status == NOT_ENDED)
			supervisor->status = SIGKILL;
		break;
	}
}

// The milliseconds until the deadline or UNTIL_MS, what is earlier; -1: neither.
static int time_left(const struct supervisor *supervisor, int until_ms)
{
	uint64_t now = clock_now_us();

	if (!supervisor->deadline_us)
		return until_ms;
	if (supervisor->deadline_us <= now)
		return 0;
	uint64_t ms = (supervisor->deadline_us - now + 999) / 1000;
	if (until_ms >= 0 && (uint64_t)until_ms < ms)
		return until_ms;
	return ms < 3600000 ? (int)ms : 3600000;
}

// Waits for something to happen, and handles what it is.
static void handle_events(struct supervisor *supervisor)
{
	enum { SIGNAL, CONTROL, TARGET, RELAYS, COUNT = RELAYS + RELAY_POLL_COUNT };
	const struct target *target = supervisor->entry->target;
	bool watches_target = target && supervisor->stub && !supervisor->target_gone;
	// What the joiner says can wait until it exits, which follows at once; and when the command
	// has ended, only the stub's own end is of interest.
	bool listens = !supervisor->joiner && supervisor->status == NOT_ENDED;
	struct pollfd fds[COUNT] = {
		[SIGNAL] = {.fd = supervisor->signal_fd, .events = POLLIN},
		[CONTROL] = {.fd = listens ? supervisor->launch.control_fd : -1, .events = POLLIN},
		[TARGET] = {.fd = watches_target ? target->pidfd : -1, .events = POLLIN},
	};
	int again_ms = relays_prepare(&supervisor->relays, &fds[RELAYS]);

	if (poll(fds, COUNT, time_left(supervisor, again_ms)) < 0)
		return;
	if (fds[TARGET].revents & POLLIN)
		say_target_gone(supervisor, " while the command runs");
	relays_run(&supervisor->relays, &fds[RELAYS]);
	if (fds[CONTROL].revents)
		read_records(supervisor);
	if (fds[SIGNAL].revents)
		read_signals(supervisor);
	if (supervisor->deadline_us && clock_now_us() >= supervisor->deadline_us)
		reach_deadline(supervisor);
	terminal_start(&supervisor->terminal); // the foreground may be ours now
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

// Says why the session was killed, if it was.
static void explain_kill(struct supervisor *supervisor)
{
	const struct target *target = supervisor->entry->target;
	bool killed = WIFSIGNALED(supervisor->status) && WTERMSIG(supervisor->status) == SIGKILL;

	if (!killed && !supervisor->left_behind)
		return;
	if (!supervisor->target_gone && target &&
		supervisor->entry->nsset.join & 1u << NSTYPE_PID && is_ending_target(target))
		say_target_gone(supervisor, ", and the command was killed");
	else if (supervisor->left_behind && !supervisor->target_gone)
		notice_warning(supervisor->entry->notice,
			"the command's parent was killed from inside: processes that the command "
			"started may be left");
}

static int exit_status(const struct supervisor *supervisor)
{
	int status = supervisor->status;

	if (supervisor->signalled_status)
		return supervisor->signalled_status;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

// The end: all output is out, the terminal is ours again, the status is known.
static int finish(struct supervisor *supervisor)
{
	struct signalfd_siginfo info;

	if (supervisor->joiner && !supervisor->signalled_status)
		waitpid(supervisor->joiner, NULL, 0); // it has reported, so it is about to exit
	while (relays_have_output(&supervisor->relays)) {
		relays_drain(&supervisor->relays, supervisor->signal_fd);
		if (read(supervisor->signal_fd, &info, sizeof(info)) > 0 &&
			is_ending((int)info.ssi_signo))
			break;
	}
	relays_fini(&supervisor->relays);
	terminal_fini(&supervisor->terminal);
	if (supervisor->err->kind != ERROR_NONE)
		return -supervisor->err->errnum;

	int sig = supervisor->signalled_status ? supervisor->signalled_status - 128 : 0;
	if (supervisor->status != NOT_ENDED && WIFSIGNALED(supervisor->status))
		sig = WTERMSIG(supervisor->status);
	bool by_key = is_of_key(supervisor, sig) && supervisor->terminal.has_modes;
	if ((sig == SIGINT || sig == SIGQUIT) && (by_key || supervisor->ending_key))
		job_die(sig, by_key);
	if (supervisor->status != NOT_ENDED)
		explain_kill(supervisor);
	return exit_status(supervisor);
}

static int run_directly(
	const struct entry *entry, const struct session_request *request, struct error *err)
{
	struct launch_signals signals = {.child.sa_handler = SIG_DFL};
	struct terminal terminal = TERMINAL_EMPTY;
	struct launch_request launch = {.entry = entry,
		.terminal = &terminal,
		.signals = &signals,
		.preserved_count = request->preserved_count};

	signals.mask = sigbits_blocked();
	sigaction(SIGCHLD, NULL, &signals.child);
	return launch_directly(&launch, err);
}

int supervise(struct entry *entry, const struct session_request *request, struct error *err)
{
	struct launch_signals signals;
	if (request->directly)
		return run_directly(entry, request, err);

	auto_fd int signal_fd = prepare_signals(&signals);
	struct supervisor supervisor = {
		.entry = entry,
		.request = request,
		.terminal = TERMINAL_EMPTY,
		.relays = RELAYS_EMPTY,
		.signal_fd = signal_fd,
		.status = NOT_ENDED,
		.err = err,
	};
	if (signal_fd < 0)
		return fail_sys(err, errno, "signalfd", "the supervisor");

	int r = terminal_open(request->terminal, &supervisor.terminal, err);
	struct launch_request launch = {.entry = entry,
		.terminal = &supervisor.terminal,
		.signals = &signals,
		.preserved_count = request->preserved_count,
		.say_started = request->pid_file != NULL};
	if (r == 0)
		r = launch_start(&launch, &supervisor.launch, err);
	if (r < 0) {
		terminal_fini(&supervisor.terminal);
		return r;
	}
	supervisor.joiner = supervisor.launch.joiner;
	if (request->timeout_us)
		set_deadline(&supervisor, PHASE_RUNNING, request->timeout_us);
	while (!is_over(&supervisor))
		handle_events(&supervisor);
	return finish(&supervisor);
}
