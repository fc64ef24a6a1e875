// SPDX-License-Identifier: GPL-2.0-or-later
#include "proc.h"
#include "unit.h"

#include <sys/prctl.h>
#include <unistd.h>

static const char sample[] = "Name:\tnginx\n"
			     "Umask:\t0022\n"
			     "State:\tS (sleeping)\n"
			     "Tgid:\t4711\n"
			     "Ngid:\t0\n"
			     "Pid:\t4712\n"
			     "PPid:\t17\n"
			     "TracerPid:\t99\n"
			     "Uid:\t1000\t1001\t1002\t1003\n"
			     "Gid:\t2000\t2001\t2002\t4294967295\n"
			     "FDSize:\t64\n"
			     "Groups:\t4 24 27 \n"
			     "NStgid:\t4711\t7\t1\n"
			     "NSpid:\t4712\t8\t2\n"
			     "VmPeak:\t    2600 kB\n"
			     "VmRSS:\t    1804 kB\n"
			     "Threads:\t12\n"
			     "voluntary_ctxt_switches:\t4000000000\n"
			     "nonvoluntary_ctxt_switches:\t123\n"
			     "SigQ:\t0/96365\n"
			     "CapInh:\t0000000000000001\n"
			     "CapPrm:\t000001fffeffffff\n"
			     "CapEff:\t00000000a80425fb\n"
			     "CapBnd:\tffffffffffffffff\n"
			     "CapAmb:\t0000000000000010\n"
			     "NoNewPrivs:\t1\n"
			     "Seccomp:\t2\n";

static int parse(const char *text, struct proc_status *ret)
{
	return proc_status_parse(text, strlen(text), ret);
}

Test(proc_status, every_field)
{
	struct proc_status status;

	check_int(parse(sample, &status), 0);
	check_str(status.name, "nginx");
	check_int(status.state, 'S');
	check_int(status.tgid, 4711);
	check_int(status.ppid, 17);
	check_int(status.tracer_pid, 99);
	for (unsigned i = 0; i < 4; i++)
		check_u64(status.uid[i], 1000 + i);
	check_u64(status.gid[0], 2000);
	check_u64(status.gid[3], 4294967295);
	check_u64(status.ns_pid_count, 3);
	check_int(status.ns_pid[0], 4712);
	check_int(status.ns_pid[1], 8);
	check_int(status.ns_pid[2], 2);
	check_u64(status.rss_kb, 1804);
	check_u64(status.threads, 12);
	check_u64(status.switches, 4000000123);
	check_u64(status.cap_inheritable, 1);
	check_u64(status.cap_permitted, 0x1fffeffffff);
	check_u64(status.cap_effective, 0xa80425fb);
	check_u64(status.cap_bounding, UINT64_MAX);
	check_u64(status.cap_ambient, 0x10);
	check_true(status.no_new_privs);
}

