// SPDX-License-Identifier: GPL-2.0-or-later
// Pure parsers of what a cgroup's files say about its limits and its pressure. Source:
// Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/memory.rst, accounting/psi.rst,
// scheduler/sched-bwc.rst.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CGROUP_UNLIMITED UINT64_MAX

// Parses TEXT of LEN bytes, a file with one limit, into *RET: a number, or CGROUP_UNLIMITED for
// "max", "-1", and what v1 shows of memory without a limit. Fails with -EINVAL; *RET is then
// untouched.
int cgroup_limit_parse(const char *text, size_t len, uint64_t *ret);

// So much processor time in each period.
struct cgroup_quota {
	uint64_t quota_us; // or CGROUP_UNLIMITED
	uint64_t period_us;
};

// Parses TEXT, a cpu.max: "max 100000", "50000 100000". Fails as cgroup_limit_parse().
int cgroup_quota_parse(const char *text, size_t len, struct cgroup_quota *ret);

// Which share of the time some, or all, tasks waited for a resource.
struct cgroup_stall {
	bool is_known;
	uint32_t avg10, avg60, avg300; // in hundredths of a percent, over so many seconds
	uint64_t total_us;
};

struct cgroup_pressure {
	struct cgroup_stall some, full;
};

// Parses TEXT, a memory.pressure, cpu.pressure or io.pressure; what a line of a later kernel says
// is skipped. Fails as cgroup_limit_parse().
int cgroup_pressure_parse(const char *text, size_t len, struct cgroup_pressure *ret);
