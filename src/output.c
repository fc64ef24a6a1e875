// SPDX-License-Identifier: GPL-2.0-or-later
// Standard output.
#include "output.h"

#include "error.h"
#include "report_error.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { OUTPUT_BUFFER = 1 << 16 };

int color_find(const char *word)
{
	static const char *const words[] = {
		[COLOR_AUTO] = "auto", [COLOR_ALWAYS] = "always", [COLOR_NEVER] = "never"};

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(word, words[i]) == 0)
			return (int)i;
	return -EINVAL;
}

bool output_is_colored(enum color color)
{
	const char *no_color = getenv("NO_COLOR");

	if (color == COLOR_AUTO)
		return isatty(STDOUT_FILENO) && !(no_color && no_color[0]);
	return color == COLOR_ALWAYS;
}

size_t output_width(void)
{
	struct winsize size;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

void output_begin(void)
{
	static char buffer[OUTPUT_BUFFER]; // without one musl has 1 KiB, whatever it is asked for

	if (!isatty(STDOUT_FILENO))
		setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL); // ignored, it would take our children's statuses away
}

// True when whoever has read standard output has stopped to.
static bool is_unread(void)
{
	struct pollfd fd = {.fd = STDOUT_FILENO, .events = POLLOUT};

	return poll(&fd, 1, 0) > 0 && (fd.revents & POLLERR);
}

int output_end(int status, int failed)
{
	struct error err = {0};

	errno = EIO; // what came before the last writing is not known any more
	if ((fflush(stdout) == 0 && !ferror(stdout)) || is_unread())
		return status;
	fail_sys(&err, errno, "write", "standard output");
	report_error(&err);
	return failed;
}

void output_leave(int status, int failed)
{
	exit(output_end(status, failed));
}
