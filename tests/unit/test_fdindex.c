// SPDX-License-Identifier: GPL-2.0-or-later
#include "fdindex.h"

#include "clock.h"
#include "unit.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static struct context_run run;

// How our fd is open by the index of RUN: FDINDEX_*; 0: it is not there.
static unsigned modes_of(const struct fdindex *index, int fd)
{
	char path[64], link[256], mount_ns[64];
	unsigned modes = 0;
	size_t count;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ssize_t len = readlink(path, link, sizeof(link) - 1);
	link[len < 0 ? 0 : len] = '\0';
	len = readlink("/proc/self/ns/mnt", mount_ns, sizeof(mount_ns) - 1);
	mount_ns[len < 0 ? 0 : len] = '\0';
	const struct fdindex_row *rows = fdindex_find(index, fdindex_key(link, mount_ns), &count);
	for (size_t i = 0; i < count; i++)
		if (rows[i].pid == (uint32_t)getpid() && rows[i].fd == (unsigned)fd)
			modes |= rows[i].modes;
	return modes;
}

static void begin(void)
{
	run = (struct context_run){
		.index_fd = fdindex_create(), .deadline_us = clock_now_us() + 60 * 1000000ULL};
	check_true(run.index_fd >= 0);
}

Test(fdindex, is_made_once)
{
	struct fdindex index = {0}, again = {0};
	int first[2], second[2];

	begin();
	check_int(pipe(first), 0);
	check_int(fdindex_open(&run, &index), 0);
	check_int((int)modes_of(&index, first[0]), FDINDEX_READS);
	check_int((int)modes_of(&index, first[1]), FDINDEX_WRITES);
	check_true(!index.cut);
	for (size_t i = 1; i < index.count; i++)
		check_true(index.rows[i - 1].key <= index.rows[i].key);

	check_int(pipe(second), 0);
	check_int(fdindex_open(&run, &again), 0);
	check_int((int)again.count, (int)index.count);
	check_int((int)modes_of(&again, second[0]), 0);
	fdindex_fini(&index);
	fdindex_fini(&again);
	close(run.index_fd);
}

Test(fdindex, has_names)
{
	struct fdindex index = {0};

	begin();
	FILE *file = tmpfile();
	check_true(file != NULL);
	check_int(fdindex_open(&run, &index), 0);
	check_int((int)modes_of(&index, fileno(file)), FDINDEX_READS | FDINDEX_WRITES);
	check_true(fdindex_key("/a", "mnt:[1]") != fdindex_key("/a", "mnt:[2]"));
	check_true(fdindex_key("pipe:[1]", "") != fdindex_key("socket:[1]", ""));
	check_true(fdindex_key("anon_inode:[eventfd]", "") == 0);
	fdindex_fini(&index);
	fclose(file);
	close(run.index_fd);
}

// What is cut off or says too much is made anew, not believed.
Test(fdindex, is_not_believed_unless_whole)
{
	struct fdindex index = {0};
	struct stat st;
	int pipe_fds[2];

	begin();
	check_int(fdindex_open(&run, &index), 0);
	fdindex_fini(&index);
	check_int(pipe(pipe_fds), 0);
	check_int(fstat(run.index_fd, &st), 0);
	check_int(ftruncate(run.index_fd, st.st_size - 1), 0);
	check_int(fdindex_open(&run, &index), 0);
	check_int((int)modes_of(&index, pipe_fds[0]), FDINDEX_READS);
	fdindex_fini(&index);
	close(run.index_fd);
}

// A pass that had no time says nothing to those that have.
Test(fdindex, is_not_kept_when_hurried)
{
	struct fdindex index = {0};
	int pipe_fds[2];

	begin();
	check_int(pipe(pipe_fds), 0);
	run.deadline_us = clock_now_us();
	check_int(fdindex_open(&run, &index), -ETIME);
	run.deadline_us = clock_now_us() + 60 * 1000000ULL;
	check_int(fdindex_open(&run, &index), 0);
	check_int((int)modes_of(&index, pipe_fds[1]), FDINDEX_WRITES);
	fdindex_fini(&index);
	close(run.index_fd);
}
