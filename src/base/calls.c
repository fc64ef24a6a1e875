// SPDX-License-Identifier: GPL-2.0-or-later
// The table of system calls: those that can wait, and what they wait for.
#include "calls.h"

#include <asm/unistd.h>
#include <string.h>

// The columns.
enum {
	HEX = CALL_ARG_HEX,
	MEM = CALL_ARG_MEMORY,
	INT = CALL_ARG_INT,
	SIZE = CALL_ARG_SIZE,
	FD = CALL_ARG_FD,
	DIRFD = CALL_ARG_DIRFD,
	MS = CALL_ARG_MS,
	PID = CALL_ARG_PID,
	IDTYPE = CALL_ARG_IDTYPE,
	CLOCK = CALL_ARG_CLOCK,
	FUTEX_OP = CALL_ARG_FUTEX_OP,
	FLOCK = CALL_ARG_FLOCK,
	FCNTL = CALL_ARG_FCNTL,
	PATH = CALL_ARG_PATH,
	TIMESPEC = CALL_ARG_TIMESPEC,
	TIMEVAL = CALL_ARG_TIMEVAL,
	POLLFDS = CALL_ARG_POLLFDS,
	FDSET = CALL_ARG_FDSET,
	SIGSET = CALL_ARG_SIGSET,
	SOCKADDR = CALL_ARG_SOCKADDR,
	FILE_LOCK = CALL_ARG_FILE_LOCK,
	FUTEX_WORD = CALL_ARG_FUTEX_WORD,
};

// A row, whose first argument says that there is one.
#define ROW(name, ...) [__NR_##name] = {{__VA_ARGS__}}
#define NO_ARGUMENTS   0xff

