// SPDX-License-Identifier: GPL-2.0-or-later
// Labels of security modules.
#include "lsm_label.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

// Copies TEXT up to its end, NUL or newline.
static int copy_line(const char *text, size_t len, struct lsm_label *ret)
{
	size_t end = 0;

	while (end < len && text[end] != '\0' && text[end] != '\n')
		end++;
	if (end >= sizeof(ret->text))
		return -EINVAL;
	memcpy(ret->text, text, end);
	ret->text[end] = '\0';
	for (size_t i = 0; i < end; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return -EINVAL;
	ret->kind = LSM_NONE;
	return 0;
}

// The " (MODE)" at the end of an AppArmor label, or NULL.
static char *find_mode(char *label)
{
	size_t len = strlen(label);
	char *blank = strrchr(label, ' ');

	return blank && blank != label && blank[1] == '(' && label[len - 1] == ')' ? blank : NULL;
}

int lsm_label_parse_apparmor(const char *text, size_t len, struct lsm_label *ret)
{
	int r = copy_line(text, len, ret);
	if (r < 0)
		return r;
	if (!ret->text[0])
		return -EINVAL;

	char *mode = find_mode(ret->text);
	if (mode)
		*mode = '\0';
	ret->kind = LSM_APPARMOR;
	return 0;
}

int lsm_label_parse_current(const char *text, size_t len, struct lsm_label *ret)
{
	int r = copy_line(text, len, ret);
	if (r < 0 || !ret->text[0])
		return r;
	if (find_mode(ret->text) || strcmp(ret->text, "unconfined") == 0)
		return lsm_label_parse_apparmor(text, len, ret);

	const char *first = strchr(ret->text, ':');
	const char *second = first ? strchr(first + 1, ':') : NULL;
	bool is_context = first && second && first != ret->text && second > first + 1 &&
			  second[1] != '\0' && second[1] != ':' && !strchr(ret->text, ' ');
	ret->kind = is_context ? LSM_SELINUX : LSM_OTHER;
	return 0;
}
