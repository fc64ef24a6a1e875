// SPDX-License-Identifier: GPL-2.0-or-later
#include "caps.h"
#include "unit.h"

#include <linux/capability.h>
#include <sys/prctl.h>

#define MASK(cap) ((uint64_t)1 << (cap))

Test(caps, words)
{
	static const struct {
		const char *word;
		enum caps_choice choice;
		uint64_t list;
	} cases[] = {
		{"target", CAPS_TARGET, 0},
		{"keep", CAPS_KEEP, 0},
		{"", CAPS_LIST, 0},
		{"chown", CAPS_LIST, MASK(CAP_CHOWN)},
		{"cap_chown", CAPS_LIST, MASK(CAP_CHOWN)},
		{"CAP_NET_RAW", CAPS_LIST, MASK(CAP_NET_RAW)},
		{"Net_Raw", CAPS_LIST, MASK(CAP_NET_RAW)},
		{"cAp_nEt_rAw", CAPS_LIST, MASK(CAP_NET_RAW)},
		{"0", CAPS_LIST, MASK(0)},
		{"19,sys_ptrace,CAP_SYS_PTRACE,kill", CAPS_LIST,
			MASK(CAP_SYS_PTRACE) | MASK(CAP_KILL)},
		{"0021", CAPS_LIST, MASK(CAP_SYS_ADMIN)},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct caps_request request = {.list = 0};
		struct error err = {0};
		cr_assert(caps_request_parse(cases[i].word, &request, &err) == 0, "\"%s\": %s",
			cases[i].word, err.message);
		check_int(request.choice, cases[i].choice);
		check_u64(request.list, cases[i].list);
	}
}

Test(caps, no_words)
{
	static const char *const bad[] = {",", "kill,", ",kill", "kill,,chown", "foo", "cap_",
		"cap_cap_kill", "kill ", " kill", "kill chown", "kill+ep", "kill=", "=ep", "all",
		"none", "64", "63", "4294967296", "18446744073709551616", "-1", "0x5", "5a",
		"cap_5", "cap_0x5", "target,kill", "kill,target", "keep,keep", "Target", "\xff",
		"kill\n",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct caps_request request = {.choice = CAPS_KEEP, .list = 42};
		struct error err = {0};
		cr_assert(caps_request_parse(bad[i], &request, &err) < 0, "\"%s\"", bad[i]);
		check_int(err.kind, ERROR_USAGE);
		check_int(request.choice, CAPS_KEEP);
		check_u64(request.list, 42);
	}
}

// Each that the kernel knows has its number, and is known by it.
Test(caps, every_one)
{
	int cap = 0;

	for (; prctl(PR_CAPBSET_READ, cap) >= 0; cap++) {
		struct caps_request request = {.list = 0};
		struct error err = {0};
		char word[12];
		snprintf(word, sizeof(word), "%d", cap);
		check_int(caps_request_parse(word, &request, &err), 0);
		check_u64(request.list, MASK(cap));
	}
	check_true(cap > CAP_SYS_ADMIN);
}
