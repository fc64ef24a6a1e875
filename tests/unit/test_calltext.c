// SPDX-License-Identifier: GPL-2.0-or-later
#include "calltext.h"
#include "unit.h"

#include <arpa/inet.h>
#include <asm/unistd.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/un.h>
#include <time.h>

static char text[256];

// Argument INDEX of a call with ARGS, which points to LEN BYTES.
static const char *show(
	uint64_t nr, const uint64_t *args, size_t index, const void *bytes, size_t len)
{
	const struct calltext arg = {nr, args, index, bytes, len};

	return calltext_of(&arg, text, sizeof(text));
}

static const char *number(uint64_t nr, uint64_t value, size_t index)
{
	const uint64_t args[CALL_ARGS] = {value, value, value, value, value, value};

	return show(nr, args, index, NULL, 0);
}

Test(calltext, numbers)
{
	check_str(number(__NR_read, 3, 0), "3");
	check_str(number(__NR_read, 0x7f001000, 1), "0x7f001000");
	check_str(number(__NR_read, 0, 1), "0");
	check_str(number(__NR_read, UINT64_MAX, 2), "18446744073709551615");
	check_str(number(__NR_openat, (uint32_t)AT_FDCWD, 0), "AT_FDCWD");
	check_str(number(__NR_openat, 5, 0), "5");
	check_str(number(__NR_epoll_pwait, UINT32_MAX, 3), "no timeout");
	check_str(number(__NR_epoll_pwait, 1500, 3), "1500 ms");
	check_str(number(__NR_wait4, UINT32_MAX, 0), "any child");
	check_str(number(__NR_wait4, 12, 0), "child 12");
	check_str(number(__NR_wait4, 0, 0), "any child of its group");
	check_str(number(__NR_wait4, (uint32_t)-12, 0), "any child of group 12");
	check_str(number(__NR_waitid, 1, 0), "P_PID");
	check_str(number(__NR_waitid, 77, 0), "0x4d");
	check_str(number(__NR_flock, LOCK_EX, 1), "LOCK_EX");
	check_str(number(__NR_flock, LOCK_SH | LOCK_NB, 1), "LOCK_SH|LOCK_NB");
	check_str(number(__NR_fcntl, F_SETLKW, 1), "F_SETLKW");
	check_str(number(__NR_clock_nanosleep, CLOCK_MONOTONIC, 0), "CLOCK_MONOTONIC");
	check_str(number(__NR_futex, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 1), "WAIT|PRIVATE");
	check_str(number(__NR_futex, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME,
			  1),
		"WAIT_BITSET|PRIVATE|CLOCK_REALTIME");
	check_str(number(UINT64_MAX, 0x10, 5), "0x10");
}

Test(calltext, paths)
{
	const uint64_t args[CALL_ARGS] = {0, 0x1000};

	check_str(show(__NR_openat, args, 1, "/a/b\0c", 6), "\"/a/b\"");
	check_str(show(__NR_openat, args, 1, "/a/b", 4), "\"/a/b\"...");
	check_str(show(__NR_openat, args, 1, NULL, 0), "0x1000");
}

Test(calltext, times)
{
	const int64_t time[2] = {12, 345678901}, wrong[2] = {-1, -1};
	uint64_t args[CALL_ARGS] = {0x1000, 0, 0x1000, 0x1000};

	check_str(show(__NR_nanosleep, args, 0, time, sizeof(time)), "12.345 s");
	check_str(show(__NR_nanosleep, args, 0, wrong, sizeof(wrong)), "-1.000 s");
	check_str(show(__NR_nanosleep, args, 0, time, 8), "0x1000");
	args[0] = CLOCK_MONOTONIC;
	check_str(show(__NR_clock_nanosleep, args, 2, time, sizeof(time)), "12.345 s");
	args[1] = TIMER_ABSTIME;
	check_str(show(__NR_clock_nanosleep, args, 2, time, sizeof(time)),
		"until 12.345 s of CLOCK_MONOTONIC");
	args[1] = FUTEX_WAIT;
	check_str(show(__NR_futex, args, 3, time, sizeof(time)), "12.345 s");
	args[1] = FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME;
	check_str(
		show(__NR_futex, args, 3, time, sizeof(time)), "until 12.345 s of CLOCK_REALTIME");
	args[3] = 0;
	check_str(show(__NR_futex, args, 3, NULL, 0), "no timeout");
}

