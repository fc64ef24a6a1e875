// SPDX-License-Identifier: GPL-2.0-or-later
#include "proc_wait.h"
#include "unit.h"

static int parse(const char *text, struct proc_stat *ret)
{
	return proc_stat_parse(text, strlen(text), ret);
}

Test(proc_wait, stat)
{
	struct proc_stat stat;

	check_int(parse("4711 (a) R 1 (b) R 1 2 3 4 5 6 7 8 9 10 120 30 0 0 20 0 1 0 99 1 2 3 4 5 "
			"6 7 "
			"8 9 10 11 12 13 17 0 0 7 0 0",
			  &stat),
		0);
	check_u64(stat.user_ticks, 120);
	check_u64(stat.system_ticks, 30);
	check_int(stat.cpu, 7);
	check_int(parse("", &stat), -EINVAL);
	check_int(parse("1 (a) R 1 2 3", &stat), -EINVAL);
	check_int(parse("4711 (a) R 1 2 3 4 5 6 7 8 9 10 x 30 0 0 20 0 1 0 99 1 2 3 4 5 6 7 "
			"8 9 10 11 12 13 17 0 0 7 0 0",
			  &stat),
		-EINVAL);
	check_int(stat.cpu, 7);
}

Test(proc_wait, kernel_stack)
{
	static const char text[] = "[<0>] do_epoll_wait+0x548/0x6f0\nnonsense\n[<0>]\n[<0>] \n"
				   "[<ffffffff81>] fuse_wait+0x1/0x2 [fuse]\n[<0>] last+0x3";
	const char *cursor = text, *end = text + strlen(text), *function;
	size_t len;

	check_true(proc_stack_next(&cursor, end, &function, &len));
	check_bytes(function, len, "do_epoll_wait+0x548");
	check_true(proc_stack_next(&cursor, end, &function, &len));
	check_bytes(function, len, "fuse_wait+0x1");
	check_true(proc_stack_next(&cursor, end, &function, &len));
	check_bytes(function, len, "last+0x3");
	check_false(proc_stack_next(&cursor, end, &function, &len));
}

Test(proc_wait, links)
{
	check_u64(proc_link_inode("pipe:[12]", "pipe"), 12);
	check_u64(proc_link_inode("socket:[18446744073709551615]", "socket"), UINT64_MAX);
	check_u64(proc_link_inode("pipe:[12]", "socket"), 0);
	check_u64(proc_link_inode("pipe:[12] (deleted)", "pipe"), 0);
	check_u64(proc_link_inode("pipe:[]", "pipe"), 0);
	check_u64(proc_link_inode("pipe:", "pipe"), 0);
	check_u64(proc_link_inode("/pipe:[12]", "pipe"), 0);
}

Test(proc_wait, paths_below_a_root)
{
	check_str(proc_path_below("/srv/box/etc/x", "/srv/box"), "/etc/x");
	check_str(proc_path_below("/srv/box", "/srv/box"), "/");
	check_str(proc_path_below("/srv/boxes/x", "/srv/box"), "/srv/boxes/x");
	check_str(proc_path_below("/etc/x", "/"), "/etc/x");
	check_str(proc_path_below("/etc/x", ""), "/etc/x");
}
