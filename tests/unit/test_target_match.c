// SPDX-License-Identifier: GPL-2.0-or-later
#include "target_match.h"
#include "unit.h"

#define ID_A           "173c40fb02961e5403015ab8243835b4c4d29747b10cab10b21653f1236f939b"
#define ID_B           "173c40ffffff1e5403015ab8243835b4c4d29747b10cab10b21653f1236f939b"
#define ID_C           "9f3c40fb02961e5403015ab8243835b4c4d29747b10cab10b21653f1236f939b"
#define ID_D           "aaaaaafb02961e5403015ab8243835b4c4d29747b10cab10b21653f1236f939b"
#define POD_ID(digits) digits "3c40fb02961e5403015ab8243835b4c4d29747b10cab10b21653f1236f939b"

enum { ROWS = 13 };

static struct container all[ROWS];
static struct container *list[ROWS];
static struct containers containers = {.rows = list};

static void add(const char *runtime, const char *engine, const char *id, const char *name)
{
	struct container *row = &all[containers.count];

	*row = (struct container){.leader = (pid_t)(100 + containers.count)};
	row->runtime = runtime ? runtime_find(runtime, strlen(runtime)) : NULL;
	row->engine = engine ? runtime_find(engine, strlen(engine)) : NULL;
	row->id = id ? strdup(id) : NULL;
	row->name = name ? strdup(name) : NULL;
	list[containers.count++] = row;
}

static void fill(void)
{
	containers.count = 0;
	add("docker", NULL, ID_A, "web");                               // 100
	add("podman", NULL, ID_B, "web");                               // 101
	add("docker", NULL, ID_C, "db");                                // 102
	add("lxc", NULL, "mail", "mail");                               // 103
	add("k8s", "containerd", POD_ID("11"), "default/front/app");    // 104
	add("k8s", "containerd", POD_ID("12"), "default/front/helper"); // 105
	add("k8s", "containerd", POD_ID("13"), "default/front");        // 106
	list[6]->is_sandbox = true;
	add("k8s", "crio", POD_ID("14"), "other/back/app");       // 107
	add("k8s", "crio", POD_ID("15"), "default/back/app");     // 108
	add(NULL, NULL, NULL, NULL);                              // 109
	add("docker", NULL, ID_D, "173c40");                      // 110
	add("lxc", NULL, "mailbox-1", "mailbox-1");               // 111
	add("k8s", "crio", POD_ID("16"), "default/aaaaaafb/app"); // 112
}

// The leaders of those that WORD means, as text.
static const char *match(const char *word)
{
	static char text[128];
	const struct container *rows[ROWS];
	struct target_query query;
	struct error err = {0};
	bool is_pod;
	size_t len = 0;

	fill();
	cr_assert(target_query_parse(word, false, &query, &err) == 0, "%s: %s", word, err.message);
	size_t count = target_match(&containers, &query, rows, &is_pod);
	text[0] = '\0';
	for (size_t i = 0; i < count; i++)
		len += (size_t)snprintf(
			text + len, sizeof(text) - len, "%s%d", i > 0 ? " " : "", rows[i]->leader);
	if (is_pod)
		snprintf(text + len, sizeof(text) - len, " pod");
	return text;
}

Test(target_match, names)
{
	check_str(match("web"), "100 101");
	check_str(match("docker:web"), "100");
	check_str(match("podman:web"), "101");
	check_str(match("crun:web"), "");
	check_str(match("mail"), "103");
	check_str(match("lxc:mail"), "103");
	check_str(match("WEB"), "");
	check_str(match("we"), "");
	check_str(match("mailbox"), ""); // the beginning of a name
}

Test(target_match, ids)
{
	check_str(match(ID_A), "100");
	check_str(match("173c40fb"), "100");
	check_str(match("173c40f"), "100 101");
	check_str(match("podman:173c40f"), "101");
	check_str(match("9f3c4"), ""); // too short
	check_str(match("9f3c40"), "102");
	check_str(match("173c40"), "100 101 110"); // whoever is called as others' ids begin
	check_str(match(ID_A "0"), "");
}

Test(target_match, pods)
{
	check_str(match("k8s:default/front"), "104 105 pod"); // the sandbox is called so, too
	check_str(match("front"), "104 105 pod");
	check_str(match("k8s:default/front/app"), "104");
	check_str(match("default/front/helper"), "105");
	check_str(match("k8s:back"), "107 108");
	check_str(match("other/back"), "107 pod");
	check_str(match("containerd:default/front/app"), "104");
	check_str(match("crio:default/front/app"), "");
	check_str(match("k8s:113c40fb02"), "104");
	check_str(match("aaaaaafb"), "110 112"); // a pod that is called as another's id begins
}

Test(target_match, words)
{
	static const char *const bad[] = {"nspawn:web", ":web", "docker:", "docker:/7"};
	struct target_query query;
	struct error err = {0};

	check_int(target_query_parse("docker:web/7", true, &query, &err), 0);
	check_str(query.runtime->name, "docker");
	check_bytes(query.name, query.name_len, "web");
	check_int(query.inside, 7);
	check_int(target_query_parse("a/b/c", true, &query, &err), 0);
	check_bytes(query.name, query.name_len, "a/b/c");
	check_int(query.inside, 0);
	check_int(target_query_parse("web/7x", true, &query, &err), 0);
	check_int(query.inside, 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err = (struct error){0};
		cr_assert(target_query_parse(bad[i], true, &query, &err) < 0, "%s", bad[i]);
		check_int(err.kind, ERROR_USAGE);
	}
}

Test(target_match, likeness)
{
	check_u64(target_distance("web", 3, "web"), 0);
	check_u64(target_distance("web", 3, "wbe"), 2);
	check_u64(target_distance("web", 3, "web1"), 1);
	check_u64(target_distance("web", 3, "mail"), SIZE_MAX);
	check_u64(target_distance("ab", 2, "cd"), SIZE_MAX);
	check_u64(target_distance("", 0, ""), SIZE_MAX);
}

Test(target_match, labels)
{
	char label[64];

	fill();
	check_str(container_label(list[0], label, sizeof(label)), "docker:web");
	check_str(container_label(list[9], label, sizeof(label)), "process 109");
	list[0]->name = NULL;
	check_str(container_label(list[0], label, sizeof(label)), "docker:173c40fb0296");
}
