// SPDX-License-Identifier: GPL-2.0-or-later
// Who is in a container. What it takes a container for is in the system tests.
#include "members.h"

#include "unit.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t sleeper(void)
{
	pid_t pid = fork();

	while (pid == 0)
		pause();
	return pid;
}

// A process of our own namespaces: its container is its cgroup, or there is none. Neither the
// caller nor its children are listed.
Test(members, of_our_own)
{
	pid_t pid = sleeper();
	struct target target = TARGET_EMPTY;
	struct members members = {0};
	struct error err = {0};

	check_true(pid > 0);
	check_int(target_open(pid, &target, &err), 0);
	int r = members_find(&target, &members, &err);
	if (r < 0) {
		check_int(err.kind, ERROR_TARGET);
		cr_assert(strstr(err.message, "is in no container") != NULL, "%s", err.message);
	} else {
		check_int(members_list(&members, &err), 0);
		check_true(members_has(&members, &target));
		for (size_t i = 0; i < members.count; i++) {
			check_true(members.pids[i] != pid && members.pids[i] != getpid());
			check_true(i == 0 || members.pids[i] > members.pids[i - 1]);
		}
	}
	members_fini(&members);
	target_fini(&target);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	check_no_leak();
}

Test(members, of_a_process_that_is_gone)
{
	pid_t pid = sleeper();
	struct target target = TARGET_EMPTY;
	struct members members = {0};
	struct error err = {0};

	check_int(target_open(pid, &target, &err), 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	check_true(members_find(&target, &members, &err) < 0);
	check_false(members_has(&members, &target));
	check_true(members.pids == NULL);
	members_fini(&members);
	target_fini(&target);
	check_no_leak();
}
