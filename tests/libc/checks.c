// SPDX-License-Identifier: GPL-2.0-or-later
// malloc(3) and its kin, what libraries want of glibc, and tables that are read-only, in a program
// that is linked as the shipped one is.
#include "allowlist.h"
#include "fortified.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int failed;

static void check(bool is_right, const char *what)
{
	if (is_right)
		return;
	printf("wrong: %s\n", what);
	failed = 1;
}

// The signal by which a child ends that does WORK, or 0.
static int signal_of(void (*work)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		work();
		_exit(0);
	}
	return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void check_malloc(void)
{
	const volatile size_t half = SIZE_MAX / 2 + 1;
	void *block = malloc(24), *none = malloc(0);

	check(malloc_usable_size(block) == 24, "malloc is not the heap's");
	check(none != NULL, "malloc(0)");
	block = realloc(block, 100000);
	check(malloc_usable_size(block) >= 100000, "realloc");
	free(block);
	free(none);
	errno = 0;
	check(!calloc(half, 2) && errno == ENOMEM, "calloc of too much");
	check(!reallocarray(NULL, half, 2), "reallocarray of too much");
	errno = EXDEV;
	check(posix_memalign(&block, 3, 8) == EINVAL && posix_memalign(&block, 4, 8) == EINVAL &&
			posix_memalign(&block, 0, 8) == EINVAL,
		"posix_memalign of no alignment");
	check(posix_memalign(&block, 4096, half) == ENOMEM && errno == EXDEV,
		"posix_memalign of too much");
	check(posix_memalign(&block, 4096, 8) == 0 && (uintptr_t)block % 4096 == 0,
		"posix_memalign");
	free(block);
	check(!aligned_alloc(48, 48) && errno == EINVAL, "aligned_alloc of no alignment");
	block = memalign(64, 10);
	check(block && (uintptr_t)block % 64 == 0, "memalign");
	free(block);
}

static char room[8];
static const char seven[] = "1234567", eight[] = "12345678";

static void memcpy_over(void)
{
	__memcpy_chk(room, eight, 9, sizeof(room));
}
static void strcpy_over(void)
{
	__strcpy_chk(room, eight, sizeof(room));
}
static void stpcpy_over(void)
{
	__stpcpy_chk(room, eight, sizeof(room));
}
static void strncpy_over(void)
{
	__strncpy_chk(room, seven, 9, sizeof(room));
}
static void sprintf_over(void)
{
	__sprintf_chk(room, 1, sizeof(room), "%s", eight);
}
static void snprintf_over(void)
{
	__snprintf_chk(room, 9, 1, sizeof(room), "%s", seven);
}

static void strcat_over(void)
{
	strcpy(room, "1234");
	__strcat_chk(room, "5678", sizeof(room));
}

static void check_fortified(void)
{
	static void (*const over[])(void) = {memcpy_over, strcpy_over, stpcpy_over, strncpy_over,
		sprintf_over, snprintf_over, strcat_over};
	char *text;

	check(__memcpy_chk(room, seven, 8, 8) == room && strcmp(room, seven) == 0, "memcpy");
	check(__strcpy_chk(room, seven, 8) == room && strcmp(room, seven) == 0, "strcpy");
	check(__stpcpy_chk(room, seven, 8) == room + 7, "stpcpy");
	check(__strncpy_chk(room, eight, 8, 8) == room && memcmp(room, eight, 8) == 0, "strncpy");
	strcpy(room, "1234");
	check(strcmp(__strcat_chk(room, "567", 8), seven) == 0, "strcat");
	check(__sprintf_chk(room, 1, 8, "%d", 7654321) == 7 && strcmp(room, "7654321") == 0,
		"sprintf");
	check(__sprintf_chk(room, 1, SIZE_MAX, "%s", "x") == 1, "sprintf into what has no size");
	check(__snprintf_chk(room, 8, 1, 8, "%s", eight) == 8 && strcmp(room, seven) == 0,
		"snprintf");
	check(__asprintf_chk(&text, 1, "%s%d", eight, 9) == 9 && strcmp(text, "123456789") == 0,
		"asprintf");
	free(text);
	for (size_t i = 0; i < sizeof(over) / sizeof(over[0]); i++)
		check(signal_of(over[i]) == SIGABRT,
			"what is written behind the end ends the process");
}

static void check_gnu(void)
{
	char words[64];

	check(strcmp(gnu_strerror_r(ENOENT, words, sizeof(words)), strerror(ENOENT)) == 0,
		"strerror_r");
	check(strcmp(gnu_basename((char[]){"/a/b"}), "b") == 0 &&
			strcmp(gnu_basename((char[]){"a/"}), "") == 0 &&
			strcmp(gnu_basename((char[]){""}), "") == 0 &&
			strcmp(gnu_basename((char[]){"x"}), "x") == 0,
		"basename");
}

static const char *const table[] = {seven, eight}; // relocated

static void write_table(void)
{
	*(const char *volatile *)(uintptr_t)&table[1] = seven;
}

// As the worker.
static void abort_under_filter(void)
{
	struct sock_filter code[ALLOWLIST_LEN_MAX];
	struct seccomp_program made = allowlist_make(getpid(), code);
	const struct sock_fprog program = {.len = (unsigned short)made.len, .filter = code};

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0)
		abort();
}

int main(void)
{
	check_malloc();
	check_fortified();
	check_gnu();
	check(signal_of(write_table) == SIGSEGV, "tables are read-only");
	check(signal_of(abort_under_filter) == SIGABRT, "abort is seen as such");
	return failed;
}
