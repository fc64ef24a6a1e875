// SPDX-License-Identifier: GPL-2.0-or-later
#include "capsets.h"
#include "unit.h"

#include <linux/capability.h>

enum { SETPCAP = 1 << CAP_SETPCAP };
static const uint64_t FULL = (UINT64_C(1) << 41) - 1;

static struct capsets sets(uint64_t inheritable, uint64_t permitted, uint64_t effective,
	uint64_t bounding, uint64_t ambient)
{
	return (struct capsets){inheritable, permitted, effective, bounding, ambient};
}

static void check_sets(const struct capsets *actual, const struct capsets *expected)
{
	check_u64(actual->inheritable, expected->inheritable);
	check_u64(actual->permitted, expected->permitted);
	check_u64(actual->effective, expected->effective);
	check_u64(actual->bounding, expected->bounding);
	check_u64(actual->ambient, expected->ambient);
}

Test(capsets, after_exec)
{
	static const struct {
		struct capsets before;
		struct capsets_exec how;
		uint64_t permitted, effective;
	} rows[] = {
		// root: everything that is bounded or inheritable
		{{0x2, 0x1, 0x1, 0xf1, 0}, {true, true, false, false}, 0xf3, 0xf3},
		// only the real id: permitted, not in effect
		{{0, 0, 0, 0xf1, 0}, {true, false, false, false}, 0xf1, 0},
		// another id: what is ambient
		{{0x3, 0x3, 0x3, 0xff, 0x1}, {false, false, false, false}, 0x1, 0x1},
		// root without its privilege
		{{0x3, 0xff, 0xff, 0xff, 0x2}, {true, true, true, false}, 0x2, 0x2},
		// no_new_privs: nothing is gained
		{{0, 0x10, 0x10, 0xff, 0}, {true, true, false, true}, 0x10, 0x10},
		{{0x4, 0x4, 0x4, 0xff, 0x4}, {false, false, false, true}, 0x4, 0x4},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct capsets expected = rows[i].before;
		expected.permitted = rows[i].permitted;
		expected.effective = rows[i].effective;
		struct capsets after = capsets_after_exec(&rows[i].before, &rows[i].how);
		check_sets(&after, &expected);
	}
}

struct wish {
	struct capsets wanted;
	struct capsets_exec how;
	struct capsets result;
	bool noroot;
};

static const struct wish wishes[] = {
	// A container's root.
	{{0, 0x21, 0x21, 0x21, 0}, {true, true, false, false}, {0, 0x21, 0x21, 0x21, 0}, false},
	{{0x20, 0x21, 0x21, 0x21, 0}, {true, true, false, true}, {0x20, 0x21, 0x21, 0x21, 0},
		false},
	// Nobody in particular.
	{{0, 0, 0, 0xff, 0}, {false, false, false, false}, {0, 0, 0, 0xff, 0}, false},
	{{0x7, 0x3, 0x3, 0xff, 0x3}, {false, false, false, false}, {0x7, 0x3, 0x3, 0xff, 0x3},
		false},
	// Root that has nothing, or only what is ambient: exact by SECBIT_NOROOT.
	{{0, 0, 0, 0xff, 0}, {true, true, false, false}, {0, 0, 0, 0xff, 0}, true},
	{{0x3, 0x1, 0x1, 0xff, 0x1}, {true, true, false, false}, {0x3, 0x1, 0x1, 0xff, 0x1}, true},
	// Root that has given some up.
	{{0, 0x21, 0x21, 0xff, 0}, {true, true, false, false}, {0, 0x21, 0x21, 0x21, 0}, false},
	{{0, 0x21, 0x21, 0xff, 0}, {true, true, false, true}, {0, 0x21, 0x21, 0xff, 0}, false},
	{{0, 0x21, 0x1, 0xff, 0}, {true, true, false, false}, {0, 0x1, 0x1, 0x1, 0}, false},
	// Another id that has kept some.
	{{0, 0x21, 0x21, 0xff, 0}, {false, false, false, false}, {0x21, 0x21, 0x21, 0xff, 0x21},
		false},
	// Permitted to root by what is no longer bounded.
	{{0, 0x31, 0x31, 0x21, 0}, {true, true, false, false}, {0x31, 0x31, 0x31, 0x21, 0x31},
		true},
	// A real id of root alone.
	{{0, 0xff, 0, 0xff, 0}, {true, false, false, false}, {0, 0xff, 0, 0xff, 0}, false},
};

