// SPDX-License-Identifier: GPL-2.0-or-later
// How long a worker needs to give up its privileges: bench_sandbox [RUNS].
#include "sandbox.h"
#include "cleanup.h"
#include "clock.h"
#include "number.h"

#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

// Enters a sandbox in a new process, into *RET microseconds. Returns what sandbox_enter() does.
static int enter(uint64_t *ret)
{
	pid_t parent = getpid(), pid = fork();
	int status = 0;

	if (pid == 0) {
		const struct sandbox sandbox = {.parent = parent, .cpu_s = 5};
		struct error err = {0};
		uint64_t from = clock_now_us();
		int r = sandbox_enter(&sandbox, &err);
		*ret = clock_now_us() - from;
		_exit(r < 0 ? 100 : r);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status)
									       : 100;
}

int main(int argc, char **argv)
{
	uint64_t runs = 500;
	int kind = 0;

	if (argc > 1 && number_parse_u64(argv[1], &runs) < 0)
		return 64;
	uint64_t *us = mmap(NULL, runs * sizeof(*us), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (us == MAP_FAILED || runs == 0)
		return 1;
	for (size_t i = 0; i < runs; i++)
		if ((kind = enter(&us[i])) >= SANDBOX_KINDS)
			return 1;
	qsort(us, runs, sizeof(*us), compare);
	printf("kind %d: median %llu us, nine tenths within %llu us\n", kind,
		(unsigned long long)us[runs / 2], (unsigned long long)us[runs * 9 / 10]);
	return 0;
}