static const struct call calls[] = {
	ROW(read, FD, MEM, SIZE),
	ROW(write, FD, MEM, SIZE),
	ROW(readv, FD, MEM, SIZE),
	ROW(writev, FD, MEM, SIZE),
	ROW(pread64, FD, MEM, SIZE, SIZE),
	ROW(pwrite64, FD, MEM, SIZE, SIZE),
	ROW(preadv, FD, MEM, SIZE, SIZE),
	ROW(pwritev, FD, MEM, SIZE, SIZE),
	ROW(preadv2, FD, MEM, SIZE, SIZE, SIZE, HEX),
	ROW(pwritev2, FD, MEM, SIZE, SIZE, SIZE, HEX),
	ROW(sendfile, FD, FD, MEM, SIZE),
	ROW(splice, FD, MEM, FD, MEM, SIZE, HEX),
	ROW(tee, FD, FD, SIZE, HEX),
	ROW(vmsplice, FD, MEM, SIZE, HEX),
	ROW(copy_file_range, FD, MEM, FD, MEM, SIZE, HEX),
	ROW(ioctl, FD, HEX, HEX),
	ROW(close, FD),
	ROW(fsync, FD),
	ROW(fdatasync, FD),
	ROW(syncfs, FD),
	ROW(sync_file_range, FD, SIZE, SIZE, HEX),
	ROW(fallocate, FD, HEX, SIZE, SIZE),
	ROW(ftruncate, FD, SIZE),
	ROW(getdents64, FD, MEM, SIZE),
	ROW(fstat, FD, MEM),
	ROW(openat, DIRFD, PATH, HEX, HEX),
	ROW(openat2, DIRFD, PATH, MEM, SIZE),
	ROW(newfstatat, DIRFD, PATH, MEM, HEX),
	ROW(statx, DIRFD, PATH, HEX, HEX, MEM),
	ROW(faccessat, DIRFD, PATH, HEX),
	ROW(faccessat2, DIRFD, PATH, HEX, HEX),
	ROW(readlinkat, DIRFD, PATH, MEM, SIZE),
	ROW(unlinkat, DIRFD, PATH, HEX),
	ROW(mkdirat, DIRFD, PATH, HEX),
	ROW(renameat2, DIRFD, PATH, DIRFD, PATH, HEX),
	ROW(execve, PATH, MEM, MEM),
	ROW(execveat, DIRFD, PATH, MEM, MEM, HEX),
	ROW(statfs, PATH, MEM),
	ROW(truncate, PATH, SIZE),
	ROW(chdir, PATH),
	ROW(umount2, PATH, HEX),
	ROW(flock, FD, FLOCK),
	ROW(fcntl, FD, FCNTL, FILE_LOCK),
	ROW(ppoll, POLLFDS, SIZE, TIMESPEC, SIGSET),
	ROW(pselect6, INT, FDSET, FDSET, FDSET, TIMESPEC, MEM),
	ROW(epoll_pwait, FD, MEM, INT, MS, SIGSET),
	ROW(epoll_pwait2, FD, MEM, INT, TIMESPEC, SIGSET),
	ROW(accept, FD, MEM, MEM),
	ROW(accept4, FD, MEM, MEM, HEX),
	ROW(connect, FD, SOCKADDR, SIZE),
	ROW(recvfrom, FD, MEM, SIZE, HEX, MEM, MEM),
	ROW(recvmsg, FD, MEM, HEX),
	ROW(recvmmsg, FD, MEM, SIZE, HEX, TIMESPEC),
	ROW(sendto, FD, MEM, SIZE, HEX, SOCKADDR, SIZE),
	ROW(sendmsg, FD, MEM, HEX),
	ROW(sendmmsg, FD, MEM, SIZE, HEX),
	ROW(futex, FUTEX_WORD, FUTEX_OP, INT, TIMESPEC),
	ROW(futex_waitv, MEM, SIZE, HEX, TIMESPEC, CLOCK),
	ROW(nanosleep, TIMESPEC),
	ROW(clock_nanosleep, CLOCK, HEX, TIMESPEC),
	ROW(wait4, PID, MEM, HEX, MEM),
	ROW(waitid, IDTYPE, INT, MEM, HEX, MEM),
	ROW(rt_sigsuspend, SIGSET),
	ROW(rt_sigtimedwait, SIGSET, MEM, TIMESPEC),
	ROW(msgrcv, INT, MEM, SIZE, INT, HEX),
	ROW(msgsnd, INT, MEM, SIZE, HEX),
	ROW(semop, INT, MEM, SIZE),
	ROW(semtimedop, INT, MEM, SIZE, TIMESPEC),
	ROW(mq_timedreceive, FD, MEM, SIZE, MEM, TIMESPEC),
	ROW(mq_timedsend, FD, MEM, SIZE, HEX, TIMESPEC),
	ROW(io_getevents, HEX, INT, INT, MEM, TIMESPEC),
	ROW(io_uring_enter, FD, SIZE, SIZE, HEX, MEM, SIZE),
	ROW(restart_syscall, NO_ARGUMENTS),
	ROW(sched_yield, NO_ARGUMENTS),
	ROW(sync, NO_ARGUMENTS),
#if defined(__x86_64__)
	ROW(open, PATH, HEX, HEX),
	ROW(creat, PATH, HEX),
	ROW(stat, PATH, MEM),
	ROW(lstat, PATH, MEM),
	ROW(access, PATH, HEX),
	ROW(readlink, PATH, MEM, SIZE),
	ROW(unlink, PATH),
	ROW(rmdir, PATH),
	ROW(mkdir, PATH, HEX),
	ROW(rename, PATH, PATH),
	ROW(poll, POLLFDS, SIZE, MS),
	ROW(select, INT, FDSET, FDSET, FDSET, TIMEVAL),
	ROW(epoll_wait, FD, MEM, INT, MS),
	ROW(pause, NO_ARGUMENTS),
	ROW(vfork, NO_ARGUMENTS),
#endif
};

static const struct call unknown = {{HEX, HEX, HEX, HEX, HEX, HEX}};
static const struct call no_arguments = {{CALL_ARG_NONE}};

const struct call *call_of(uint64_t nr)
{
	if (nr >= sizeof(calls) / sizeof(calls[0]) || calls[nr].args[0] == CALL_ARG_NONE)
		return &unknown;
	return calls[nr].args[0] == NO_ARGUMENTS ? &no_arguments : &calls[nr];
}

// LEN bytes at ADDR, as far as they are in one page.
static struct call_region in_page(uint64_t addr, size_t len)
{
	size_t left = CALL_PAGE - addr % CALL_PAGE;

