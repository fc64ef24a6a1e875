// SPDX-License-Identifier: GPL-2.0-or-later
#include "ns_facts.h"
#include "report_ns.h"
#include "unit.h"

#include <linux/capability.h>

static const uint64_t every_cap = (UINT64_C(1) << (CAP_LAST_CAP + 1)) - 1;

static struct ns_subject subject, other;
static char words[][40] = {
	"memory,cpu", "pids", "v2", "/a b\n", "/", "its hierarchy is not mounted here"};
static struct cgroup_place places[] = {
	{words[0], words[3], NULL}, {words[1], words[4], NULL}, {words[2], words[3], words[5]}};

static void check_fact(const struct ns_facts *facts, const char *key, const char *value)
{
	const char *found = ns_facts_get(facts, key);

	if (!value) {
		cr_assert(!found, "%s is there: %s", key, found);
		return;
	}
	cr_assert(found, "there is no %s", key);
	check_str(found, value);
}

// A process of which all is known, and nothing is special.
static void init(struct ns_subject *ret, const char *word)
{
	*ret = (struct ns_subject){.word = word, .named = NAMED_TARGET_EMPTY};
	for (int i = 0; i < NSTYPE_COUNT; i++) {
		ret->view.types[i] = (struct nsview_row){.id = 100 + (uint64_t)i, .same = true};
		if (nstypes[i].children)
			ret->view.children[i] = ret->view.types[i];
	}
	ret->view.has_maps = true;
	ret->view.uid_map.count = 1;
	ret->view.uid_map.rows[0] = (struct proc_idmap_row){0, 0, UINT32_MAX};
	ret->view.gid_map = ret->view.uid_map;
	ret->named.target.pid = ret->named.target.tid = 7;
	strcpy(ret->constraints.status.name, "app");
	ret->constraints.has_seccomp = true;
	ret->constraints.has_labels = true;
	ret->constraints.has_masks = true;
	strcpy(ret->constraints.root, "/");
}

Test(ns_facts, plain)
{
	struct ns_facts facts;

	init(&subject, "7");
	subject.constraints.status.cap_effective = every_cap;
	subject.constraints.status.cap_permitted = every_cap;
	subject.constraints.status.cap_bounding = every_cap;
	check_int(ns_facts_make(&subject, &facts), 0);
	check_fact(&facts, "uid_map", "every id as it is");
	check_fact(&facts, "ids", "uid 0, gid 0");
	check_fact(&facts, "capabilities", "all");
	check_fact(&facts, "permitted", NULL);
	check_fact(&facts, "bounding", NULL);
	check_fact(&facts, "seccomp", "none");
	check_fact(&facts, "no_new_privs", "no");
	check_fact(&facts, "label", "none");
	check_fact(&facts, "root", "/");
	check_fact(&facts, "hidden", NULL);
	check_fact(&facts, "clocks", NULL);
	check_fact(&facts, "setgroups", NULL);
	check_fact(&facts, "cgroup", NULL);
	ns_facts_fini(&facts);
	check_no_leak();
}

Test(ns_facts, capabilities)
{
	struct proc_status *status = &subject.constraints.status;
	struct ns_facts facts;

	init(&subject, "7");
	subject.view.types[NSTYPE_USER].same = false;
	status->cap_effective = every_cap & ~(UINT64_C(1) << CAP_SYS_ADMIN);
	status->cap_permitted = UINT64_C(1) << CAP_CHOWN | UINT64_C(1) << 63;
	status->cap_ambient = 1;
	check_int(ns_facts_make(&subject, &facts), 0);
	check_fact(&facts, "capabilities", "all but sys_admin (over what its user namespace owns)");
	check_fact(&facts, "permitted", "chown, 63 (over what its user namespace owns)");
	check_fact(&facts, "ambient", "chown (over what its user namespace owns)");
	check_fact(&facts, "inheritable", NULL);
	check_fact(&facts, "bounding", "none");
	ns_facts_fini(&facts);
}

