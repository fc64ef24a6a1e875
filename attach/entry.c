// SPDX-License-Identifier: GPL-2.0-or-later
// Going inside.
#include "entry.h"

#include "cleanup.h"
#include "fd.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

// Replaces *ERR when what it names failed only because TARGET has exited meanwhile.
static int blame_exit(const struct target *target, int r, struct error *err)
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

// True when the target's user namespace is ours or the one that ENTRY joins: only there does its
// bounding set mean what it says. A process that makes a user namespace has a full one in it.
static bool is_bounded_here(const struct entry *entry)
{
	const struct stat *joined = &entry->nsset.st[NSTYPE_USER];
	struct stat theirs, ours;

	// It was read before the namespaces were opened, and is either joined or ours already.
	if (entry->request->namespaces.chosen & 1u << NSTYPE_USER &&
		!entry->request->namespaces.files[NSTYPE_USER])
		return true;
	if (stat("/proc/self/ns/user", &ours) < 0)
		return errno == ENOENT; // a kernel without user namespaces
	if (fstatat(entry->target->task_fd, "ns/user", &theirs, 0) < 0)
		return false;
	if (entry->nsset.join & 1u << NSTYPE_USER)
		return theirs.st_dev == joined->st_dev && theirs.st_ino == joined->st_ino;
	return theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
}

