// SPDX-License-Identifier: GPL-2.0-or-later
#include "cgroup_limit.h"
#include "unit.h"

static int parse_limit(const char *text, uint64_t *ret)
{
	return cgroup_limit_parse(text, strlen(text), ret);
}

Test(cgroup_limit, limits)
{
	static const struct {
		const char *text;
		uint64_t value;
	} rows[] = {
		{"0\n", 0},
		{"1048576\n", 1048576},
		{"17", 17},
		{"max\n", CGROUP_UNLIMITED},
		{"max", CGROUP_UNLIMITED},
		{"-1\n", CGROUP_UNLIMITED},
		{"9223372036854771712\n", CGROUP_UNLIMITED}, // v1, pages of 4 KiB
		{"9223372036854710272\n", CGROUP_UNLIMITED}, // and of 64 KiB
		{"9223372036854644736\n", 9223372036854644736u},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t value = 1;
		cr_assert(parse_limit(rows[i].text, &value) == 0, "%s is refused", rows[i].text);
		check_u64(value, rows[i].value);
	}
}

Test(cgroup_limit, malformed_limits)
{
	static const char *const texts[] = {"", "\n", "x", "1 2\n", "1\n\n", "-2\n", "maximum\n",
		" 1\n", "99999999999999999999\n", "1\nmax"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		uint64_t value = 7;
		cr_assert(parse_limit(texts[i], &value) == -EINVAL, "\"%s\" is taken", texts[i]);
		check_u64(value, 7);
	}
}

Test(cgroup_limit, quotas)
{
	struct cgroup_quota quota;

	check_int(cgroup_quota_parse("max 100000\n", 11, &quota), 0);
	check_u64(quota.quota_us, CGROUP_UNLIMITED);
	check_u64(quota.period_us, 100000);
	check_int(cgroup_quota_parse("150000 50000", 12, &quota), 0);
	check_u64(quota.quota_us, 150000);
	check_u64(quota.period_us, 50000);
	static const char *const texts[] = {
		"", "max\n", "max 0\n", "100000 max\n", "1 2 3\n", "1  2\n", "a 1\n", "1 2x"};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_assert(cgroup_quota_parse(texts[i], strlen(texts[i]), &quota) == -EINVAL,
			"\"%s\" is taken", texts[i]);
	check_u64(quota.quota_us, 150000);
}

Test(cgroup_limit, pressure)
{
	static const char text[] = "some avg10=0.00 avg60=12.34 avg300=100.00 total=98765\n"
				   "full avg10=0.01 avg60=0.20 avg300=3.00 total=0\n"
				   "other of a later kernel\n";
	struct cgroup_pressure pressure;

	check_int(cgroup_pressure_parse(text, sizeof(text) - 1, &pressure), 0);
	check_true(pressure.some.is_known);
	check_int(pressure.some.avg10, 0);
	check_int(pressure.some.avg60, 1234);
	check_int(pressure.some.avg300, 10000);
	check_u64(pressure.some.total_us, 98765);
	check_true(pressure.full.is_known);
	check_int(pressure.full.avg10, 1);
	check_int(pressure.full.avg60, 20);
	check_int(pressure.full.avg300, 300);
	// That of processors had no line for all tasks at first.
	const char *end = strchr(text, '\n');
	check_int(cgroup_pressure_parse(text, (size_t)(end - text), &pressure), 0);
	check_false(pressure.full.is_known);
}

Test(cgroup_limit, malformed_pressure)
{
	static const char *const texts[] = {"", "\n", "some", "some \n",
		"some avg10=0.0 avg60=0.00 avg300=0.00 total=0\n",
		"some avg10=101.00 avg60=0.00 avg300=0.00 total=0\n",
		"some avg10=0.00 avg60=0.00 avg300=0.00\n",
		"some avg10=0.00 avg60=0.00 avg300=0.00 total=0 more\n",
		"some avg10=-1.00 avg60=0.00 avg300=0.00 total=0\n",
		"some avg10=0.00 avg60=0.00 avg300=0.00 total=0\nfull\n",
		"full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"};
	struct cgroup_pressure pressure = {.some.avg10 = 7};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_assert(cgroup_pressure_parse(texts[i], strlen(texts[i]), &pressure) == -EINVAL,
			"\"%s\" is taken", texts[i]);
	check_int(pressure.some.avg10, 7);
}
