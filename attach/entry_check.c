// SPDX-License-Identifier: GPL-2.0-or-later
// Checking what is asked of an entry.
#include "entry_check.h"

#include "fd.h"

#include <linux/capability.h>
#include <sys/stat.h>

int entry_blame_exit(const struct target *target, int r, struct error *err)
{
	char stat[1024];

	if (!target)
		return r;
	// One that exits loses its namespaces before it becomes a zombie.
	ssize_t len = fd_read_small_at(target->task_fd, "stat", stat, sizeof(stat));
	if (len >= 0 && !proc_stat_is_exiting(stat, (size_t)len))
		return r;
	error_clear(err);
	return fail(err, ERROR_TARGET, ESRCH, "process %d has exited meanwhile", target->pid);
}

bool entry_joins_user(const struct entry *entry)
{
	return entry->nsset.join >> NSTYPE_USER & 1;
}

// True when the target's user namespace is the one that the command will be in: the one that ENTRY
// joins, if JOINED, or ours. Only there does its bounding set mean what it says: a process that
// makes a user namespace has a full one in it.
static bool is_bounded_here(const struct entry *entry, bool joined)
{
	const struct nsset_request *wanted = &entry->request->namespaces;
	const struct stat *other = &entry->nsset.st[NSTYPE_USER];
	struct stat theirs, ours;

	// It was read before the namespaces were opened, and is either joined or ours already.
	if (joined == entry_joins_user(entry) && wanted->chosen & 1u << NSTYPE_USER &&
		!wanted->files[NSTYPE_USER])
		return true;
	if (stat("/proc/self/ns/user", &ours) < 0)
		return errno == ENOENT; // a kernel without user namespaces
	if (fstatat(entry->target->task_fd, "ns/user", &theirs, 0) < 0)
		return false;
	const struct stat *here = joined ? other : &ours;
	return theirs.st_dev == here->st_dev && theirs.st_ino == here->st_ino;
}

int entry_check_confinement(const struct entry *entry, struct error *err)
{
	enum caps_choice choice = entry->request->identity.caps.choice;
	bool of_host = !entry->inside || entry->view;

	if (choice == CAPS_KEEP || (choice != CAPS_TARGET && of_host))
		return 0;
	if (!entry->target) {
		fail(err, ERROR_USAGE, EINVAL,
			"nothing says how far a program from that mount namespace may go");
		return error_hint(
			err, "name a TARGET whose confinement is copied, or --privileged");
	}
	if (is_bounded_here(entry, entry_joins_user(entry)))
		return 0;
	fail(err, ERROR_USAGE, EPERM,
		"the capabilities of process %d are those of a user namespace that is not joined",
		entry->target->pid);
	return error_hint(err, "join it too (-U), or --privileged");
}

bool entry_wants_container(const struct entry_request *request)
{
	return request->identity.as || request->directories.root || request->directories.cwd ||
	       request->confine.as_target || request->environment.base == ENVIRON_TARGET;
}

// What the container's files are needed for cannot be had without its mount namespace.
static int check_files(const struct entry *entry, struct error *err)
{
	const struct rootdir_request *directories = &entry->request->directories;
	bool targets = (directories->root && !directories->root_dir) ||
		       (directories->cwd && !directories->cwd_dir);

	if (!entry->inside && (directories->root || directories->cwd))
		return fail(err, ERROR_USAGE, EINVAL,
			"--root and --wd are directories of the container, and the mount namespace "
			"is not joined (-m)");
	if (entry->request->namespaces.files[NSTYPE_MNT] && targets)
		return fail(err, ERROR_USAGE, EINVAL,
			"--root and --wd lack their DIR: the mount namespace is not the target's");
	if (!entry->inside && entry->request->environment.base == ENVIRON_TARGET)
		return fail(err, ERROR_USAGE, EINVAL,
			"--env=target is for programs of the container, and the mount namespace is "
			"not joined (-m)");
	return 0;
}

// Of what a tools mode cannot do.
static int check_tools(const struct entry *entry, struct error *err)
{
	const struct entry_request *request = entry->request;

	if (entry->view && entry_wants_container(request))
		return fail(err, ERROR_USAGE, EINVAL,
			"--as, --root, --wd, --env=target and --as-target are for programs of the "
			"container, and --tools=host runs one of the host");
	if (request->tools == TOOLS_INJECT &&
		(request->directories.root || request->directories.cwd))
		return fail(err, ERROR_USAGE, EINVAL,
			"--root and --wd cannot be chosen with --tools=inject");
	return 0;
}

// --as-target and --join-cgroup need a target, and the first a program of the container: one of
// ours that is cut to the container's power can be looked into from there, our files included.
static int check_likeness(const struct entry *entry, struct error *err)
{
	const struct confinement_request *confine = &entry->request->confine;
	const struct identity_request *identity = &entry->request->identity;

	if ((confine->as_target || confine->join_cgroup) && !entry->target)
		return fail(err, ERROR_USAGE, EINVAL, "%s needs a TARGET",
			confine->as_target ? "--as-target" : "--join-cgroup");
	if (confine->as_target &&
		(identity_is_chosen(identity) || identity->caps.choice != CAPS_DEFAULT))
		return fail(err, ERROR_USAGE, EINVAL,
			"--as-target leaves no choice of ids, groups and capabilities");
	if (!confine->as_target || entry->inside)
		return 0;
	fail(err, ERROR_USAGE, EINVAL, "--as-target needs the mount namespace");
	return error_hint(err, "join it too (-m)");
}

int entry_check_request(const struct entry *entry, struct error *err)
{
	int r = check_files(entry, err);

	if (r == 0)
		r = check_tools(entry, err);
	return r < 0 ? r : check_likeness(entry, err);
}

void entry_warn_visible(const struct entry *entry, bool in_view, bool in_user)
{
	const struct identity_request *identity = &entry->request->identity;

	if (!(entry->nsset.join & 1u << NSTYPE_PID))
		return;
	bool ptrace = entry->target && entry->target->status.cap_bounding >> CAP_SYS_PTRACE & 1 &&
		      is_bounded_here(entry, in_user);
	// One that is as weak as they are, or is one of their users, they can trace.
	bool weak = identity->caps.choice == CAPS_TARGET || identity->caps.choice == CAPS_LIST ||
		    identity->has_uid;
	if (!in_user && !ptrace && !weak)
		return;
	if (in_view)
		notice_warning(entry->notice,
			"processes of the container can trace the command, and so do all that it "
			"may do: %s",
			in_user  ? "its user namespace is theirs"
			: ptrace ? "they can have CAP_SYS_PTRACE in our user namespace"
				 : "it has no more power than they");
	else
		notice_warning(entry->notice,
			"processes of the container can reach our files through /proc/PID/root of "
			"the command: the mount namespace is not joined (-m)");
}
