// SPDX-License-Identifier: GPL-2.0-or-later
// `nspeek stack` in the shipped program: executing the program that takes stacks.
//
// Theory of operation. The libraries that read ELF and DWARF are glibc's, and a program that is
// linked with that needs longer to start than all of entering takes. So the shipped file is a
// program without it, and carries the one that takes stacks, made of the same sources, in itself.
// See src/CMakeLists.txt. Where no such program can be built, nspeek is one program, without this
// file.
#include "cmd_stack.h"
#include "report_error.h"
#include "sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

// The program, made by nspeek_embed_file().
extern const unsigned char nspeek_stack_start[], nspeek_stack_end[];

enum { EXIT_NONE = 2 };

int cmd_stack(int argc, char **argv)
{
	struct error err = {0};
	int fd = sealed_open("nspeek", nspeek_stack_start,
		(size_t)(nspeek_stack_end - nspeek_stack_start), &err);

	(void)argc;
	if (fd >= 0) {
		syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
		fail_sys(&err, errno, "execveat", "the program that takes stacks");
	}
	report_error(&err);
	return EXIT_NONE;
}
