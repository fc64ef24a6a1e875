// SPDX-License-Identifier: GPL-2.0-or-later
// Copying.
#include "relay.h"

#include "cleanup.h"
#include "clock.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	ASK_AGAIN_MS = 200, // whether we have the foreground now
	END_OF_FILE_KEY = 4,
	TERMINAL_HOLDS = 65536, // more than what is written to one and not yet read
};

// Our standard fd I again, with its own file status flags if that can be.
static int open_again(int i)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", i);
	int flags = (i == STDIN_FILENO ? O_RDONLY : O_WRONLY) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	int fd = isatty(i) ? open(path, flags) : -1;
	return fd >= 0 ? fd : fcntl(i, F_DUPFD_CLOEXEC, 3);
}

static int duplicate(int fd)
{
	return fd < 0 ? -EBADF : fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

int relays_init(struct terminal *terminal, struct relays *ret)
{
	ret->terminal = terminal;
	sigemptyset(&ret->keys);
	for (int i = 0; i < RELAY_COUNT; i++) {
		struct relay *relay = &ret->each[i];
		int outside = terminal->is_new ? terminal->master_fd : terminal->outside[i];
		*relay = (struct relay){.from = -EBADF, .to = -EBADF};
		relay->is_input = i == STDIN_FILENO;
		relay->to_terminal = relay->is_input && terminal->is_new;
		// A new terminal has one output.
		if (!terminal->replaced[i] || (terminal->is_new && i == STDERR_FILENO))
			continue;
		relay->buffer = malloc(RELAY_SIZE);
		if (!relay->buffer) {
			relays_fini(ret);
			return -ENOMEM;
		}
		relay->from = relay->is_input ? open_again(i) : duplicate(outside);
		relay->to = relay->is_input ? duplicate(outside) : open_again(i);
	}
	for (int i = 0; i < STANDARD_COUNT; i++)
		close_fd(&terminal->outside[i]);
	return 0;
}

// Nothing comes any more. What is in the buffer is still written.
static void end_from(struct relay *relay)
{
	close_fd(&relay->from);
	relay->types_end = relay->to_terminal && !isatty(STDIN_FILENO);
	if (relay->len == 0 && !relay->types_end)
		close_fd(&relay->to);
}

// Types the key that ends a file, if it is time to. A program that changes the terminal's modes
// loses what was typed before, and each later reader should find the end too: so not only once.
static void type_end(struct relay *relay)
{
	uint64_t now = clock_now_us();

	if (!relay->types_end || relay->len > 0 || now - relay->typed_us < ASK_AGAIN_MS * 1000)
		return;
	relay->typed_us = now;
	relay->buffer[0] = END_OF_FILE_KEY;
	relay->start = 0;
	relay->len = 1;
}

// Nobody takes it any more, so nobody need write it.
static void end_to(struct relay *relay)
{
	close_fd(&relay->to);
	close_fd(&relay->from);
	relay->types_end = false;
	relay->len = 0;
}

static void take(struct relay *relay)
{
	ssize_t len = read(relay->from, relay->buffer, RELAY_SIZE);

	if (len > 0) {
		relay->start = 0;
		relay->len = (size_t)len;
	} else if (len == 0 || (errno != EAGAIN && errno != EINTR)) {
		end_from(relay); // EIO: the last of the new terminal's users has closed it
	}
}

static void give(struct relay *relay)
{
	size_t some = relay->len < RELAY_WRITE_MAX ? relay->len : RELAY_WRITE_MAX;
	ssize_t len = write(relay->to, relay->buffer + relay->start, some);

	if (len < 0 && errno != EAGAIN && errno != EINTR) {
		end_to(relay);
	} else if (len > 0) {
		relay->start += (size_t)len;
		relay->len -= (size_t)len;
	}
	if (relay->len == 0 && relay->from < 0 && !relay->types_end)
		close_fd(&relay->to);
}

// Notes the keys among what has come for the new terminal that it makes signals of.
static void note_keys(struct relays *relays)
{
	static const struct {
		int index, sig;
	} keys[] = {{VINTR, SIGINT}, {VQUIT, SIGQUIT}, {VSUSP, SIGTSTP}};
	const struct relay *in = &relays->each[STDIN_FILENO];
	struct termios modes;

	if (!in->to_terminal || in->len == 0 || tcgetattr(in->to, &modes) < 0 ||
		!(modes.c_lflag & ISIG))
		return;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (memchr(in->buffer + in->start, modes.c_cc[keys[i].index], in->len))
			sigaddset(&relays->keys, keys[i].sig);
}

bool relays_take_key(struct relays *relays, int sig)
{
	bool is_there = sigismember(&relays->keys, sig) == 1;

	sigdelset(&relays->keys, sig);
	return is_there;
}

int relays_prepare(const struct relays *relays, struct pollfd fds[static RELAY_POLL_COUNT])
{
	int timeout = -1;

	for (int i = 0; i < RELAY_COUNT; i++) {
		const struct relay *relay = &relays->each[i];
		bool wants = relay->from >= 0 && relay->len == 0;
		bool held = wants && relay->is_input && !terminal_may_read(relays->terminal);
		fds[2 * i] =
			(struct pollfd){.fd = wants && !held ? relay->from : -1, .events = POLLIN};
		// Of the side that is written to, an error is of interest too when nothing is there
		// to write; a terminal has none.
		fds[2 * i + 1] = (struct pollfd){
			.fd = relay->len > 0 || !relay->to_terminal ? relay->to : -1,
			.events = relay->len > 0 ? POLLOUT : 0};
		if (held || relay->types_end)
			timeout = ASK_AGAIN_MS;
	}
	return timeout;
}

// Nobody takes the output of the new terminal: it is gone, as ours is, and not only full for ever.
static void hang_up(struct relays *relays)
{
	if (!relays->terminal || !relays->terminal->is_new || relays->each[STDOUT_FILENO].to >= 0)
		return;
	end_to(&relays->each[STDIN_FILENO]);
	close_fd(&relays->terminal->master_fd);
}

void relays_run(struct relays *relays, const struct pollfd fds[static RELAY_POLL_COUNT])
{
	for (int i = 0; i < RELAY_COUNT; i++) {
		struct relay *relay = &relays->each[i];
		const struct pollfd *from = &fds[2 * i], *to = &fds[2 * i + 1];
		// The terminal may have left canonical mode while we waited.
		if (from->fd >= 0 && from->revents && relay->from >= 0 &&
			(!relay->is_input || terminal_may_read(relays->terminal))) {
			take(relay);
			if (relay->is_input)
				note_keys(relays);
		}
		type_end(relay);
		if (to->fd >= 0 && to->revents & (POLLERR | POLLHUP | POLLNVAL) && relay->len == 0)
			end_to(relay);
		else if (relay->len > 0 && relay->to >= 0 && (to->fd < 0 || to->revents))
			give(relay);
	}
	hang_up(relays);
}

bool relays_have_output(const struct relays *relays)
{
	for (int i = STDOUT_FILENO; i < RELAY_COUNT; i++)
		if (relays->each[i].to >= 0)
			return true;
	return false;
}

// The most that can be in FROM.
static size_t capacity(int from)
{
	int size = fcntl(from, F_GETPIPE_SZ);

	return size > 0 ? (size_t)size : TERMINAL_HOLDS;
}

// Copies what there is, and not what others inside, who may have opened it, go on writing. Returns
// false when a signal is there first.
static bool drain(struct relay *relay, int signal_fd)
{
	size_t left = capacity(relay->from);

	while (relay->to >= 0) {
		if (relay->len == 0 && relay->from >= 0 && left > 0) {
			take(relay);
			left -= relay->len < left ? relay->len : left;
		}
		if (relay->len == 0)
			end_from(relay);
		struct pollfd fds[] = {
			{.fd = relay->to, .events = POLLOUT},
			{.fd = signal_fd, .events = POLLIN},
		};
		if (relay->len == 0 || poll(fds, 2, -1) < 0)
			continue;
		if (fds[0].revents)
			give(relay);
		else if (fds[1].revents)
			return false;
	}
	return true;
}

void relays_drain(struct relays *relays, int signal_fd)
{
	end_to(&relays->each[STDIN_FILENO]);
	for (int i = STDOUT_FILENO; i < RELAY_COUNT; i++)
		if (!drain(&relays->each[i], signal_fd))
			return;
}

void relays_fini(struct relays *relays)
{
	for (int i = 0; i < RELAY_COUNT; i++) {
		end_to(&relays->each[i]);
		free(relays->each[i].buffer);
		relays->each[i].buffer = NULL;
	}
}