Test(calltext, files)
{
	const struct pollfd fds[] = {
		{.fd = 3, .events = POLLIN}, {.fd = -1, .events = POLLIN | POLLOUT}};
	uint64_t args[CALL_ARGS] = {0x1000, 2, 0x1000};
	const unsigned char set[8] = {0x09, 0x80};

	check_str(show(__NR_ppoll, args, 0, fds, sizeof(fds)), "[3 IN, -1 IN|OUT]");
	args[1] = 100;
	check_str(show(__NR_ppoll, args, 0, fds, sizeof(fds)), "[3 IN, -1 IN|OUT and 98 more]");
	check_str(show(__NR_ppoll, args, 0, NULL, 0), "[100 more]");
	args[0] = 16;
	check_str(show(__NR_pselect6, args, 1, set, sizeof(set)), "[0, 3, 15]");
	args[0] = 4; // what is above is not looked at
	check_str(show(__NR_pselect6, args, 1, set, sizeof(set)), "[0, 3]");
	args[1] = 0;
	check_str(show(__NR_pselect6, args, 1, NULL, 0), "none");
}

Test(calltext, addresses)
{
	const uint64_t args[CALL_ARGS] = {3, 0x1000, 16};
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(80)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(443)};
	struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "/run/x"};

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	check_str(show(__NR_connect, args, 1, &in, sizeof(in)), "127.0.0.1:80");
	check_str(show(__NR_connect, args, 1, &in, 8), "0x1000");
	check_str(show(__NR_connect, args, 1, &in6, sizeof(in6)), "[::]:443");
	check_str(show(__NR_connect, args, 1, &un, sizeof(un)), "/run/x");
	check_str(show(__NR_connect, args, 1, &un, 4), "/r");
	memcpy(un.sun_path, "\0abc", 5);
	check_str(show(__NR_connect, args, 1, &un, 6), "@abc");
}

Test(calltext, locks_and_signals)
{
	uint64_t args[CALL_ARGS] = {3, F_SETLKW, 0x1000};
	const struct flock lock = {.l_type = F_WRLCK, .l_start = 5, .l_len = 10};
	const uint64_t mask = 1 << 9;

	check_str(show(__NR_fcntl, args, 2, &lock, sizeof(lock)), "{F_WRLCK from 5, 10 bytes}");
	args[1] = F_GETFD;
	check_str(show(__NR_fcntl, args, 2, NULL, 0), "0x1000");
	check_str(show(__NR_rt_sigsuspend, args, 0, &mask, sizeof(mask)), "{SIGUSR1}");
	check_str(show(__NR_rt_sigsuspend, args, 0, NULL, 0), "0x3");
}

Test(calltext, events)
{
	check_str(calltext_events(POLLIN, text, sizeof(text)), "IN");
	check_str(calltext_events(0x80000001, text, sizeof(text)), "IN|ET");
	check_str(calltext_events(0, text, sizeof(text)), "0x0");
	check_str(calltext_events(0x800, text, sizeof(text)), "0x800");
}

// Whatever stands there, nothing but what was copied is read, and nothing but the buffer written.
Test(calltext, every_argument_of_every_call)
{
	static const uint64_t values[] = {0, 1, 0x7fffffff, UINT64_MAX};
	char small[64];

	for (uint64_t nr = 0; nr < 512; nr++)
		for (size_t v = 0; v < sizeof(values) / sizeof(values[0]); v++)
			for (size_t i = 0; i < CALL_ARGS; i++) {
				uint64_t args[CALL_ARGS];
				for (size_t j = 0; j < CALL_ARGS; j++)
					args[j] = values[v];
				struct call_region region = call_region_of(nr, args, i);
				for (size_t len = 0; len <= region.len; len += 7) {
					unsigned char *bytes = malloc(len + 1);
					memset(bytes, (int)(v * 85), len);
					const struct calltext arg = {nr, args, i, bytes, len};
					memset(small, 'x', sizeof(small));
					calltext_of(&arg, small, sizeof(small));
					check_true(memchr(small, '\0', sizeof(small)) != NULL);
					free(bytes);
				}
			}
}
