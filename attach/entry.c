// SPDX-License-Identifier: GPL-2.0-or-later
// Going inside.
#include "entry.h"

#include "cleanup.h"
#include "fd.h"
#include "login.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

enum { ENVIRON_MAX = 2 << 20 };

int entry_open(const struct entry_request *request, const struct target *target,
	const struct notice *notice, struct entry *ret, struct error *err)
{
	auto_entry struct entry entry = ENTRY_EMPTY;
	const struct nsset_request *wanted = &request->namespaces;
	bool mount = wanted->chosen & 1u << NSTYPE_MNT;
	int r;

	entry.request = request;
	entry.target = target;
	entry.notice = notice;
	entry.inside = mount;
	if ((r = nsset_open(wanted, target, notice, &entry.nsset, err)) < 0)
		return r;
	if (target && mount && !wanted->files[NSTYPE_MNT] &&
		(r = rootdir_open(target, &entry.rootdir, err)) < 0)
		return r;
	if (target && mount && !request->privileged &&
		(r = lsm_read(target, &entry.labels, err)) < 0)
		return r;
	if (target && (r = target_verify(target, err)) < 0)
		return r;
	identity_init(target, entry.nsset.join & 1u << NSTYPE_USER, !mount, request->privileged,
		&entry.identity);
	*ret = entry;
	entry = ENTRY_EMPTY;
	return 0;
}

// The environment that the command's is made from: the target's, none when there is no target, or
// ours for a command of ours.
static int read_environ(const struct entry *entry, struct envblock *ret, struct error *err)
{
	auto_free char *text = NULL;
	size_t len = 0;
	int r = 0;

	if (!entry->inside) {
		r = envblock_copy(environ, ret);
		return r < 0 ? fail_sys(err, -r, "copying", "the environment") : 0;
	}
	if (entry->target)
		r = fd_read_file_at(entry->target->task_fd, "environ", ENVIRON_MAX, &text, &len);
	if (r < 0)
		return fail_sys(
			err, -r, "read", "the environment of process %d", entry->target->pid);
	r = envblock_parse(text ? text : "", len, ret);
	return r < 0 ? fail_sys(err, -r, "read", "the target's environment") : 0;
}

static int complete_environ(const struct login *login, struct envblock *env, struct error *err)
{
	static const char path[] = PROGRAM_DEFAULT_PATH;
	const char *term = getenv("TERM");
	int r = login_set_env(login, env);

	envblock_unset(env, "TERM");
	if (r == 0 && term)
		r = envblock_set(env, "TERM", term, strlen(term));
	if (r == 0 && !envblock_get(env, "PATH"))
		r = envblock_set(env, "PATH", path, sizeof(path) - 1);
	return r < 0 ? fail_sys(err, -r, "building", "the command's environment") : 0;
}

// Finds the command, and completes its environment. Everything of this is done with the command's
// own identity: what it may not read, we do not read for it.
static int find_command(const struct entry *entry, struct program *program, struct error *err)
{
	char **argv = entry->request->argv;
	auto_login struct login login = {0};
	int r;

	program->where = entry->inside ? " in the container" : "";
	if (entry->inside) {
		if ((r = login_read(geteuid(), &login, err)) < 0 ||
			(r = complete_environ(&login, &program->env, err)) < 0)
			return r;
	}
	if (argv)
		return program_find(argv, program, err);
	return program_find_shell(entry->inside ? login.shell : getenv("SHELL"), program, err);
}

// Keeps others from tracing us or reading our memory, and has us end with the supervisor. A change
// of ids undoes both.
static int shield(struct error *err)
{
	if (prctl(PR_SET_DUMPABLE, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return fail_sys(err, errno, "prctl", "nspeek");
	return 0;
}

int entry_enter(const struct entry *entry, struct program *ret, struct error *err)
{
	auto_program struct program program = {0};
	const struct notice *notice = entry->notice;
	int r = shield(err);
	if (r < 0)
		return r;

	auto_fd int self_fd = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (self_fd < 0)
		return fail_sys(err, errno, "open", "/proc/self");
	identity_drop_groups(&entry->identity);
	bool joined_mount = entry->nsset.join & 1u << NSTYPE_MNT;
	if ((r = read_environ(entry, &program.env, err)) < 0 ||
		(r = lsm_set_exec(&entry->labels, self_fd, notice, err)) < 0 ||
		(r = nsset_join(&entry->nsset, self_fd, notice, err)) < 0 ||
		(r = rootdir_enter(&entry->rootdir, joined_mount, notice, err)) < 0 ||
		(r = identity_take(&entry->identity, self_fd, notice, err)) < 0 ||
		(r = shield(err)) < 0 || (r = find_command(entry, &program, err)) < 0)
		return r;
	*ret = program;
	if (program.argv == program.shell_argv)
		ret->argv = ret->shell_argv;
	program = (struct program){0};
	return 0;
}

void entry_fini(struct entry *entry)
{
	nsset_fini(&entry->nsset);
	rootdir_fini(&entry->rootdir);
}