Test(ns_facts, user_and_time_namespace)
{
	struct ns_facts facts;

	init(&subject, "7");
	subject.view.types[NSTYPE_USER].same = false;
	subject.view.uid_map.count = 7;
	for (uint32_t i = 0; i < 7; i++)
		subject.view.uid_map.rows[i] =
			(struct proc_idmap_row){10 * i, 1000 + 10 * i, 1 + i};
	subject.view.gid_map.count = 0;
	subject.view.has_setgroups = subject.view.setgroups_denied = true;
	subject.view.has_maker = true;
	subject.view.maker = 1000;
	subject.view.has_offsets = true;
	subject.view.offsets.monotonic.seconds = 86400;
	subject.view.offsets.boottime = (struct timens_offset){-2, 500000000};
	subject.constraints.status.uid[0] = 5;
	subject.constraints.status.uid[1] = 1021;
	check_int(ns_facts_make(&subject, &facts), 0);
	check_fact(&facts, "uid_map",
		"0 inside is 1000, 10-11 inside is 1010-1011, 20-22 inside is 1020-1022, 30-33 "
		"inside is 1030-1033, 40-44 inside is 1040-1044, and 2 more");
	check_fact(&facts, "gid_map", "none: no id is mapped");
	check_fact(&facts, "ids", "uid 1021 (21 inside), gid 0 (not mapped inside); real uid 5");
	check_fact(&facts, "setgroups", "denied: supplementary groups cannot be changed inside");
	check_fact(&facts, "made_by", "uid 1000, whose user namespace it is");
	check_fact(&facts, "clocks", "monotonic +86400 s, boottime -1.500000000 s");
	ns_facts_fini(&facts);
}

Test(ns_facts, what_hides)
{
	struct constraints *constraints = &subject.constraints;
	struct lsm_label *labels = calloc(LSM_LABELS, sizeof(*labels));
	struct ns_facts facts;

	init(&subject, "7");
	constraints->seccomp = PROC_SECCOMP_FILTER;
	constraints->filter_count = 2;
	constraints->status.no_new_privs = true;
	labels[0].kind = LSM_APPARMOR;
	strcpy(labels[0].text, "docker\tdefault");
	constraints->labels.label = labels;
	strcpy(constraints->root, "/jail\x1b[0m");
	constraints->masks.root_read_only = true;
	constraints->masks.more = true;
	strcpy(constraints->masks.options, "hidepid=invisible");
	constraints->masks.count = 4;
	constraints->masks.items[0] = (struct mask){MASK_HIDDEN, "/proc/keys", "", 1};
	constraints->masks.items[1] = (struct mask){MASK_READ_ONLY, "/proc/sys", "", 2};
	constraints->masks.items[2] = (struct mask){MASK_HIDDEN, "/proc/x\n", "", 3};
	constraints->masks.items[3] = (struct mask){MASK_REPLACED, "/proc/stat", "fuse.a", 4};
	check_int(ns_facts_make(&subject, &facts), 0);
	check_fact(&facts, "seccomp", "2 filters");
	check_fact(&facts, "no_new_privs", "yes");
	check_fact(&facts, "label", "docker\\x09default");
	check_fact(&facts, "root", "/jail\\x1b[0m, not the root of its mount namespace, read-only");
	check_fact(&facts, "hidden", "/proc/keys, /proc/x\\x0a");
	check_fact(&facts, "read_only", "/proc/sys");
	check_fact(&facts, "replaced", "/proc/stat (fuse.a)");
	check_fact(&facts, "more", "there are more such mounts below /proc and /sys");
	check_fact(&facts, "proc_options", "hidepid=invisible");
	ns_facts_fini(&facts);
	free(labels);
	check_no_leak();
}

Test(ns_facts, cgroups)
{
	struct cgroup_limits *limits = &subject.constraints.cgroups;
	struct ns_facts facts;

	init(&subject, "7");
	subject.constraints.has_cgroups = true;
	limits->places = places;
	limits->count = 3;
	limits->memory = (struct cgroup_use){true, 3 << 20, 512, true, (char[]){"/a"}};
	limits->pids = (struct cgroup_use){true, CGROUP_UNLIMITED, 1, true, NULL};
	limits->has_quota = true;
	limits->quota = (struct cgroup_quota){150000, 100000};
	limits->quota_cgroup = (char[]){"/q"};
	strcpy(limits->cpus, "0-1");
	limits->has_pressure[CGROUP_PRESSURE_MEMORY] = true;
	limits->pressure[CGROUP_PRESSURE_MEMORY].some.avg10 = 1205;
	limits->frozen = (char[]){"/f"};
	check_int(ns_facts_make(&subject, &facts), 0);
	check_fact(&facts, "cgroup", "/a b\\x0a (memory,cpu v2), /");
	check_fact(&facts, "memory", "at most 3.0 MiB, by /a");
	check_fact(&facts, "tasks", NULL);
	check_fact(&facts, "limits", NULL);
	check_fact(&facts, "cpu", "at most 1.50 CPUs, by /q");
	check_fact(&facts, "cpus", "0-1");
	check_fact(&facts, "unknown_limits", "v2: its hierarchy is not mounted here");
	check_fact(&facts, "frozen", "by /f");
	check_fact(&facts, "in_use", "512 bytes of memory, 1 task");
	check_fact(&facts, "pressure", "memory 12.05 % (some, 10 s)");
	ns_facts_fini(&facts);
}