// A program of the container runs only with a confinement that is known. A list of capabilities is
// none: who is uid 0 of our user namespace can do much without any, in files that a container of
// another user namespace may write.
static int check_confinement(const struct entry *entry, struct error *err)
{
	enum caps_choice choice = entry->request->identity.caps.choice;

	if (choice == CAPS_KEEP || (choice != CAPS_TARGET && !entry->inside))
		return 0;
	if (!entry->target) {
		fail(err, ERROR_USAGE, EINVAL,
			"nothing says how far a program from that mount namespace may go");
		return error_hint(
			err, "name a TARGET whose confinement is copied, or --privileged");
	}
	if (is_bounded_here(entry))
		return 0;
	fail(err, ERROR_USAGE, EPERM,
		"the capabilities of process %d are those of a user namespace that is not joined",
		entry->target->pid);
	return error_hint(err, "join it too (-U), or --privileged");
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

// True when anything of REQUEST was asked for.
static bool has_identity(const struct identity_request *request)
{
	return request->has_uid || request->has_gid || request->as ||
	       request->groups.choice != GROUPS_DEFAULT || request->caps.choice != CAPS_DEFAULT;
}

// --as-target and --join-cgroup need a target, and the first a program of the container: one of
// ours that is cut to the container's power can be looked into from there, our files included.
static int check_likeness(const struct entry *entry, struct error *err)
{
	const struct confinement_request *confine = &entry->request->confine;

	if ((confine->as_target || confine->join_cgroup) && !entry->target)
		return fail(err, ERROR_USAGE, EINVAL, "%s needs a TARGET",
			confine->as_target ? "--as-target" : "--join-cgroup");
	if (confine->as_target && has_identity(&entry->request->identity))
		return fail(err, ERROR_USAGE, EINVAL,
			"--as-target leaves no choice of ids, groups and capabilities");
	if (!confine->as_target || entry->inside)
		return 0;
	fail(err, ERROR_USAGE, EINVAL, "--as-target needs the mount namespace");
	return error_hint(err, "join it too (-m)");
}

// Reads the confinement that is to be copied, from a target that stays the one that was checked.
static int read_confinement(struct entry *entry, struct error *err)
{
	const struct confinement_request *confine = &entry->request->confine;
	const struct target *target = entry->target;

	if (!confine->as_target && !confine->join_cgroup)
		return 0;
	entry->confinement = calloc(1, sizeof(*entry->confinement));
	if (!entry->confinement)
		return fail_sys(err, ENOMEM, "reading", "the target's confinement");
	int r = confinement_read(confine, target, entry->notice, entry->confinement, err);
	return r < 0 ? blame_exit(target, r, err) : target_verify(target, err);
}

// Warns when processes of the container can look into a program of the host.
static void warn_visible(const struct entry *entry)
{
	bool user = entry->nsset.join & 1u << NSTYPE_USER;

	if (entry->inside || !(entry->nsset.join & 1u << NSTYPE_PID))
		return;
	bool ptrace = entry->target && entry->target->status.cap_bounding >> CAP_SYS_PTRACE & 1 &&
		      is_bounded_here(entry);
	// One that is as weak as they are, or is one of their users, they can trace.
	enum caps_choice choice = entry->request->identity.caps.choice;
	bool weak =
		choice == CAPS_TARGET || choice == CAPS_LIST || entry->request->identity.has_uid;
	if (!user && !ptrace && !weak)
		return;
	notice_warning(entry->notice, "processes of the container can reach our files through "
				      "/proc/PID/root of the command: "
				      "the mount namespace is not joined (-m)");
}

static int open_all(struct entry *entry, struct error *err)
{
	const struct entry_request *request = entry->request;
	const struct nsset_request *wanted = &request->namespaces;
	const struct target *target = entry->target;
	int r = nsset_open(wanted, target, entry->notice, &entry->nsset, err);

	if (r == 0 && target && entry->inside && !wanted->files[NSTYPE_MNT])
		r = rootdir_open(target, &entry->rootdir, err);
	if (r == 0 && target && entry->inside && request->identity.caps.choice != CAPS_KEEP)
		r = lsm_read(target, &entry->labels, err);
	if (r < 0)
		return blame_exit(target, r, err);
	return target ? target_verify(target, err) : 0;
}

int entry_open(const struct entry_request *request, const struct target *target,
	const struct notice *notice, struct entry *ret, struct error *err)
{
	auto_entry struct entry entry = ENTRY_EMPTY;
	int r;

	entry.request = request;
	entry.target = target;
	entry.notice = notice;
	entry.inside = request->namespaces.chosen & 1u << NSTYPE_MNT;
	if ((r = check_files(&entry, err)) < 0 || (r = check_likeness(&entry, err)) < 0 ||
		(r = open_all(&entry, err)) < 0 ||
		(r = identity_init(&request->identity, target, entry.nsset.join & 1u << NSTYPE_USER,
			 !entry.inside, &entry.identity, err)) < 0 ||
		(r = check_confinement(&entry, err)) < 0 || (r = read_confinement(&entry, err)) < 0)
		return r;
	warn_visible(&entry);
	*ret = entry;
	entry = ENTRY_EMPTY;
	return 0;
}

// Finds the command. This is done with the command's own identity: what it may not read, we do not
// read for it.
static int find_command(const struct entry *entry, const struct login *login,
	struct program *program, struct error *err)
{
	char **argv = entry->request->argv;

	program->where = entry->inside ? " in the container" : "";
	if (argv)
		return program_find(argv, program, err);
	return program_find_shell(entry->inside ? login->shell : getenv("SHELL"), program, err);
}

// Keeps others from tracing us or reading our memory, and has us end with the supervisor, process
// PARENT. A change of ids undoes both, and so does joining a user namespace.
static int shield(pid_t parent, struct error *err)
{
	if (prctl(PR_SET_DUMPABLE, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return fail_sys(err, errno, "prctl", "nspeek");
	// It may have died before we asked to die with it.
	return getppid() == parent ? 0 : fail(err, ERROR_SYSTEM, ESRCH, "the supervisor is gone");
}

// A program of the container must not possess our session's keys, keyrings(7). The new keyring
// counts as ours: one of the command's user could be refused, when the container has used that
// user's quota up.
static void leave_session_keyring(const struct entry *entry)
{
	if (entry->inside && syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0)
		notice_step(entry->notice,
			"session keyring: ours stays, no new one can be made (%s)",
			strerror(errno));
}

// Takes IDENTITY inside, and reads who that is into *LOGIN.
static int become(struct identity *identity, pid_t parent, int self_fd, struct login *login,
	const struct notice *notice, struct error *err)
{
	int r;

	if ((r = identity_begin(identity, self_fd, err)) < 0 || (r = shield(parent, err)) < 0 ||
		(r = identity_find_login(identity, login, err)) < 0)
		return r;
	return identity_take(identity, login, self_fd, notice, err);
}

// Joins, and stands where the command will, as who it will be.
static int go_inside(const struct entry *entry, pid_t parent, int self_fd, struct login *login,
	struct error *err)
{
	bool joined_mount = entry->nsset.join & 1u << NSTYPE_MNT;
	const struct notice *notice = entry->notice;
	struct identity identity = entry->identity;
	int r;

	leave_session_keyring(entry);
	bool as_target = entry->request->confine.as_target;
	struct confinement *confinement = entry->confinement;

	if ((r = as_target ? 0 : identity_leave(&identity, self_fd, err)) < 0 ||
		(r = lsm_set_exec(&entry->labels, self_fd, notice, err)) < 0 ||
		(r = confinement ? confinement_apply_outside(confinement, self_fd, err) : 0) < 0 ||
		(r = nsset_join(&entry->nsset, self_fd, notice, err)) < 0 ||
		(r = shield(parent, err)) < 0 ||
		(r = rootdir_enter(&entry->rootdir, &entry->request->directories, joined_mount,
			 notice, err)) < 0)
		return r;
	r = as_target ? confinement_become(confinement, err)
		      : become(&identity, parent, self_fd, login, notice, err);
	return r < 0 ? r : shield(parent, err);
}

int entry_enter(const struct entry *entry, pid_t parent, struct program *ret, struct error *err)
{
	const struct environ_request *environment = &entry->request->environment;
	auto_program struct program program = {0};
	auto_login struct login login = {0};
	int r = shield(parent, err);
	if (r < 0)
		return r;

	auto_fd int self_fd = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (self_fd < 0)
		return fail_sys(err, errno, "open", "/proc/self");
	if ((r = environ_read(environment, entry->target, entry->inside, &program.env, err)) < 0)
		return blame_exit(entry->target, r, err);
	if ((r = go_inside(entry, parent, self_fd, &login, err)) < 0)
		return r;
	// As the target, the command keeps what the environment says of its user.
	const struct login *user = entry->request->confine.as_target ? NULL : &login;
	if ((r = environ_complete(
		     environment, user, entry->inside, &program.env, entry->notice, err)) < 0 ||
		(r = find_command(entry, &login, &program, err)) < 0)
		return r;
	*ret = program;
	program = (struct program){0};
	return 0;
}

int entry_seal(const struct entry *entry, struct error *err)
{
	return entry->confinement ? confinement_seal(entry->confinement, err) : 0;
}

void entry_request_fini(struct entry_request *request)
{
	idlist_fini(&request->identity.groups.list);
	environ_request_fini(&request->environment);
}

void entry_fini(struct entry *entry)
{
	nsset_fini(&entry->nsset);
	rootdir_fini(&entry->rootdir);
	lsm_labels_fini(&entry->labels);
	if (entry->confinement)
		confinement_fini(entry->confinement);
	free(entry->confinement);
	entry->confinement = NULL;
}
