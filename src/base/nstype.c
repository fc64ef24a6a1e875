// SPDX-License-Identifier: GPL-2.0-or-later
// The namespace types of Linux, namespaces(7).
#include "nstype.h"

#include "number.h"

#include <errno.h>
#include <linux/sched.h>
#include <string.h>

// The numbers of the ioctls of Linux 6.11, include/uapi/linux/pidfd.h, which Debian 12's headers
// lack.
enum {
	PIDFD_CGROUP = 1,
	PIDFD_IPC,
	PIDFD_MNT,
	PIDFD_NET,
	PIDFD_PID,
	PIDFD_PID_FOR_CHILDREN,
	PIDFD_TIME,
	PIDFD_TIME_FOR_CHILDREN,
	PIDFD_USER,
	PIDFD_UTS,
};

const struct nstype nstypes[NSTYPE_COUNT] = {
	[NSTYPE_USER] = {"user", "user", NULL, NULL, "user and group ids, capabilities",
		CLONE_NEWUSER, 'U', PIDFD_USER, 0},
	[NSTYPE_CGROUP] = {"cgroup", "cgroup", NULL, NULL, "the root of the cgroup tree",
		CLONE_NEWCGROUP, 'C', PIDFD_CGROUP, 0},
	[NSTYPE_IPC] = {"ipc", "ipc", NULL, NULL, "System V IPC, POSIX message queues",
		CLONE_NEWIPC, 'i', PIDFD_IPC, 0},
	[NSTYPE_UTS] = {"uts", "uts", NULL, NULL, "host and domain name", CLONE_NEWUTS, 'u',
		PIDFD_UTS, 0},
	[NSTYPE_NET] = {"net", "net", NULL, "/run/netns", "network devices, addresses, ports",
		CLONE_NEWNET, 'n', PIDFD_NET, 0},
	[NSTYPE_PID] = {"pid", "pid", "pid_for_children", NULL, "process ids", CLONE_NEWPID, 'p',
		PIDFD_PID, PIDFD_PID_FOR_CHILDREN},
	[NSTYPE_MNT] = {"mount", "mnt", NULL, NULL, "mounts: files, root and working directory",
		CLONE_NEWNS, 'm', PIDFD_MNT, 0},
	[NSTYPE_TIME] = {"time", "time", "time_for_children", NULL, "boot and monotonic clocks",
		CLONE_NEWTIME, 'T', PIDFD_TIME, PIDFD_TIME_FOR_CHILDREN},
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

int nstype_parse_link(const char *text, size_t len, uint64_t *ret)
{
	const char *end = text + len;
	const char *colon = memchr(text, ':', len);
	int type = colon ? nstype_find(text, (size_t)(colon - text)) : -EINVAL;
	const char *p = colon ? colon + 1 : end;
	uint64_t id;

	if (type < 0 || p == end || *p++ != '[' || number_scan(&p, end, 10, &id) < 0 ||
		p + 1 != end || *p != ']')
		return -EINVAL;
	*ret = id;
	return type;
}
