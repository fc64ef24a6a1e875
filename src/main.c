// SPDX-License-Identifier: GPL-2.0-or-later
// nspeek: see a process the way its container sees it.
#include "commands.h"
#include "error.h"
#include "fd.h"
#include "report_error.h"
#include "sys.h"

enum {
	EXIT_FAILED = 125,
	STACK = 24 << 10, // bytes that every command needs
};

// Before anything else: standard fds are open, and nothing that we inherited goes any further.
static int settle_fds(struct error *err)
{
	int r = fd_fill_standard();

	if (r < 0)
		return fail_sys(err, -r, "open", "/dev/null for a closed standard fd");
	r = fd_cloexec_all();
	return r < 0 ? fail_sys(err, -r, "close-on-exec", "inherited fds") : 0;
}

int main(int argc, char **argv)
{
	struct error err = {0};

	sys_populate_stack(STACK);
	if (settle_fds(&err) < 0) {
		report_error(&err);
		return EXIT_FAILED;
	}
	return commands_run(argc, argv);
}
