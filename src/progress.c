// SPDX-License-Identifier: GPL-2.0-or-later
// One line on stderr.
#include "progress.h"

#include "fd.h"
#include "text.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <unistd.h>

enum { LINE_SIZE = 200, WIDTH_DEFAULT = 80 };

static const char erase[] = "\r\033[K", name[] = "nspeek: ";

// Two lines, so that one can be written while the handler may read the other.
static char lines[2][LINE_SIZE];
static _Atomic(const char *) current; // NULL: nothing is being done
static volatile sig_atomic_t late, drawn;
static bool wanted_at_all;

static void draw(void)
{
	const char *line = atomic_load(&current);

	if (!line)
		return;
	fd_write_all(STDERR_FILENO, line, strlen(line));
	drawn = 1;
}

static void on_second(int sig)
{
	int saved = errno;

	(void)sig;
	late = 1;
	draw();
	errno = saved;
}

static void set_timer(time_t seconds)
{
	const struct itimerval timer = {.it_value.tv_sec = seconds};

	setitimer(ITIMER_REAL, &timer, NULL);
}

void progress_begin(bool wanted)
{
	struct sigaction action = {.sa_handler = on_second, .sa_flags = SA_RESTART};

	wanted_at_all = wanted && isatty(STDERR_FILENO) && sigaction(SIGALRM, &action, NULL) == 0;
}

bool progress_is_wanted(void)
{
	return wanted_at_all;
}

// The columns of the terminal, less one: a full line would go on to the next.
static size_t columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col < 2)
		return WIDTH_DEFAULT - 1;
	return size.ws_col - 1u;
}

// The bytes of a note that fit behind our name.
static int note_len(void)
{
	size_t all = columns();

	return all > sizeof(name) ? (int)(all - (sizeof(name) - 1)) : 0;
}

void progress_note(const char *format, ...)
{
	char note[LINE_SIZE], escaped[LINE_SIZE];
	char *line = atomic_load(&current) == lines[0] ? lines[1] : lines[0];
	va_list args;

	if (!wanted_at_all)
		return;
	if (!atomic_load(&current)) {
		late = 0;
		set_timer(1);
	}
	va_start(args, format);
	vsnprintf(note, sizeof(note), format, args);
	va_end(args);
	text_escape(note, escaped, sizeof(escaped));
	snprintf(line, LINE_SIZE, "%s%s%.*s", erase, name, note_len(), escaped);
	atomic_store(&current, line);
	if (late)
		draw();
}

void progress_clear(void)
{
	if (!wanted_at_all || !atomic_load(&current))
		return;
	set_timer(0);
	atomic_store(&current, NULL);
	if (drawn)
		fd_write_all(STDERR_FILENO, erase, sizeof(erase) - 1);
	drawn = 0;
}

void progress_end(void)
{
	progress_clear();
	wanted_at_all = false;
}
