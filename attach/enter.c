// SPDX-License-Identifier: GPL-2.0-or-later
// Going inside: the joiner's part.
#include "choice.h"
#include "cleanup.h"
#include "entry.h"
#include "entry_check.h"
#include "hosttools.h"
#include "injectview.h"
#include "login.h"
#include "toolsview.h"

#include <fcntl.h>
#include <linux/keyctl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

// What all steps need. SELF_FD is the joiner's own /proc/self, the host's.
struct joiner {
	const struct entry *entry;
	pid_t parent;
	int self_fd;
	struct program *program; // with the base of its environment
};

// Keeps others from tracing us or reading our memory, and has us end with the supervisor. A change
// of ids undoes both, and so does joining a user namespace.
static int shield(const struct joiner *joiner, struct error *err)
{
	if (prctl(PR_SET_DUMPABLE, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return fail_sys(err, errno, "prctl", "nspeek");
	// It may have died before we asked to die with it.
	return getppid() == joiner->parent
		       ? 0
		       : fail(err, ERROR_SYSTEM, ESRCH, "the supervisor is gone");
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

// Makes ENV the clean environment of a tool of the host, with what the user changed.
static int make_tools_environ(const struct entry *entry, struct envblock *env, struct error *err)
{
	envblock_fini(env);
	int r = hosttools_env(environ, env);

	if (r == 0)
		r = environ_change(&entry->request->environment, env);
	if (r == 0)
		r = hosttools_clean_env(env);
	if (r < 0)
		return fail_sys(err, -r, "building", "the command's environment");
	notice_step(entry->notice, "environment: a clean one of ours");
	return 0;
}

static int complete_environ(
	const struct joiner *joiner, const struct login *login, struct error *err)
{
	const struct entry_request *request = joiner->entry->request;
	struct envblock *env = &joiner->program->env;
	// As the target, the command keeps what the environment says of its user.
	int r = environ_complete(&request->environment, request->confine.as_target ? NULL : login,
		joiner->entry->inside, env, joiner->entry->notice, err);

	if (r == 0 && request->tools == TOOLS_INJECT && (r = injectview_set_env(env)) < 0)
		return fail_sys(err, -r, "building", "the command's environment");
	return r;
}

static int find_shell(const struct entry *entry, const struct login *login, struct program *program,
	struct error *err)
{
	char path[PATH_MAX];
	const char *ours = getenv("SHELL");
	int r = program_find_shell(entry->inside ? login->shell : ours, program, err);

	if (r == 0 || err->kind != ERROR_NOT_FOUND || entry->request->tools != TOOLS_INJECT)
		return r;
	error_clear(err); // it may be that of the host's shell now
	return program_find_shell(injectview_shell(ours, path), program, err);
}

// Finds the command. This is done with the command's own identity: what it may not read, we do not
// read for it.
static int find_command(const struct joiner *joiner, const struct login *login, struct error *err)
{
	const struct entry *entry = joiner->entry;
	char **argv = entry->request->argv;

	joiner->program->where = entry->inside ? " in the container" : "";
	return argv ? program_find(argv, joiner->program, err)
		    : find_shell(entry, login, joiner->program, err);
}

// What all roots of our own have in common.
static struct privroot_request privroot_of(const struct joiner *joiner, bool join_user)
{
	const struct entry *entry = joiner->entry;

	return (struct privroot_request){
		.target = entry->target,
		.nsset = &entry->nsset,
		.rootdir = &entry->rootdir,
		.join_user = join_user,
		.self_fd = joiner->self_fd,
		.notice = entry->notice,
	};
}

// Joins the set, and takes on the target's root; or, in inject mode, one of our own.
static int join(const struct joiner *joiner, struct error *err)
{
	const struct entry *entry = joiner->entry;
	const struct privroot_request inject = privroot_of(joiner, true);
	bool joined_mount = entry->nsset.join & 1u << NSTYPE_MNT;
	int r;

	if (entry->request->tools == TOOLS_INJECT)
		return injectview_enter(&inject, err);
	if ((r = nsset_join(&entry->nsset, joiner->self_fd, entry->notice, err)) < 0 ||
		(r = shield(joiner, err)) < 0)
		return r;
	return rootdir_enter(
		&entry->rootdir, &entry->request->directories, joined_mount, entry->notice, err);
}

// Takes IDENTITY inside, and reads who that is into *LOGIN.
static int become(const struct joiner *joiner, struct identity *identity, struct login *login,
	struct error *err)
{
	int r;

	if ((r = shield(joiner, err)) < 0 ||
		(r = identity_begin(identity, joiner->self_fd, err)) < 0 ||
		(r = shield(joiner, err)) < 0 ||
		(r = identity_find_login(identity, login, err)) < 0 ||
		(r = identity_take(identity, login, joiner->self_fd, joiner->entry->notice, err)) <
			0)
		return r;
	return shield(joiner, err);
}

static int apply_outside(const struct joiner *joiner, struct error *err)
{
	struct confinement *confinement = joiner->entry->confinement;

	return confinement ? confinement_apply_outside(confinement, joiner->self_fd, err) : 0;
}

// Inside, for a program of the container; or without the mount namespace, for one of ours.
static int enter_plain(const struct joiner *joiner, struct error *err)
{
	const struct entry *entry = joiner->entry;
	bool as_target = entry->request->confine.as_target;
	struct identity identity = entry->identity;
	auto_login struct login login = {0};
	int r;

	leave_session_keyring(entry);
	if ((r = as_target ? 0 : identity_leave(&identity, joiner->self_fd, err)) < 0 ||
		(r = lsm_set_exec(&entry->labels, joiner->self_fd, entry->notice, err)) < 0 ||
		(r = apply_outside(joiner, err)) < 0 || (r = join(joiner, err)) < 0)
		return r;
	if (!as_target)
		r = become(joiner, &identity, &login, err);
	else if ((r = confinement_become(entry->confinement, err)) == 0)
		r = shield(joiner, err);
	if (r < 0 || (r = complete_environ(joiner, &login, err)) < 0)
		return r;
	return find_command(joiner, &login, err);
}

// Inside, in the tools view, for a program of the host.
static int enter_view(const struct joiner *joiner, struct error *err)
{
	const struct entry *entry = joiner->entry;
	const struct entry_request *request = entry->request;
	unsigned named = request->namespaces.named & entry->nsset.join;
	struct privroot_request view = privroot_of(joiner, named >> NSTYPE_USER & 1);
	bool in_user = privroot_joins_user(&view);
	auto_login struct login login = {0};
	struct identity identity;
	int r;

	view.target_attributes = toolsview_target_attributes;
	if (entry_joins_user(entry) && !in_user)
		notice_step(entry->notice, "user namespace: not joined, a program of the host "
					   "keeps ours");
	entry_warn_visible(entry, true, in_user);
	if ((r = make_tools_environ(entry, &joiner->program->env, err)) < 0 ||
		(r = identity_init(
			 &request->identity, entry->target, in_user, true, &identity, err)) < 0 ||
		(r = identity_leave(&identity, joiner->self_fd, err)) < 0 ||
		(r = apply_outside(joiner, err)) < 0 || (r = toolsview_enter(&view, err)) < 0 ||
		(r = become(joiner, &identity, &login, err)) < 0)
		return r;
	joiner->program->where = " among the host's tools";
	return request->argv ? program_find(request->argv, joiner->program, err)
			     : program_find_shell(getenv("SHELL"), joiner->program, err);
}

// As enter_view(), for a command that the container lacks: that is what fails where the view does.
static int enter_chosen_view(
	const struct joiner *joiner, const struct choice *choice, struct error *err)
{
	struct error why = {0};

	if (enter_view(joiner, &why) == 0) {
		notice_note(joiner->entry->notice,
			"%s %s: the host's is used (container files at %s)", choice->subject,
			choice->missing, TOOLSVIEW_TARGET);
		return 0;
	}
	fail(err, ERROR_NOT_FOUND, ENOENT, "%s %s, and the host's cannot be used: %s",
		choice->subject, choice->missing, why.message);
	return why.hint[0] ? error_hint(err, "%s", why.hint) : -ENOENT;
}

// Decides whose program the command is. Where the container's root is not known from outside (its
// mount namespace came from a file), or what was asked for is for programs of the container only,
// it is the container's.
static int choose(const struct joiner *joiner, struct choice *ret, struct error *err)
{
	const struct entry *entry = joiner->entry;
	const struct entry_request *wanted = entry->request;
	auto_envblock struct envblock env = {0};

	if (!entry->inside || wanted->tools != TOOLS_AUTO || entry->rootdir.root < 0 ||
		entry_wants_container(wanted))
		return 0;
	int r = envblock_copy(joiner->program->env.vars, &env);
	if (r == 0)
		r = environ_change(&wanted->environment, &env);
	if (r < 0)
		return fail_sys(err, -r, "building", "the command's environment");
	const struct choice_request request = {
		.argv = wanted->argv,
		.env = &env,
		.root_fd = entry->rootdir.root,
		.self_fd = joiner->self_fd,
		.target = entry->target,
		.joins_user = entry_joins_user(entry),
		.has_uid = wanted->identity.has_uid,
		.uid = wanted->identity.uid,
	};
	return choice_make(&request, ret, err);
}

static int enter(const struct joiner *joiner, struct error *err)
{
	const struct entry *entry = joiner->entry;
	struct choice choice = {0};
	int r = environ_read(&entry->request->environment, entry->target, entry->inside,
		&joiner->program->env, err);

	if (r < 0)
		return entry_blame_exit(entry->target, r, err);
	if (entry->view)
		return enter_view(joiner, err);
	if ((r = choose(joiner, &choice, err)) < 0)
		return r;
	r = choice.host ? enter_chosen_view(joiner, &choice, err) : enter_plain(joiner, err);
	if (r < 0 && err->kind == ERROR_NOT_FOUND && choice.other.kind != ERROR_NONE)
		return error_append(err, "; %s", choice.other.message);
	return r;
}

int entry_enter(const struct entry *entry, pid_t parent, struct program *ret, struct error *err)
{
	auto_program struct program program = {0};
	struct joiner joiner = {
		.entry = entry, .parent = parent, .self_fd = -EBADF, .program = &program};
	int r = shield(&joiner, err);
	if (r < 0)
		return r;

	auto_fd int self_fd = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (self_fd < 0)
		return fail_sys(err, errno, "open", "/proc/self");
	joiner.self_fd = self_fd;
	if ((r = enter(&joiner, err)) < 0)
		return r;
	*ret = program;
	program = (struct program){0};
	return 0;
}

int entry_seal(const struct entry *entry, struct error *err)
{
	return entry->confinement ? confinement_seal(entry->confinement, err) : 0;
}
