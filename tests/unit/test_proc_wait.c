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
	check_int(stat.state, 'R');
	check_int(parse("", &stat), -EINVAL);
	check_int(parse("1 (a) R 1 2 3", &stat), -EINVAL);
	check_int(parse("4711 (a) R 1 2 3 4 5 6 7 8 9 10 x 30 0 0 20 0 1 0 99 1 2 3 4 5 6 7 "
			"8 9 10 11 12 13 17 0 0 7 0 0",
			  &stat),
		-EINVAL);
	check_int(stat.cpu, 7);
}

#define RULE "-------------------------------------------------------------------\n"

static int parse_sched(const char *text, struct proc_sched *ret)
{
	return proc_sched_parse(text, strlen(text), ret);
}

Test(proc_wait, sched)
{
	struct proc_sched sched = {0};

	check_int(
		parse_sched("cat (12214, #threads: 1)\n" RULE
			    "se.exec_start                                :        939849.491187\n"
			    "se.vruntime                                  :           820.794804\n"
			    "se.nr_migrations                             :                    2\n"
			    "nr_switches                                  :                    4\n"
			    "nr_voluntary_switches                        :                    3\n",
			&sched),
		0);
	check_u64(sched.ran_until_ns, 939849491187);
	check_u64(sched.switches, 4);
	check_u64(sched.migrations, 2);
	check_int(parse_sched("a (1, #threads: 1)\n" RULE
			      "se.exec_start:0.000001\nx\n\nnr_switches:18446744073709551615",
			  &sched),
		0);
	check_u64(sched.ran_until_ns, 1);
	check_u64(sched.switches, UINT64_MAX);
	check_u64(sched.migrations, 0);
	check_int(parse_sched("a (1, #threads: 1)\n" RULE
			      "se.exec_start:0.000001\nse.nr_migrations:x\nnr_switches:1\n",
			  &sched),
		-EINVAL);
}

// A thread chooses its name.
Test(proc_wait, sched_of_a_name_that_deceives)
{
	struct proc_sched sched = {0};

	check_int(parse_sched("\nse.exec_start:9.000000\n------------\nnr_switches:9\n (1, "
			      "#threads: 1)\n" RULE "se.exec_start : 2.000003\nnr_switches : 5\n",
			  &sched),
		0);
	check_u64(sched.ran_until_ns, 2000003);
	check_u64(sched.switches, 5);
}

Test(proc_wait, sched_that_is_none)
{
	static const char *const texts[] = {"", RULE, "\n" RULE,
		"se.exec_start : 1.000000\nnr_switches : 5\n",
		"\n" RULE "se.exec_start : 1.000000\n", "\n" RULE "nr_switches : 5\n",
		"\n" RULE "se.exec_start : 1\nnr_switches : 5\n",
		"\n" RULE "se.exec_start : 1.00000\nnr_switches : 5\n",
		"\n" RULE "se.exec_start : 1.0000000\nnr_switches : 5\n",
		"\n" RULE "se.exec_start : -1.000000\nnr_switches : 5\n",
		"\n" RULE "se.exec_start : 18446744073710.000000\nnr_switches : 5\n",
		"\n" RULE "se.exec_start : 1.000000\nnr_switches : -5\n",
		"\n" RULE "se.exec_start : 1.000000\nnr_switches :"};
	struct proc_sched sched = {7, 8, 9};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		check_int(parse_sched(texts[i], &sched), -EINVAL);
	check_u64(sched.ran_until_ns, 7);
	check_u64(sched.switches, 8);
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

static int parse_schedstat(const char *text, uint64_t *ret)
{
	return proc_schedstat_parse(text, strlen(text), ret);
}

Test(proc_wait, how_often_a_thread_has_got_a_cpu)
{
	uint64_t arrivals = 9;

	check_int(parse_schedstat("24912375 180214 36\n", &arrivals), 0);
	check_u64(arrivals, 36);
	check_int(parse_schedstat("0 0 0\n", &arrivals), 0);
	check_u64(arrivals, 0);
	arrivals = 9;
	check_int(parse_schedstat("", &arrivals), -EINVAL);
	check_int(parse_schedstat("1 2 3", &arrivals), -EINVAL);
	check_int(parse_schedstat("1 2\n", &arrivals), -EINVAL);
	check_int(parse_schedstat("1 2 3 4\n", &arrivals), -EINVAL);
	check_int(parse_schedstat("1  2 3\n", &arrivals), -EINVAL);
	check_int(parse_schedstat("-1 2 3\n", &arrivals), -EINVAL);
	check_int(parse_schedstat("1 2 99999999999999999999\n", &arrivals), -EINVAL);
	check_u64(arrivals, 9);
}
