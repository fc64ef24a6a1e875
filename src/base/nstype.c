// SPDX-License-Identifier: GPL-2.0-or-later
// The namespace types of Linux, namespaces(7).
#include "nstype.h"

#include <errno.h>
#include <linux/sched.h>
#include <string.h>

const struct nstype nstypes[NSTYPE_COUNT] = {
	[NSTYPE_USER] = {"user", "user", NULL, NULL, "user and group ids, capabilities",
		CLONE_NEWUSER, 'U'},
	[NSTYPE_CGROUP] = {"cgroup", "cgroup", NULL, NULL, "the root of the cgroup tree",
		CLONE_NEWCGROUP, 'C'},
	[NSTYPE_IPC] = {"ipc", "ipc", NULL, NULL, "System V IPC, POSIX message queues",
		CLONE_NEWIPC, 'i'},
	[NSTYPE_UTS] = {"uts", "uts", NULL, NULL, "host and domain name", CLONE_NEWUTS, 'u'},
	[NSTYPE_NET] = {"net", "net", NULL, "/run/netns", "network devices, addresses, ports",
		CLONE_NEWNET, 'n'},
	[NSTYPE_PID] = {"pid", "pid", "pid_for_children", NULL, "process ids", CLONE_NEWPID, 'p'},
	[NSTYPE_MNT] = {"mount", "mnt", NULL, NULL, "mounts: files, root and working directory",
		CLONE_NEWNS, 'm'},
	[NSTYPE_TIME] = {"time", "time", "time_for_children", NULL, "boot and monotonic clocks",
		CLONE_NEWTIME, 'T'},
};

int nstype_find(const char *name, size_t len)
{
	for (int i = 0; i < NSTYPE_COUNT; i++) {
		const struct nstype *type = &nstypes[i];
		if ((strlen(type->name) == len && memcmp(type->name, name, len) == 0) ||
			(strlen(type->file) == len && memcmp(type->file, name, len) == 0))
			return i;
	}
	return -EINVAL;
}

int nstype_parse_list(const char *list, unsigned *ret, const char **ret_bad, size_t *ret_bad_len)
{
	unsigned mask = 0;

	for (const char *word = list;;) {
		size_t len = strcspn(word, ",");
		int type = nstype_find(word, len);
		if (type < 0) {
			*ret_bad = word;
			*ret_bad_len = len;
			return type;
		}
		mask |= 1u << type;
		if (word[len] == '\0')
			break;
		word += len + 1;
	}
	*ret = mask;
	return 0;
}
