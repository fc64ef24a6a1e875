// SPDX-License-Identifier: GPL-2.0-or-later
// Which cgroup tells who belongs together.
#include "cgroup_home.h"

#include "unit.h"

static struct cgroup_row home;

static int find(const char *text)
{
	return cgroup_home(text, strlen(text), &home);
}

static bool has(const char *text)
{
	return cgroup_is_home_of(&home, text, strlen(text));
}

Test(cgroup_home, v2)
{
	check_int(find("0::/system.slice/web.service\n"), 0);
	check_bytes(home.path, home.path_len, "/system.slice/web.service");
	check_true(has("0::/system.slice/web.service\n"));
	check_true(has("0::/system.slice/web.service/worker\n"));
	check_false(has("0::/system.slice/web.service2\n"));
	check_false(has("0::/system.slice\n"));
	check_false(has("0::/\n"));
	check_false(has("4:memory:/system.slice/web.service\n"));
}

Test(cgroup_home, v1_takes_the_deepest)
{
	check_int(find("5:cpu,cpuacct:/docker\n4:memory:/docker/web\n3:pids:/\n"), 0);
	check_bytes(home.name, home.name_len, "memory");
	check_true(has("5:cpu,cpuacct:/other\n4:memory:/docker/web/x\n"));
	check_false(has("5:cpu,cpuacct:/docker\n4:memory:/docker/db\n"));
}

// The v2 row of a hybrid host is often that of the daemon which made the container.
Test(cgroup_home, hybrid)
{
	check_int(find("2:memory:/docker/web\n1:name=systemd:/docker/web\n"
		       "0::/system.slice/containerd.service/deep/deeper\n"),
		0);
	check_bytes(home.name, home.name_len, "name=systemd");
	check_int(find("2:memory:/docker/web\n0::/system.slice/containerd.service/deep\n"), 0);
	check_bytes(home.name, home.name_len, "memory");
	check_int(find("2:memory:/\n1:name=systemd:/\n0::/user.slice\n"), 0);
	check_int(home.name_len, 0);
}

Test(cgroup_home, outside_of_our_namespace)
{
	check_int(find("0::/../web\n"), 0);
	check_true(has("0::/../web/x\n"));
	check_false(has("0::/../other\n"));
}

Test(cgroup_home, none)
{
	check_int(find("2:memory:/\n0::/\n"), -ENOENT);
	check_int(find(""), -ENOENT);
	check_int(find("nonsense\n"), -EINVAL);
	check_int(find("0::/web\nnonsense\n"), -EINVAL);
}

// A text that is malformed is nobody's.
Test(cgroup_home, malformed)
{
	check_int(find("0::/web\n"), 0);
	check_false(has(""));
	check_false(has("nonsense\n0::/web\n"));
}
