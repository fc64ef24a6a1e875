// SPDX-License-Identifier: GPL-2.0-or-later
// The table of calls that return EINTR after a stop.
#include "eintr.h"

#include "fd.h"
#include "proc.h"

#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
	long nr;
	bool sockets_only; // its first argument is an fd; of a socket it may have a timeout
} calls[] = {
#ifdef SYS_epoll_wait
	{SYS_epoll_wait, false},
#endif
	{SYS_epoll_pwait, false},
#ifdef SYS_epoll_pwait2
	{SYS_epoll_pwait2, false},
#endif
	{SYS_semop, false},
	{SYS_semtimedop, false},
	{SYS_rt_sigtimedwait, false},
	{SYS_io_getevents, false},
#ifdef SYS_io_pgetevents
	{SYS_io_pgetevents, false},
#endif
	{SYS_io_uring_enter, false},
	// With SO_RCVTIMEO or SO_SNDTIMEO, which cannot be seen from outside.
	{SYS_accept, false},
	{SYS_accept4, false},
	{SYS_connect, false},
	{SYS_recvfrom, false},
	{SYS_recvmsg, false},
	{SYS_recvmmsg, false},
	{SYS_sendto, false},
	{SYS_sendmsg, false},
	{SYS_sendmmsg, false},
	{SYS_read, true},
	{SYS_readv, true},
	{SYS_write, true},
	{SYS_writev, true},
};

static bool is_socket(const struct plan *plan, pid_t tid, uint64_t fd)
{
	char path[64], link[32];

	snprintf(path, sizeof(path), "%d/fd/%llu", tid, (unsigned long long)fd);
	ssize_t len = readlinkat(plan->task_dir_fd, path, link, sizeof(link));
	// What cannot be looked at may be one.
	return len < 0 || (len > 7 && memcmp(link, "socket:", 7) == 0);
}

bool eintr_is_prone(const struct plan *plan, pid_t tid)
{
	char path[32], text[256];
	struct proc_syscall call;

	snprintf(path, sizeof(path), "%d/syscall", tid);
	ssize_t len = fd_read_small_at(plan->task_dir_fd, path, text, sizeof(text));
	if (len < 0 || proc_syscall_parse(text, (size_t)len, &call) < 0 ||
		call.kind != PROC_SYSCALL_BLOCKED)
		return false;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (call.nr == (uint64_t)calls[i].nr)
			return !calls[i].sockets_only || is_socket(plan, tid, call.args[0]);
	return false;
}
