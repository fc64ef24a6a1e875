// SPDX-License-Identifier: GPL-2.0-or-later
// What the supervisor makes of records that come from inside.
#include "launch.h"
#include "stub/protocol.h"
#include "unit.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static struct launch launch = {.joiner = 1, .name = "app", .control_fd = -1};
static int inside = -1;

static void open_pair(void)
{
	int ends[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	launch.control_fd = ends[0];
	inside = ends[1];
}

static void close_pair(void)
{
	close(launch.control_fd);
	close(inside);
}

TestSuite(launch, .init = open_pair, .fini = close_pair);

static enum launch_event receive(const void *bytes, size_t len, int *value, struct error *err)
{
	*err = (struct error){0};
	*value = 0;
	cr_assert_eq(send(inside, bytes, len, 0), (ssize_t)len);
	return launch_receive(&launch, value, err);
}

static enum launch_event receive_head(uint32_t kind, int32_t number, int *value, struct error *err)
{
	struct record record = {.kind = kind, .value = number};

	return receive(&record, sizeof(record), value, err);
}

Test(launch, an_end_is_told_from_nothing)
{
	struct error err = {0};
	int value;

	cr_assert_eq(launch_receive(&launch, &value, &err), LAUNCH_NOTHING);
	shutdown(inside, SHUT_RDWR);
	cr_assert_eq(launch_receive(&launch, &value, &err), LAUNCH_GONE);
}

Test(launch, an_error_of_the_joiner_comes_through)
{
	struct {
		struct record head;
		struct error error;
	} packet = {.head.kind = RECORD_ERROR};
	struct error err;
	int value;

	fail(&packet.error, ERROR_NOT_FOUND, ENOENT, "no such thing");
	cr_assert_eq(receive(&packet, sizeof(packet), &value, &err), LAUNCH_ERROR);
	cr_assert_eq(err.kind, ERROR_NOT_FOUND);
	cr_assert_str_eq(err.message, "no such thing");
	// Cut short, or with a string that does not end.
	cr_assert_eq(receive(&packet, sizeof(packet) - 1, &value, &err), LAUNCH_ERROR);
	cr_assert_eq(err.errnum, EPROTO);
	memset(packet.error.message, 'x', sizeof(packet.error.message));
	cr_assert_eq(receive(&packet, sizeof(packet), &value, &err), LAUNCH_ERROR);
	cr_assert_eq(err.errnum, EPROTO);
}

Test(launch, a_stub_is_only_believed_when_it_is_our_child)
{
	struct error err;
	int value;
	pid_t child = fork();

	if (child == 0) {
		pause();
		_exit(0);
	}
	cr_assert_eq(receive_head(RECORD_LAUNCHED, child, &value, &err), LAUNCH_STUB);
	cr_assert_eq(value, child);
	cr_assert_eq(receive_head(RECORD_LAUNCHED, 1, &value, &err), LAUNCH_ERROR);
	cr_assert_eq(err.errnum, EPROTO);
	cr_assert_eq(receive_head(RECORD_LAUNCHED, getpid(), &value, &err), LAUNCH_ERROR);
	cr_assert_eq(receive_head(RECORD_LAUNCHED, 0, &value, &err), LAUNCH_ERROR);
	cr_assert_eq(receive_head(RECORD_LAUNCHED, -1, &value, &err), LAUNCH_ERROR);
	launch.joiner = child;
	cr_assert_eq(receive_head(RECORD_LAUNCHED, child, &value, &err), LAUNCH_ERROR);
	launch.joiner = 1;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

Test(launch, what_became_of_the_command)
{
	struct error err;
	int value;

	cr_assert_eq(receive_head(RECORD_STARTED, 7, &value, &err), LAUNCH_STARTED);
	cr_assert_eq(receive_head(RECORD_STOPPED, SIGTSTP, &value, &err), LAUNCH_STOPPED);
	cr_assert_eq(value, SIGTSTP);
	cr_assert_eq(receive_head(RECORD_EXITED, 3 << 8, &value, &err), LAUNCH_EXITED);
	cr_assert_eq(WEXITSTATUS(value), 3);
	cr_assert_eq(receive_head(RECORD_EXEC_FAILED, ENOENT, &value, &err), LAUNCH_ERROR);
	cr_assert_str_eq(err.message, "app cannot be executed: what it needs to start is missing");
	cr_assert_eq(receive_head(RECORD_EXEC_FAILED, EACCES, &value, &err), LAUNCH_ERROR);
	cr_assert_eq(err.kind, ERROR_NOT_EXECUTABLE);
	cr_assert_eq(receive_head(RECORD_FORK_FAILED, EAGAIN, &value, &err), LAUNCH_ERROR);
	cr_assert_eq(err.errnum, EAGAIN);
}

Test(launch, damaged_records_are_refused)
{
	struct record long_record[2] = {{.kind = RECORD_EXITED}};
	struct error err;
	int value;

	cr_assert_eq(receive("abc", 3, &value, &err), LAUNCH_ERROR);
	cr_assert_eq(err.errnum, EPROTO);
	cr_assert_eq(receive(long_record, sizeof(long_record), &value, &err), LAUNCH_ERROR);
	cr_assert_eq(err.errnum, EPROTO);
	const uint32_t kinds[] = {
		0, RECORD_SIGNAL, RECORD_SIGNAL_GROUP, RECORD_END, 99, UINT32_MAX};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		cr_assert_eq(receive_head(kinds[i], 0, &value, &err), LAUNCH_ERROR);
		cr_assert_eq(err.errnum, EPROTO);
	}
	// A right that is announced and does not come; a signal that is none; an errno that is
	// none.
	cr_assert_eq(receive_head(RECORD_TERMINAL, 0, &value, &err), LAUNCH_ERROR);
	cr_assert_eq(receive_head(RECORD_STOPPED, 0, &value, &err), LAUNCH_ERROR);
	cr_assert_eq(receive_head(RECORD_STOPPED, 4000, &value, &err), LAUNCH_ERROR);
	cr_assert_eq(receive_head(RECORD_EXEC_FAILED, -5, &value, &err), LAUNCH_ERROR);
	cr_assert_eq(err.errnum, EPROTO);
}