Test(ns_facts, differences)
{
	struct ns_facts one, two;
	size_t position = 0;

	init(&subject, "7");
	init(&other, "8");
	subject.constraints.has_cgroups = other.constraints.has_cgroups = true;
	subject.constraints.cgroups.memory =
		(struct cgroup_use){true, CGROUP_UNLIMITED, 1, true, NULL};
	other.constraints.cgroups.memory =
		(struct cgroup_use){true, CGROUP_UNLIMITED, 2, true, NULL};
	check_int(ns_facts_make(&subject, &one), 0);
	check_int(ns_facts_make(&other, &two), 0);
	// How much is used is no difference.
	check_true(!ns_facts_differ(&one, &two, &position));
	ns_facts_fini(&two);
	other.constraints.status.no_new_privs = true;
	other.view.has_setgroups = other.view.setgroups_denied = true;
	check_int(ns_facts_make(&other, &two), 0);
	position = 0;
	check_str(ns_facts_differ(&one, &two, &position), "no_new_privs");
	check_str(ns_facts_differ(&one, &two, &position), "setgroups");
	check_true(!ns_facts_differ(&one, &two, &position));
	ns_facts_fini(&one);
	ns_facts_fini(&two);
}

static char *printed;
static size_t printed_len;

Test(ns_facts, names_and_refusals)
{
	FILE *out = open_memstream(&printed, &printed_len);

	init(&subject, "7");
	subject.view.types[NSTYPE_NET].name = "blue\n";
	subject.view.types[NSTYPE_MNT].name = "/run/m";
	for (int i = NSTYPE_IPC; i <= NSTYPE_NET; i++) {
		subject.view.types[i].join.outcome = NSJOIN_DENIED;
		strcpy(subject.view.types[i].join.why, "no power");
	}
	subject.view.types[NSTYPE_USER].join.outcome = NSJOIN_DENIED;
	strcpy(subject.view.types[NSTYPE_USER].join.why, "other");
	subject.view.children[NSTYPE_PID] = (struct nsview_row){.unknown = "no child yet"};
	subject.view.types[NSTYPE_TIME] = subject.view.children[NSTYPE_TIME] =
		(struct nsview_row){0};
	check_int(report_ns_facts(&subject, 0, out), 0);
	fclose(out);
	printed[strstr(printed, "uid_map") - printed] = '\0';
	check_str(printed, "named              mnt is /run/m, net is blue\\x0a\n"
			   "denied             ipc, net, uts: no power\n"
			   "unknown            pid_for_children: no child yet\n"
			   "unknown            time, time_for_children: this kernel has none\n"
			   "denied             user: other\n");
	free(printed);
	check_no_leak();
}

Test(ns_facts, two_beside_each_other)
{
	FILE *out = open_memstream(&printed, &printed_len);

	init(&subject, "7");
	init(&other, "8");
	other.named.target.pid = other.named.target.tid = 8;
	strcpy(other.constraints.status.name, "b\x1b");
	other.view.types[NSTYPE_PID].id = other.view.children[NSTYPE_PID].id = 1;
	other.constraints.status.no_new_privs = true;
	check_int(report_ns_compare(&subject, &other, 60, out), 0);
	fclose(out);
	check_str(printed, "7 (app) beside 8 (b\\x1b)\n"
			   "differ             pid, pid_for_children\n"
			   "the same           cgroup, ipc, mnt, net, time,\n"
			   "                   time_for_children, user, uts\n"
			   "no_new_privs       7 (app): no\n"
			   "                   8 (b\\x1b): yes\n");
	free(printed);
	check_no_leak();
}
