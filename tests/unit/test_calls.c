// SPDX-License-Identifier: GPL-2.0-or-later
#include "calls.h"
#include "unit.h"

#include <asm/unistd.h>
#include <poll.h>
#include <sys/select.h>

enum { NUMBERS = 1024 };

static struct call_region region(uint64_t nr, uint64_t a, uint64_t b, uint64_t c, size_t index)
{
	const uint64_t args[CALL_ARGS] = {a, b, c, c, c, c};

	return call_region_of(nr, args, index);
}

Test(calls, every_number)
{
	static const uint64_t values[] = {0, 1, 4096, INT32_MAX, UINT32_MAX, UINT64_MAX};

	for (uint64_t nr = 0; nr < NUMBERS; nr++) {
		bool ended = false;
		for (size_t i = 0; i < CALL_ARGS; i++) {
			enum call_arg kind = call_of(nr)->args[i];
			check_true(kind <= CALL_ARG_FUTEX_WORD);
			check_true(!ended || kind == CALL_ARG_NONE);
			ended |= kind == CALL_ARG_NONE;
			// Whatever it points to is bounded, and only pointers do.
			for (size_t v = 0; v < sizeof(values) / sizeof(values[0]); v++) {
				const uint64_t x = values[v];
				size_t len = region(nr, x, x, x, i).len;
				check_true(len <= 512 && (len == 0 || kind >= CALL_ARG_PATH));
			}
			check_u64(region(nr, 0, 0, 0, i).len, 0);
		}
	}
	check_true(call_of(UINT64_MAX) == call_of(NUMBERS));
	check_int(call_of(UINT64_MAX)->args[5], CALL_ARG_HEX);
}

Test(calls, regions)
{
	check_u64(region(__NR_ppoll, 0x1000, 3, 0, 0).len, 24);
	check_u64(region(__NR_ppoll, 0x1000, 1000, 0, 0).len, CALL_POLLFDS_MAX * 8);
	check_u64(region(__NR_pselect6, 1, 0x1000, 0x2000, 1).len, 8);
	check_u64(region(__NR_pselect6, 64, 0x1000, 0x2000, 2).len, 8);
	check_u64(region(__NR_pselect6, 65, 0x1000, 0x2000, 2).len, 16);
	check_u64(region(__NR_pselect6, 100000, 0x1000, 0x2000, 2).len, CALL_FDSET_BITS / 8);
	check_u64(region(__NR_nanosleep, 0x1000, 0, 0, 0).len, 16);
	check_u64(region(__NR_connect, 3, 0x1000, 16, 1).len, 16);
	// A path is not read into the next page, which may not be there.
	check_u64(region(__NR_openat, 3, 0x1ff0, 0, 1).len, 16);
	check_u64(region(__NR_openat, 3, 0x1000, 0, 1).len, 256);
}

Test(calls, futex_words)
{
	struct call_region around = region(__NR_futex, 0x1100, 0, 0, 0);

	check_u64(around.addr, 0x10f0);
	check_u64(around.len, CALL_WORD_LEN);
	check_u64(call_word_offset(0x1100), 16);
	around = region(__NR_futex, 0x1004, 0, 0, 0);
	check_u64(around.addr, 0x1000);
	check_u64(call_word_offset(0x1004), 4);
	around = region(__NR_futex, 0x1ffc, 0, 0, 0);
	check_u64(around.addr + around.len, 0x2000);
}

Test(calls, restarted)
{
#if defined(__x86_64__)
	unsigned char code[CALL_CODE_LEN] = {0x90, 0xb8, 0, 0, 0, 0, 0x0f, 0x05};
	const uint32_t poll_nr = __NR_poll, read_nr = __NR_read;

	memcpy(code + 2, &poll_nr, 4);
	check_u64(call_restarted(code), __NR_poll);
	memcpy(code + 2, &read_nr, 4); // which is never restarted so
	check_u64(call_restarted(code), 0);
	memcpy(code + 2, &poll_nr, 4);
	code[7] = 0x34;
	check_u64(call_restarted(code), 0);
#else
	const uint32_t insns[] = {0xd2800008 | __NR_futex << 5, 0xd4000001};
	unsigned char code[CALL_CODE_LEN];

	memcpy(code, insns, sizeof(code));
	check_u64(call_restarted(code), __NR_futex);
	code[0] ^= 1;
	check_u64(call_restarted(code), 0);
#endif
}

Test(calls, polled_fds)
{
	const struct pollfd fds[] = {{.fd = 3, .events = POLLIN}, {.fd = -1, .events = POLLOUT}};
	const unsigned char *bytes = (const unsigned char *)fds;
	struct call_pollfd row;

	check_true(call_pollfd_of(bytes, sizeof(fds), 0, &row));
	check_int(row.fd, 3);
	check_int(row.events, POLLIN);
	check_true(call_pollfd_of(bytes, sizeof(fds), 1, &row));
	check_int(row.fd, -1);
	check_false(call_pollfd_of(bytes, sizeof(fds), 2, &row));
	check_false(call_pollfd_of(bytes, sizeof(fds) - 1, 1, &row));
	check_false(call_pollfd_of(NULL, 0, 0, &row));
}

Test(calls, sets_of_fds)
{
	fd_set set;
	int fd = 0;

	FD_ZERO(&set);
	FD_SET(0, &set);
	FD_SET(63, &set);
	FD_SET(1023, &set);
	const unsigned char *bytes = (const unsigned char *)&set;
	check_true(call_fdset_next(bytes, sizeof(set), &fd));
	check_int(fd++, 0);
	check_true(call_fdset_next(bytes, sizeof(set), &fd));
	check_int(fd++, 63);
	check_false(call_fdset_next(bytes, 16, &fd));
	check_true(call_fdset_next(bytes, sizeof(set), &fd));
	check_int(fd++, 1023);
	check_false(call_fdset_next(bytes, sizeof(set), &fd));
}
