// SPDX-License-Identifier: GPL-2.0-or-later
#include "lsm_label.h"
#include "unit.h"

struct label {
	const char *text;
	int result;
	enum lsm_kind kind;
	const char *label;
};

static void check_labels(const struct label *labels, size_t count,
	int (*parse)(const char *text, size_t len, struct lsm_label *ret))
{
	for (size_t i = 0; i < count; i++) {
		static struct lsm_label label;
		memset(&label, 0x55, sizeof(label));
		int r = parse(labels[i].text, strlen(labels[i].text), &label);
		cr_assert(r == labels[i].result, "\"%s\" gives %d", labels[i].text, r);
		if (r < 0)
			continue;
		cr_assert(label.kind == labels[i].kind, "\"%s\" is of kind %d", labels[i].text,
			label.kind);
		check_str(label.text, labels[i].label);
	}
}

Test(lsm_label, current)
{
	static const struct label labels[] = {
		{"", 0, LSM_NONE, ""},
		{"\n", 0, LSM_NONE, ""},
		{"unconfined\n", 0, LSM_APPARMOR, "unconfined"},
		{"docker-default (enforce)\n", 0, LSM_APPARMOR, "docker-default"},
		{"/usr/bin/a b (complain)", 0, LSM_APPARMOR, "/usr/bin/a b"},
		{"system_u:system_r:container_t:s0:c1,c2", 0, LSM_SELINUX,
			"system_u:system_r:container_t:s0:c1,c2"},
		{"u:r:t", 0, LSM_SELINUX, "u:r:t"},
		{"_", 0, LSM_OTHER, "_"},
		{"a:b", 0, LSM_OTHER, "a:b"},
		{":b:c", 0, LSM_OTHER, ":b:c"},
		{"a::c", 0, LSM_OTHER, "a::c"},
		{"a:b:", 0, LSM_OTHER, "a:b:"},
		{"tab\tinside", -EINVAL, LSM_NONE, NULL},
		{"\033[2J", -EINVAL, LSM_NONE, NULL},
		{"\x7f", -EINVAL, LSM_NONE, NULL},
	};

	check_labels(labels, sizeof(labels) / sizeof(labels[0]), lsm_label_parse_current);
}

Test(lsm_label, apparmor)
{
	static const struct label labels[] = {
		{"", -EINVAL, LSM_NONE, NULL},
		{"unconfined\n", 0, LSM_APPARMOR, "unconfined"},
		{"docker-default (enforce)\n", 0, LSM_APPARMOR, "docker-default"},
		{"a:b:c", 0, LSM_APPARMOR, "a:b:c"},
		{"a//&b (mixed)", 0, LSM_APPARMOR, "a//&b"},
		{"no (mode", 0, LSM_APPARMOR, "no (mode"},
		{"(enforce)", 0, LSM_APPARMOR, "(enforce)"},
		{"two (x) (enforce)", 0, LSM_APPARMOR, "two (x)"},
		{"a\rb", -EINVAL, LSM_NONE, NULL},
	};

	check_labels(labels, sizeof(labels) / sizeof(labels[0]), lsm_label_parse_apparmor);
}

Test(lsm_label, ends_at_nul)
{
	struct lsm_label label;

	check_int(lsm_label_parse_current("u:r:t\0x", 7, &label), 0);
	check_str(label.text, "u:r:t");
	check_int(lsm_label_parse_apparmor("p (enforce)\0\n", 13, &label), 0);
	check_str(label.text, "p");
}

Test(lsm_label, of_every_length_near_the_limit)
{
	static char text[LSM_LABEL_SIZE + 10];
	static struct lsm_label label;

	memset(text, 'l', sizeof(text));
	for (size_t len = LSM_LABEL_SIZE - 3; len < sizeof(text); len++) {
		char *exact = calloc(1, len + 1);
		memcpy(exact, text, len);
		check_int(lsm_label_parse_current(exact, len, &label),
			len < LSM_LABEL_SIZE ? 0 : -EINVAL);
		if (len < LSM_LABEL_SIZE)
			check_u64(strlen(label.text), len);
		free(exact);
	}
	check_no_leak();
}
