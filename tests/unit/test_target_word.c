// SPDX-License-Identifier: GPL-2.0-or-later
#include "target_word.h"
#include "unit.h"

#include <sys/stat.h>
#include <unistd.h>

static void check_refused(const char *word, enum error_kind kind)
{
	struct target target = TARGET_EMPTY;
	struct error err = {0};

	cr_assert(target_word_open(word, &target, &err) < 0, "\"%s\" is taken", word);
	cr_assert(
		err.kind == kind, "\"%s\" is an error of kind %d: %s", word, err.kind, err.message);
	check_true(error_is_valid(&err));
	check_int(target.pidfd, -EBADF);
}

Test(target_word, malformed)
{
	static const char *const words[] = {"", "0", "-1", "+1", " 1", "1 ", "abc", "1a", "0x1",
		"4294967297", "2147483648", "18446744073709551617",
		"99999999999999999999999999999999", ":", ":5", "1:", "1:x", "1:-5", "1:5:6", "1: 5",
		"1:18446744073709551616", "a:1", "0:1", "web/7", "docker:web"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		check_refused(words[i], ERROR_USAGE);
}

Test(target_word, pid)
{
	struct target target = TARGET_EMPTY;
	struct error err = {0};
	char word[40];

	snprintf(word, sizeof(word), "%d", getppid());
	check_int(target_word_open(word, &target, &err), 0);
	check_int(target.pid, getppid());
	target_fini(&target);
	snprintf(word, sizeof(word), "%010d", getppid());
	check_int(target_word_open(word, &target, &err), 0);
	target_fini(&target);
	check_refused("2147483647", ERROR_TARGET);
}

Test(target_word, pid_and_inode)
{
	struct target target = TARGET_EMPTY;
	struct error err = {0};
	char word[64];
	struct stat st;

	snprintf(word, sizeof(word), "%d", getppid());
	check_int(target_word_open(word, &target, &err), 0);
	check_int(fstat(target.pidfd, &st), 0);
	target_fini(&target);

	snprintf(word, sizeof(word), "%d:%llu", getppid(), (unsigned long long)st.st_ino);
	int r = target_word_open(word, &target, &err);
	if (r == 0)
		check_int(target.pid, getppid());
	else // a kernel whose pidfds all have one inode must not take it for a proof
		check_int(r, -EOPNOTSUPP);
	target_fini(&target);

	snprintf(word, sizeof(word), "%d:%llu", getppid(), (unsigned long long)st.st_ino + 1);
	check_refused(word, ERROR_TARGET);
}