// The name is whatever prctl(PR_SET_NAME) was given: it must not be able to forge another field.
Test(proc_status, names)
{
	static const struct {
		const char *written, *name;
	} names[] = {
		{"a\\nState:\\tZ", "a\nState:tZ"},
		{"back\\\\slash", "back\\slash"},
		{"\\\\n", "\\n"},
		{"ends with \\", "ends with \\"},
		{") S 1 (", ") S 1 ("},
		{"  blanks", "  blanks"},
		{"\tx", "\tx"},
		{"", ""},
		{"\xff\xfe", "\xff\xfe"},
		{"Tgid:\t1", "Tgid:\t1"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char text[200];
		struct proc_status status;
		snprintf(text, sizeof(text), "Name:\t%s\nState:\tR (running)\nTgid:\t5\n",
			names[i].written);
		check_int(parse(text, &status), 0);
		check_str(status.name, names[i].name);
		check_int(status.state, 'R');
		check_int(status.tgid, 5);
	}
}

Test(proc_status, name_of_any_length)
{
	for (size_t len = 0; len < 3 * PROC_NAME_SIZE; len++) {
		char name[3 * PROC_NAME_SIZE + 1], text[300];
		struct proc_status status;
		memset(name, 'n', len);
		name[len] = '\0';
		snprintf(text, sizeof(text), "Name:\t%s\nState:\tS\nTgid:\t5\n", name);
		check_int(parse(text, &status), 0);
		check_u64(strlen(status.name), len < PROC_NAME_SIZE ? len : PROC_NAME_SIZE - 1);
	}
}

Test(proc_status, missing_and_malformed)
{
	static const char *const bad[] = {
		"",
		"\n",
		"State:\tS (sleeping)\n",
		"Tgid:\t12\n",
		"State:\tS\nTgid:\t0\n",
		"State:\nTgid:\t1\n",
		"State:\t\nTgid:\t1\n",
		"State:\tS\nTgid:\t\n",
		"State:\tS\nTgid:\tx\n",
		"State:\tS\nTgid:\t-1\n",
		"State:\tS\nTgid:\t2147483648\n",
		"State:\tS\nTgid:\t4294967297\n",
		"State:\tS\nTgid:\t1\nPPid:\tx\n",
		"State:\tS\nTgid:\t1\nTracerPid:\t\n",
		"State:\tS\nTgid:\t1\nUid:\t0\t0\t0\n",
		"State:\tS\nTgid:\t1\nUid:\t0\t0\t0\t4294967296\n",
		"State:\tS\nTgid:\t1\nGid:\n",
		"State:\tS\nTgid:\t1\nNSpid:\t1 x\n",
		"State:\tS\nTgid:\t1\nNSpid:\t2147483648\n",
		"State:\tS\nTgid:\t1\nThreads:\tmany\n",
		"State:\tS\nTgid:\t1\nCapEff:\txyz\n",
		"State:\tS\nTgid:\t1\nCapBnd:\t10000000000000000\n",
		"State:\tS\nTgid:\t1\nCapInh:\t\n",
		"State:\tS\nTgid:\t1\nCapPrm:\n",
		"State:\tS\nTgid:\t1\nCapAmb:\t-\n",
		"State:\tS\nTgid:\t1\nNoNewPrivs:\tyes\n",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct proc_status status = {.threads = 77};
		int r = parse(bad[i], &status);
		cr_assert(r == -EINVAL, "\"%s\" gives %d", bad[i], r);
		check_u64(status.threads, 77);
	}
}

Test(proc_status, fields_that_are_not_there_are_zero)
{
	struct proc_status status, zero = {.state = 'D', .tgid = 3};

	memset(&status, 0xff, sizeof(status));
	check_int(parse("Stateless:\tX\nTgid:\t3\nState:\tD\nXPPid:\t5\n", &status), 0);
	check_int(status.state, 'D');
	check_int(status.tgid, 3);
	check_int(status.ppid, 0);
	check_int(status.tracer_pid, 0);
	check_str(status.name, "");
	check_u64(status.ns_pid_count, 0);
	check_u64(status.cap_bounding, zero.cap_bounding);
	check_false(status.no_new_privs);
	check_u64(status.threads, 0);
	check_u64(status.uid[0], 0);
}

Test(proc_status, pid_levels)
{
	char text[1024] = "State:\tS\nTgid:\t1\nNSpid:";
	struct proc_status status;

	for (int i = 0; i < PROC_PID_LEVELS; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "\t%d", 1000 + i);
	check_int(parse(text, &status), 0);
	check_u64(status.ns_pid_count, PROC_PID_LEVELS);
	check_int(status.ns_pid[PROC_PID_LEVELS - 1], 1000 + PROC_PID_LEVELS - 1);

	strcat(text, "\t5");
	check_int(parse(text, &status), -EINVAL);
}

// Every cut of a real text either fails or gives what its lines say: it never reads behind the
// end (the copy is of exactly that size, for the address sanitizer).
Test(proc_status, every_truncation)
{
	for (size_t len = 0; len < sizeof(sample); len++) {
		char *cut = malloc(len ? len : 1);
		struct proc_status status;
		memcpy(cut, sample, len);
		int r = proc_status_parse(cut, len, &status);
		cr_assert(r == 0 || r == -EINVAL, "cut at %zu gives %d", len, r);
		if (len < (size_t)(strstr(sample, "Tgid:") - sample) + 7)
			check_int(r, -EINVAL);
		free(cut);
	}
	check_no_leak();
}

Test(proc_status, our_own)
{
	char text[8192];
	struct proc_status status;

	check_int(prctl(PR_SET_NAME, "we\n\\ )us"), 0);
	FILE *file = fopen("/proc/self/status", "re");
	cr_assert(file);
	size_t len = fread(text, 1, sizeof(text), file);
	fclose(file);
	check_int(proc_status_parse(text, len, &status), 0);
	check_str(status.name, "we\n\\ )us");
	check_int(status.state, 'R');
	check_int(status.tgid, getpid());
	check_int(status.ppid, getppid());
	check_u64(status.uid[0], getuid());
	check_u64(status.gid[1], getegid());
	check_true(status.ns_pid_count >= 1);
	check_int(status.ns_pid[status.ns_pid_count - 1], getpid());
	check_true(status.threads >= 1);
	check_u64(status.no_new_privs, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	for (unsigned cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
		check_int((status.cap_bounding >> cap) & 1, prctl(PR_CAPBSET_READ, cap));
}

Test(proc_stat, processor_time)
{
	static const char head[] = "7 (a ) S 1) S 1 7 7 0 -1 4194560 10 20 30 40 ";
	char line[160];
	uint64_t ticks = 5;

	snprintf(line, sizeof(line), "%s123 45 6 7 20 0 1 0 99 0 0\n", head);
	check_int(proc_stat_cpu(line, strlen(line), &ticks), 0);
	check_u64(ticks, 168);
	snprintf(line, sizeof(line), "%s123", head);
	check_int(proc_stat_cpu(line, strlen(line), &ticks), -EINVAL);
	snprintf(line, sizeof(line), "%s123 x", head);
	check_int(proc_stat_cpu(line, strlen(line), &ticks), -EINVAL);
	snprintf(line, sizeof(line), "%s18446744073709551615 2 ", head);
	check_int(proc_stat_cpu(line, strlen(line), &ticks), -ERANGE);
	check_int(proc_stat_cpu("", 0, &ticks), -EINVAL);
}

static bool is_kernel_thread(const char *text)
{
	return proc_stat_is_kernel_thread(text, strlen(text));
}

Test(proc_stat, kernel_thread)
{
	check_true(is_kernel_thread("2 (kthreadd) S 0 0 0 0 -1 2129984 0 0\n"));
	check_true(is_kernel_thread("2 (kthreadd) S 0 0 0 0 -1 2129984"));
	check_false(is_kernel_thread("10 (sh) S 1 10 10 0 -1 4194560 0 0\n"));
	// A name with a parenthesis moves no field.
	check_true(is_kernel_thread("2 (a) S 0 0 0 0 -1 1 ) S 0 0 0 0 -1 2129984 0\n"));
	check_false(is_kernel_thread("2 (a) S 0 0 0 0 -1 2129984 ) S 1 1 1 0 -1 4194560 0\n"));
	check_false(is_kernel_thread("2 (new\nline) S 1 1 1 0 -1 4194560 0\n"));
}

Test(proc_stat, malformed)
{
	static const char *const bad[] = {"", ")", "2 (x", "2 (x) ", "2 (x) S 0 0 0 0 -1",
		"2 (x) S 0 0 0 0 -1 ", "2 (x) S 0 0 0 0 -1 x", "2 (x) S 0 0 0 0 2129984",
		"2 (x) S 0 0 0 0 -1 99999999999999999999999", "no stat line at all"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert(!is_kernel_thread(bad[i]), "\"%s\"", bad[i]);
}

Test(proc_stat, every_truncation)
{
	static const char line[] = "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0\n";

	for (size_t len = 0; len < sizeof(line) - 1; len++) {
		char *cut = malloc(len ? len : 1);
		memcpy(cut, line, len);
		bool found = proc_stat_is_kernel_thread(cut, len);
		if (len >= strlen("2 (kthreadd) S 0 0 0 0 -1 2129984"))
			check_true(found);
		free(cut);
	}
	check_no_leak();
}

static int parse_map(const char *text, struct proc_idmap *ret)
{
	return proc_idmap_parse(text, strlen(text), ret);
}

Test(proc_idmap, rows)
{
	struct proc_idmap map;

	check_int(parse_map("", &map), 0);
	check_u64(map.count, 0);
	check_false(proc_idmap_has_inside(&map, 0));

	check_int(parse_map("         0     100000      65536\n     70000          0          1\n",
			  &map),
		0);
	check_u64(map.count, 2);
	check_u64(map.rows[0].inside, 0);
	check_u64(map.rows[0].outside, 100000);
	check_u64(map.rows[0].count, 65536);
	check_u64(map.rows[1].inside, 70000);
	check_u64(map.rows[1].count, 1);

	check_int(parse_map("0 0 4294967295", &map), 0);
	check_u64(map.rows[0].count, 4294967295);
}

Test(proc_idmap, lookup)
{
	struct proc_idmap map;

	check_int(parse_map("0 100000 1000\n5000 1000 1\n", &map), 0);
	check_true(proc_idmap_has_inside(&map, 0));
	check_true(proc_idmap_has_inside(&map, 999));
	check_false(proc_idmap_has_inside(&map, 1000));
	check_false(proc_idmap_has_inside(&map, 4999));
	check_true(proc_idmap_has_inside(&map, 5000));
	check_false(proc_idmap_has_inside(&map, 5001));
	check_false(proc_idmap_has_inside(&map, UINT32_MAX));
}

// 0 where there is no such id inside: the maps below have none either.
static uint32_t inside_of(const char *text, uint32_t outside)
{
	struct proc_idmap map;
	uint32_t id = 0;

	check_int(parse_map(text, &map), 0);
	check_int(proc_idmap_to_inside(&map, outside, &id), id ? 0 : -ENOENT);
	return id;
}

Test(proc_idmap, translation)
{
	static const char map[] = "1 100000 1000\n5000 1000 1\n";

	check_u64(inside_of(map, 99999), 0);
	check_u64(inside_of(map, 100000), 1);
	check_u64(inside_of(map, 100999), 1000);
	check_u64(inside_of(map, 101000), 0);
	check_u64(inside_of(map, 1000), 5000);
	check_u64(inside_of(map, 1001), 0);
	check_u64(inside_of(map, UINT32_MAX), 0);
	check_u64(inside_of("", 7), 0);
	// All ids, and ids that our own namespace cannot name.
	check_u64(inside_of("0 0 4294967295\n", 4294967294), 4294967294);
	check_u64(inside_of("0 0 4294967295\n", UINT32_MAX), 0);
	check_u64(inside_of("1 4294967295 4294967294\n", UINT32_MAX), 0);
	check_u64(inside_of("1 4294967295 4294967294\n", 5), 0);
}

// The whole range: no sum may wrap.
Test(proc_idmap, identity)
{
	struct proc_idmap map;

	check_int(parse_map("0 0 4294967295\n", &map), 0);
	check_true(proc_idmap_has_inside(&map, 4294967294));
	check_false(proc_idmap_has_inside(&map, 4294967295));

	check_int(parse_map("4294967290 4294967290 5\n", &map), 0);
	check_false(proc_idmap_has_inside(&map, 4294967295));
	check_false(proc_idmap_has_inside(&map, 3));
	check_true(proc_idmap_has_inside(&map, 4294967294));
}

Test(proc_idmap, malformed)
{
	static const char *const bad[] = {"x", "0", "0 0", "0 0\n", "0 0 1 1\n", "0 0 x\n",
		"-1 0 1\n", "0 0 4294967296\n", "0 4294967296 1\n", "0 0 1\n\n", "\n", " ",
		"0 0 1x\n", "0 0 1\n5 5"};
	struct proc_idmap map;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert(parse_map(bad[i], &map) == -EINVAL, "\"%s\"", bad[i]);
}

Test(proc_idmap, no_more_rows_than_the_kernel_allows)
{
	static char text[(PROC_IDMAP_MAX + 1) * 32];
	static struct proc_idmap map;
	size_t len = 0;

	for (int i = 0; i < PROC_IDMAP_MAX; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%d %d 1\n", i, i + 5);
	check_int(proc_idmap_parse(text, len, &map), 0);
	check_u64(map.count, PROC_IDMAP_MAX);
	check_u64(map.rows[PROC_IDMAP_MAX - 1].outside, PROC_IDMAP_MAX + 4);
	len += (size_t)snprintf(text + len, sizeof(text) - len, "999 999 1\n");
	check_int(proc_idmap_parse(text, len, &map), -EINVAL);
}

Test(proc, status_says_what_is_a_kernel_thread)
{
	static const char none[] = "State:\tS (sleeping)\nTgid:\t7\n";
	static const char no[] = "State:\tS (sleeping)\nTgid:\t7\nKthread:\t0\n";
	static const char yes[] = "State:\tS (sleeping)\nTgid:\t7\nKthread:\t1\n";
	struct proc_status status;

	cr_assert_eq(proc_status_parse(none, sizeof(none) - 1, &status), 0);
	cr_assert(!status.knows_kernel_thread && !status.kernel_thread);
	cr_assert_eq(proc_status_parse(no, sizeof(no) - 1, &status), 0);
	cr_assert(status.knows_kernel_thread && !status.kernel_thread);
	cr_assert_eq(proc_status_parse(yes, sizeof(yes) - 1, &status), 0);
	cr_assert(status.knows_kernel_thread && status.kernel_thread);
}

static int parse_syscall(const char *text, struct proc_syscall *ret)
{
	return proc_syscall_parse(text, strlen(text), ret);
}

Test(proc_syscall, blocked)
{
	struct proc_syscall call;

	check_int(parse_syscall(
			  "202 0x4ca3e8 0x189 0x0 0xffffffffffffffff 0x5 0x6 0x7ffc00 0x469cd6\n",
			  &call),
		0);
	check_int(call.kind, PROC_SYSCALL_BLOCKED);
	check_u64(call.nr, 202);
	check_u64(call.args[0], 0x4ca3e8);
	check_u64(call.args[3], UINT64_MAX);
	check_u64(call.args[5], 6);
	check_u64(call.sp, 0x7ffc00);
	check_u64(call.pc, 0x469cd6);
	// Number 0 is a call (read).
	check_int(parse_syscall("0 0x1 0x2 0x3 0x4 0x5 0x6 0x7 0x8", &call), 0);
	check_int(call.kind, PROC_SYSCALL_BLOCKED);
	check_u64(call.nr, 0);
}

Test(proc_syscall, not_in_a_call)
{
	struct proc_syscall call;

	check_int(parse_syscall("-1 0x7ffc00 0x469cd6\n", &call), 0);
	check_int(call.kind, PROC_SYSCALL_NONE);
	check_u64(call.sp, 0x7ffc00);
	check_u64(call.pc, 0x469cd6);
	check_int(parse_syscall("running\n", &call), 0);
	check_int(call.kind, PROC_SYSCALL_RUNNING);
}

Test(proc_syscall, malformed)
{
	static const char *const bad[] = {"", "\n", "runnin", "running 1\n", "-1", "-1 0x1\n",
		"-2 0x1 0x2\n", "1\n", "1 0x1 0x2 0x3 0x4 0x5 0x6 0x7\n",
		"1 1 0x2 0x3 0x4 0x5 0x6 0x7 0x8\n", "1 0x 0x2 0x3 0x4 0x5 0x6 0x7 0x8\n",
		"1 0x1 0x2 0x3 0x4 0x5 0x6 0x7 0x8 0x9\n",
		"1 0x1ffffffffffffffff 0x2 0x3 0x4 0x5 0x6 0x7 0x8\n",
		"18446744073709551616 0x1 0x2 0x3 0x4 0x5 0x6 0x7 0x8\n", "-1 0x1 0x2\n\n"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct proc_syscall call = {.nr = 77};
		cr_assert(parse_syscall(bad[i], &call) == -EINVAL, "taken: %s", bad[i]);
		check_u64(call.nr, 77);
	}
}

// No byte behind the end is looked at.
Test(proc_syscall, ends_anywhere)
{
	static const char text[] = "202 0x4ca3e8 0x189 0x0 0x1 0x5 0x6 0x7ffc00 0x469cd6\n";

	for (size_t len = 0; len < sizeof(text) - 1; len++) {
		struct proc_syscall call;
		char *copy = malloc(len + 1);
		memcpy(copy, text, len);
		int r = proc_syscall_parse(copy, len, &call);
		free(copy);
		// Without its last digits a number is another number.
		check_true(r == -EINVAL || len >= sizeof(text) - 7);
	}
}