	return (struct call_region){addr, len < left ? len : left};
}

static struct call_region word_region(uint64_t addr)
{
	struct call_region region = {addr - call_word_offset(addr), CALL_WORD_LEN};

	return in_page(region.addr, region.len);
}

size_t call_word_offset(uint64_t addr)
{
	return addr % CALL_PAGE < CALL_WORD_BEFORE ? addr % CALL_PAGE : CALL_WORD_BEFORE;
}

struct call_region call_region_of(uint64_t nr, const uint64_t args[CALL_ARGS], size_t index)
{
	enum { PATH_LEN = 256, POLLFD_LEN = 8, WORD = 8, TIME_LEN = 16, SOCKADDR_LEN = 110 };
	uint64_t addr = args[index], next = index + 1 < CALL_ARGS ? args[index + 1] : 0;
	struct call_region region = {addr, 0};

	if (addr == 0)
		return region;
	switch (call_of(nr)->args[index]) {
	case CALL_ARG_PATH:
		return in_page(addr, PATH_LEN);
	case CALL_ARG_TIMESPEC:
	case CALL_ARG_TIMEVAL:
		region.len = TIME_LEN;
		break;
	case CALL_ARG_POLLFDS:
		next &= UINT32_MAX;
		region.len = (next < CALL_POLLFDS_MAX ? next : CALL_POLLFDS_MAX) * POLLFD_LEN;
		break;
	case CALL_ARG_FDSET:
		next = args[0] > INT32_MAX ? 0 : (args[0] + 63) / 64 * WORD;
		region.len = next < CALL_FDSET_BITS / 8 ? next : CALL_FDSET_BITS / 8;
		break;
	case CALL_ARG_SIGSET:
		region.len = WORD;
		break;
	case CALL_ARG_SOCKADDR:
		next &= UINT32_MAX;
		region.len = next < SOCKADDR_LEN ? next : SOCKADDR_LEN;
		break;
	case CALL_ARG_FILE_LOCK:
		region.len = 4 * WORD;
		break;
	case CALL_ARG_FUTEX_WORD:
		return word_region(addr);
	default:
		break;
	}
	return region;
}

uint64_t call_restarted(const unsigned char code[CALL_CODE_LEN])
{
	// kernel/futex/waitwake.c, fs/select.c, kernel/time/{hrtimer,posix-timers}.c
	static const uint64_t restartable[] = {
		__NR_futex,
		__NR_nanosleep,
		__NR_clock_nanosleep,
#if defined(__x86_64__)
		__NR_poll,
#endif
	};
	uint32_t nr = 0;

#if defined(__x86_64__)
	// mov $nr, %eax; syscall
	if (code[1] != 0xb8 || code[6] != 0x0f || code[7] != 0x05)
		return 0;
	memcpy(&nr, code + 2, sizeof(nr));
#else
	uint32_t insns[2];
	memcpy(insns, code, sizeof(insns));
	// mov x8, nr; svc 0
	if ((insns[0] & 0xffe0001f) != 0xd2800008 || insns[1] != 0xd4000001)
		return 0;
	nr = insns[0] >> 5 & 0xffff;
#endif
	for (size_t i = 0; i < sizeof(restartable) / sizeof(restartable[0]); i++)
		if (nr == restartable[i])
			return nr;
	return 0;
}

bool call_pollfd_of(const unsigned char *bytes, size_t len, size_t index, struct call_pollfd *ret)
{
	enum { ROW_LEN = 8, EVENTS_AT = 4 };

	if (index >= len / ROW_LEN)
		return false;
	memcpy(&ret->fd, bytes + index * ROW_LEN, sizeof(ret->fd));
	memcpy(&ret->events, bytes + index * ROW_LEN + EVENTS_AT, sizeof(ret->events));
	return true;
}

bool call_fdset_next(const unsigned char *bytes, size_t len, int *fd)
{
	for (size_t at = (size_t)*fd; at < len * 8; at++) {
		if (!(bytes[at / 8] >> at % 8 & 1))
			continue;
		*fd = (int)at;
		return true;
	}
	return false;
}