Test(capsets, plans)
{
	const struct capsets ours = sets(0, FULL, FULL, FULL, 0);

	for (size_t i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++) {
		struct capsets_plan plan;
		capsets_plan(&wishes[i].wanted, &ours, &wishes[i].how, &plan);
		check_sets(&plan.result, &wishes[i].result);
		check_int(plan.noroot, wishes[i].noroot);
		check_u64(plan.lacking, 0);
		check_false(plan.no_new_privs);
	}
}

Test(capsets, what_we_lack)
{
	const struct capsets ours =
		sets(0, FULL & ~UINT64_C(0x80), FULL & ~UINT64_C(0x80), FULL & ~UINT64_C(0x80), 0);
	const struct capsets wanted = sets(0, FULL, FULL, FULL, 0);
	const struct capsets_exec root = {true, true, false, false};
	struct capsets_plan plan;

	capsets_plan(&wanted, &ours, &root, &plan);
	check_u64(plan.lacking, 0x80);
	check_sets(&plan.result, &ours);
}

Test(capsets, without_setpcap)
{
	const struct capsets ours = sets(0, 0x21, 0x21, 0xff, 0);
	const struct capsets_exec root = {true, true, false, false};
	const struct capsets_exec other = {false, false, false, false};
	struct capsets_plan plan;
	struct capsets wanted = sets(0, 0x21, 0x21, 0x21, 0);

	// The bounding set stays, and no_new_privs is in its place.
	capsets_plan(&wanted, &ours, &root, &plan);
	check_true(plan.no_new_privs);
	check_u64(plan.result.permitted, 0x21);
	check_u64(plan.result.effective, 0x21);
	check_u64(plan.result.bounding, 0xff);
	// The same bounding set, but root would get all of it.
	wanted = sets(0, 0x1, 0x1, 0xff, 0);
	capsets_plan(&wanted, &ours, &root, &plan);
	check_true(plan.no_new_privs);
	check_u64(plan.result.permitted, 0x1);
	check_u64(plan.result.effective, 0x1);
	// Who has no capabilities and wants none needs nothing.
	const struct capsets none = sets(0, 0, 0, 0xff, 0);
	capsets_plan(&none, &none, &other, &plan);
	check_false(plan.no_new_privs);
	check_sets(&plan.result, &none);
}

// Every combination of three capabilities in five sets, as the kernel allows them (what is ambient
// is permitted and inheritable, what is effective is permitted), for every kind of id: nothing is
// ever gained, what is effective is exact, execve(2) changes nothing any more.
static void check_plan(
	const struct capsets *wanted, const struct capsets *ours, const struct capsets_exec *how)
{
	struct capsets_plan plan;

	capsets_plan(wanted, ours, how, &plan);
	check_u64(plan.result.permitted & ~wanted->permitted, 0);
	check_u64(plan.result.effective & ~wanted->effective, 0);
	if (ours->effective & SETPCAP) {
		check_u64(plan.result.effective, wanted->effective & ours->permitted);
		check_u64(plan.result.bounding & ~wanted->bounding, 0);
		check_false(plan.no_new_privs);
	}
	struct capsets_exec after = *how;
	after.noroot = plan.noroot;
	after.no_new_privs |= plan.no_new_privs;
	struct capsets again = capsets_after_exec(&plan.before, &after);
	check_sets(&again, &plan.result);
	again = capsets_after_exec(&again, &after);
	check_sets(&again, &plan.result);
	// The kernel takes it.
	check_u64(plan.before.effective & ~plan.before.permitted, 0);
	check_u64(plan.before.ambient & ~(plan.before.permitted & plan.before.inheritable), 0);
	check_u64(plan.before.permitted & ~ours->permitted, 0);
	check_u64(plan.before.bounding & ~ours->bounding, 0);
}

Test(capsets, nothing_is_gained)
{
	const struct capsets all = sets(0, 0x7 | SETPCAP, 0x7 | SETPCAP, 0x7 | SETPCAP, 0);
	const struct capsets some = sets(0, 0x3 | SETPCAP, 0x3 | SETPCAP, 0x3 | SETPCAP, 0);
	const struct capsets powerless = sets(0x1, 0x3, 0x3, 0x7, 0);

	for (unsigned n = 0; n < 1u << 15; n++) {
		struct capsets wanted =
			sets(n & 7, n >> 3 & 7, n >> 6 & 7, n >> 9 & 7, n >> 12 & 7);
		if (wanted.effective & ~wanted.permitted ||
			wanted.ambient & ~(wanted.permitted & wanted.inheritable))
			continue;
		for (unsigned kind = 0; kind < 8; kind++) {
			struct capsets_exec how = {kind & 1, kind & 2, false, kind & 4};
			check_plan(&wanted, &all, &how);
			check_plan(&wanted, &some, &how);
			check_plan(&wanted, &powerless, &how);
		}
	}
}
