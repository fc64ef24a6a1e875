// SPDX-License-Identifier: GPL-2.0-or-later
// From the user's word to a target.
#include "target_word.h"

#include "number.h"

#include <stdio.h>
#include <string.h>

static bool is_digits(const char *word)
{
	return word[0] != '\0' && word[strspn(word, "0123456789")] == '\0';
}

static int refuse_word(const char *word, struct error *err)
{
	if (word[0] == '\0')
		return fail(err, ERROR_USAGE, EINVAL, "the TARGET is an empty word");
	if (is_digits(word))
		return fail(err, ERROR_USAGE, ERANGE, "%s cannot be the id of a process", word);
	return fail(err, ERROR_USAGE, ENOENT, "%s is neither a PID nor PID:INODE", word);
}

static int check_inode(const struct target *target, uint64_t inode, struct error *err)
{
	uint64_t its;
	int r = target_pidfd_inode(target, &its);

	if (r < 0 && r != -EOPNOTSUPP)
		return fail_sys(err, -r, "stat", "the pidfd of process %d", target->pid);
	if (r < 0)
		return fail(err, ERROR_TARGET, EOPNOTSUPP,
			"%d:%llu cannot be checked: this kernel does not give unique inodes to "
			"pidfds",
			target->pid, (unsigned long long)inode);
	if (its != inode)
		return fail(err, ERROR_TARGET, ESRCH,
			"process %d is not the one with inode %llu: the PID was recycled "
			"(its inode is %llu)",
			target->pid, (unsigned long long)inode, (unsigned long long)its);
	return 0;
}

int target_word_open(const char *word, struct target *ret, struct error *err)
{
	auto_target struct target target = TARGET_EMPTY;
	const char *colon = strchr(word, ':');
	size_t len = colon ? (size_t)(colon - word) : strlen(word);
	char number[24];
	uint64_t inode = 0;
	pid_t pid;

	if (len >= sizeof(number))
		return refuse_word(word, err);
	memcpy(number, word, len);
	number[len] = '\0';
	if (number_parse_pid(number, &pid) < 0 ||
		(colon && number_parse_u64(colon + 1, &inode) < 0))
		return refuse_word(word, err);

	int r = target_open(pid, &target, err);
	if (r < 0 || (colon && (r = check_inode(&target, inode, err)) < 0))
		return r;
	*ret = target;
	target = TARGET_EMPTY;
	return 0;
}

bool target_word_is_number(const char *word)
{
	size_t digits = strspn(word, "0123456789");

	return word[0] == '\0' || (digits > 0 && (word[digits] == '\0' || word[digits] == ':'));
}
