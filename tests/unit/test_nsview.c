// SPDX-License-Identifier: GPL-2.0-or-later
#include "nsview.h"
#include "unit.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

Test(nsview, every_kind_by_name)
{
	struct nsview_kind kinds[NSVIEW_KINDS];
	int count = 0;

	nsview_kinds(kinds);
	for (int i = 0; i < NSTYPE_COUNT; i++)
		count += 1 + (nstypes[i].children != NULL);
	check_int(count, NSVIEW_KINDS);
	for (int i = 0; i < NSVIEW_KINDS; i++) {
		char path[64];
		struct stat st;
		check_true(i == 0 || strcmp(kinds[i - 1].name, kinds[i].name) < 0);
		check_str(kinds[i].name, kinds[i].children ? nstypes[kinds[i].type].children
							   : nstypes[kinds[i].type].file);
		snprintf(path, sizeof(path), "/proc/self/ns/%s", kinds[i].name);
		check_int(stat(path, &st), 0);
	}
}

Test(nsview, our_own)
{
	struct nsview_kind kinds[NSVIEW_KINDS];
	struct nsnames names = {0};
	struct nsview view;
	struct error err = {0};

	nsview_kinds(kinds);
	cr_assert(nsview_read_self(&names, &view, &err) == 0, "%s", err.message);
	for (int i = 0; i < NSVIEW_KINDS; i++) {
		const struct nsview_row *row = nsview_row(&view, &kinds[i]);
		char path[64];
		struct stat st;
		snprintf(path, sizeof(path), "/proc/self/ns/%s", kinds[i].name);
		check_int(stat(path, &st), 0);
		check_u64(row->id, st.st_ino);
		check_true(row->same);
	}
	check_true(view.has_maps);
	check_true(view.uid_map.count > 0);
}

// A child that shares everything with us: nothing of it is to be joined.
Test(nsview, a_child_is_like_us)
{
	struct nsview_kind kinds[NSVIEW_KINDS];
	struct nsnames names = {0};
	struct nsview self, view;
	struct error err = {0};
	auto_target struct target target = TARGET_EMPTY;
	pid_t child = fork();

	if (child == 0) {
		pause();
		_exit(0);
	}
	nsview_kinds(kinds);
	check_int(nsview_read_self(&names, &self, &err), 0);
	cr_assert(target_open(child, &target, &err) == 0, "%s", err.message);
	cr_assert(nsview_read(&target, &self, &names, &view, &err) == 0, "%s", err.message);
	for (int i = 0; i < NSVIEW_KINDS; i++) {
		const struct nsview_row *row = nsview_row(&view, &kinds[i]);
		check_true(row->same);
		check_u64(row->id, nsview_row(&self, &kinds[i])->id);
		check_u64(row->owner, nsview_row(&self, &kinds[i])->owner);
		check_int(row->join.outcome, NSJOIN_SKIP);
		check_str(row->join.why, "");
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	check_true(nsview_read(&target, &self, &names, &view, &err) < 0);
	check_int(err.kind, ERROR_TARGET);
}
