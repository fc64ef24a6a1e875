// SPDX-License-Identifier: GPL-2.0-or-later
// Memory into files.
#include "memoryfile.h"

#include "cleanup.h"
#include "memory.h"
#include "subtask.h"

#include <string.h>
#include <sys/mman.h>

enum { READ_MS = 500 };

struct job {
	const struct target *target;
	const struct memory_range *ranges;
	size_t count;
	unsigned char *to;
};

static int run_job(void *arg)
{
	const struct job *job = arg;
	auto_fd int memory = memory_open(job->target);
	unsigned char *to = job->to;

	for (size_t i = 0; i < job->count; i++) {
		const struct memory_range *range = &job->ranges[i];
		uint64_t got = 0;
		ssize_t n = memory_read(job->target->pid, memory, range->addr, to + sizeof(got),
			(size_t)range->len);
		if (n > 0)
			got = (uint64_t)n;
		memcpy(to, &got, sizeof(got));
		to += sizeof(got) + range->len;
	}
	return 0;
}

int memoryfile_read(const struct target *target, const struct memory_range *ranges, size_t count)
{
	uint64_t len = 0;

	if (count == 0 || count > MEMORY_RANGES_MAX)
		return -EINVAL;
	for (size_t i = 0; i < count; i++) {
		if (ranges[i].len > MEMORY_BYTES_MAX)
			return -EINVAL;
		len += sizeof(uint64_t) + ranges[i].len;
	}
	if (len > MEMORY_BYTES_MAX)
		return -EINVAL;
	auto_fd int fd = memfd_create("nspeek-memory", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, (off_t)len) < 0)
		return -errno;
	void *bytes = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (bytes == MAP_FAILED)
		return -errno;
	struct job job = {target, ranges, count, bytes};
	int r = subtask_run(run_job, &job, READ_MS);
	munmap(bytes, len);
	return r < 0 ? r : take_fd(&fd);
}
