// SPDX-License-Identifier: GPL-2.0-or-later
// Pure parser of /proc/PID/fdinfo/FD, proc_pid_fdinfo(5).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// What the text says; what it lacks is zero.
struct fdinfo {
	uint64_t flags; // of open(2)
	uint64_t inode; // Linux 5.14
	bool has_eventfd, has_sigmask, has_timer, has_pid;
	uint64_t eventfd_count;
	uint64_t sigmask; // bit N - 1: signal N
	uint64_t timer_clock, timer_ticks;
	uint64_t timer_ns, interval_ns; // until it expires, 0: it is disarmed; and after that
	int64_t pid, ns_pid;            // that a pidfd is of, also inside; -1: it is gone
	size_t inotify_watches;
};

// Parses TEXT. Lines that are not understood are passed over.
struct fdinfo fdinfo_parse(const char *text, size_t len);

// What an epoll instance watches.
struct fdinfo_watch {
	uint32_t fd; // by which it was added: by now it may be another file's
	uint32_t events;
	uint64_t inode; // of the file that is watched, where the kernel tells it (Linux 4.13)
};

// Finds the next watch from *CURSOR on, before END, and moves *CURSOR behind its line. Returns
// false at the end.
bool fdinfo_watch_next(const char **cursor, const char *end, struct fdinfo_watch *ret);
