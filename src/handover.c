// SPDX-License-Identifier: GPL-2.0-or-later
// `nspeek stack` in the shipped program: executing the program that takes stacks.
//
// Theory of operation. The libraries that read ELF and DWARF are glibc's, and a program that is
// linked with that needs longer to start than all of entering takes. So the shipped file is a
// program without it, and carries the one that takes stacks, made of the same sources, in itself.
// See src/CMakeLists.txt. Where no such program can be built, nspeek is one program, without this
// file. The words are looked at here first, so that help and wrong words need no other program.
#include "caps.h"
#include "cmd_stack.h"
#include "cmd_stack_options.h"
#include "report_error.h"
#include "sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// The program, made by nspeek_embed().
extern const unsigned char nspeek_stack_start[], nspeek_stack_end[];

enum { EXIT_NONE = 2, EXIT_USAGE = 64 };

// When we have what our caller has not, by capabilities or the set-user-id bit of our file, the
// other program has none of that bit, and does not know that its environment is the caller's. So
// it gets our capabilities, and of the environment what it needs.
static char **settle_privilege(void)
{
	static char *few[2];
	struct caps caps;

	if (!getauxval(AT_SECURE))
		return environ;
	for (char **var = environ; *var; var++)
		if (strncmp(*var, "NO_COLOR=", sizeof("NO_COLOR=") - 1) == 0)
			few[0] = *var;
	if (geteuid() == 0 || caps_get(&caps) < 0)
		return few;
	caps.inheritable = caps.permitted;
	if (caps_set(&caps) == 0)
		for (unsigned long cap = 0; cap < 64; cap++)
			if (caps.permitted >> cap & 1)
				prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0);
	return few;
}

// Executes the program. Returns only on failure.
static int execute(char **argv, struct error *err)
{
	static const char subject[] = "the program that takes stacks";
	int fd = sealed_open("nspeek", nspeek_stack_start,
		(size_t)(nspeek_stack_end - nspeek_stack_start), subject, err);
	if (fd < 0)
		return fd;

	char **env = settle_privilege();
	char path[32];
	syscall(SYS_execveat, fd, "", argv, env, AT_EMPTY_PATH);
	int errnum = errno;
	// A filter that does not know the call: taking stacks needs /proc in any case.
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	execve(path, argv, env);
	return fail_sys(err, errnum, "execveat", "%s", subject);
}

int cmd_stack(int argc, char **argv)
{
	auto_stack_options struct stack_options options = {0};
	struct error err = {0};
	int r = stack_options_parse(argc, argv, &options, &err);

	if (r == OPTIONS_HELP)
		return options_help(&cmd_stack_options, "nspeek stack");
	if (r == 0)
		execute(argv, &err);
	report_error(&err);
	return r < 0 ? EXIT_USAGE : EXIT_NONE;
}
