// SPDX-License-Identifier: GPL-2.0-or-later
#include "fdinfo.h"
#include "unit.h"

#include <fcntl.h>

static struct fdinfo parse(const char *text)
{
	return fdinfo_parse(text, strlen(text));
}

Test(fdinfo, flags_and_inode)
{
	struct fdinfo info = parse("pos:\t0\nflags:\t02000001\nmnt_id:\t17\nino:\t26\n");

	check_u64(info.flags & O_ACCMODE, O_WRONLY);
	check_u64(info.inode, 26);
	check_false(info.has_eventfd || info.has_pid || info.has_timer || info.has_sigmask);
}

Test(fdinfo, files_without_a_name)
{
	struct fdinfo info = parse("eventfd-count:               1f\neventfd-id: 1\n");

	check_true(info.has_eventfd);
	check_u64(info.eventfd_count, 0x1f);
	info = parse("sigmask:\t0000000000000a00\n");
	check_true(info.has_sigmask);
	check_u64(info.sigmask, 0xa00);
	info = parse("clockid: 1\nticks: 3\nsettime flags: 00\nit_value: (12, 500000000)\n"
		     "it_interval: (0, 7)\n");
	check_true(info.has_timer);
	check_u64(info.timer_clock, 1);
	check_u64(info.timer_ticks, 3);
	check_u64(info.timer_ns, 12500000000);
	check_u64(info.interval_ns, 7);
	info = parse("Pid:\t4711\nNSpid:\t4711\t52\t1\n");
	check_true(info.has_pid);
	check_int(info.pid, 4711);
	check_int(info.ns_pid, 1);
	info = parse("Pid:\t-1\nNSpid:\t0\n");
	check_int(info.pid, -1);
	info = parse("inotify wd:2 ino:1\ninotify wd:1 ino:2\n");
	check_u64(info.inotify_watches, 2);
}

Test(fdinfo, nonsense)
{
	static const char *const texts[] = {"", "\n\n", "flags:", "flags:\t9", "ino:\t-",
		"Pid:", "Pid:\t99999999999", "it_value: (", "it_value: (1",
		"it_value: (1, 1000000000)", "it_value: (18446744073709551616, 0)",
		"sigmask:\tfffffffffffffffff", "NSpid:\t"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct fdinfo info = parse(texts[i]);
		check_u64(info.timer_ns, 0);
		check_u64(info.inode, 0);
		check_true(info.pid <= 0);
	}
	check_u64(parse("it_value: (18446744073709551615, 0)").timer_ns, INT64_MAX);
}

Test(fdinfo, watches)
{
	static const char text[] =
		"pos:\t0\nflags:\t02\n"
		"tfd:        4 events:       19 data:                4  pos:0 ino:b662a sdev:9\n"
		"tfd: x events: 1\n"
		"tfd: 4294967295 events: 1\n"
		"tfd:       12 events: 80000001 data: ffffffffffffffff";
	const char *cursor = text, *end = text + strlen(text);
	struct fdinfo_watch watch;

	check_true(fdinfo_watch_next(&cursor, end, &watch));
	check_int(watch.fd, 4);
	check_u64(watch.events, 0x19);
	check_u64(watch.inode, 0xb662a);
	check_true(fdinfo_watch_next(&cursor, end, &watch));
	check_int(watch.fd, 12);
	check_u64(watch.events, 0x80000001);
	check_u64(watch.inode, 0);
	check_false(fdinfo_watch_next(&cursor, end, &watch));
	check_true(cursor == end);
}
