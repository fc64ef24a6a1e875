// SPDX-License-Identifier: GPL-2.0-or-later
#include "monitor.h"
#include "unit.h"

// A command line, words separated by blanks (or by `|' where words hold these).
static bool parse(const char *words, struct monitor *ret)
{
	static char text[1024];
	char separator = strchr(words, '|') ? '|' : ' ';
	size_t len = strlen(words);

	memcpy(text, words, len + 1);
	for (size_t i = 0; i < len; i++)
		if (text[i] == separator)
			text[i] = '\0';
	return monitor_parse(text, len + 1, ret);
}

static void check_monitor(const char *words, const char *runtime, const char *id, const char *name)
{
	struct monitor monitor = {0};

	cr_assert(parse(words, &monitor), "%s", words);
	check_str(monitor.runtime->name, runtime);
	check_str(monitor.id ? monitor.id : "-", id);
	char got[64] = "-";
	if (monitor.name)
		snprintf(got, sizeof(got), "%.*s",
			monitor.name_len ? (int)monitor.name_len : (int)strlen(monitor.name),
			monitor.name);
	check_str(got, name);
}

Test(monitor, shims)
{
	struct monitor monitor;

	check_monitor("/usr/bin/containerd-shim-runc-v2 -namespace moby -id 17c -address /a/s",
		"docker", "17c", "-");
	check_monitor("containerd-shim-runc-v2 -namespace k8s.io -id 17c -address /a/s",
		"containerd", "17c", "-");
	check_monitor("containerd-shim --namespace=default --id=web", "containerd", "web", "-");
	check_monitor("containerd-shim-runc-v2 -id", "containerd", "-", "-");
	check_true(parse("containerd-shim-kata-v2 -namespace k8s.io -id 17c", &monitor));
	check_int(monitor.isolation, ISOLATION_KATA);
	check_str(monitor.space, "k8s.io");
	check_true(parse("/x/containerd-shim-runsc-v1 -namespace moby -id 17c", &monitor));
	check_int(monitor.isolation, ISOLATION_GVISOR);
	check_str(isolation_name(monitor.isolation), "gvisor");
	check_true(parse("containerd-shim-runc-v2 -namespace moby -id 17c", &monitor));
	check_int(monitor.isolation, ISOLATION_NONE);
	check_true(!isolation_name(monitor.isolation));
}

Test(monitor, conmon)
{
	struct monitor monitor;

	check_monitor("/usr/bin/conmon --api-version 1 -c 4ac -u 4ac -r /usr/bin/crun "
		      "-b /s/overlay-containers/4ac/userdata -p /r/pidfile -n web "
		      "--exit-dir /run/libpod/exits --exit-command /usr/bin/podman "
		      "--exit-command-arg --name --exit-command-arg other -c 5bd",
		"podman", "4ac", "web");
	check_monitor("/usr/libexec/crio/conmon -b /r/17c/userdata -c 17c "
		      "--exit-dir /var/run/crio/exits -n k8s_app_web_default_1_0",
		"crio", "17c", "k8s_app_web_default_1_0");
	check_true(parse("conmon -b /r/17c/userdata --cid=17c", &monitor));
	check_str(monitor.bundle, "/r/17c/userdata");
	check_str(monitor.id, "17c");
	check_monitor("conmon", "podman", "-", "-");
}

Test(monitor, nspawn)
{
	check_monitor("systemd-nspawn --machine=web -D /srv/root", "machine", "-", "web");
	check_monitor("systemd-nspawn -M web", "machine", "-", "web");
	check_monitor("systemd-nspawn -Mweb", "machine", "-", "web");
	check_monitor("/usr/bin/systemd-nspawn -bD /srv/web", "machine", "-", "web");
	check_monitor("systemd-nspawn --quiet --image=/srv/web.raw", "machine", "-", "web");
	check_monitor("systemd-nspawn -b", "machine", "-", "-");
	check_monitor("systemd-nspawn -D /", "machine", "-", "-");
}

Test(monitor, lxc)
{
	check_monitor("[lxc monitor] /var/lib/lxc web|", "lxc", "-", "web");
	check_monitor("[lxc monitor] /var/snap/lxd/common/lxd/containers web|", "lxd", "-", "web");
	check_monitor("[lxc monitor] /var/lib/incus/containers p_web|", "incus", "-", "p_web");
	check_monitor("[lxc monitor] /var/lib/lxc |", "lxc", "-", "-");
}

Test(monitor, others)
{
	static const char *const words[] = {"", "sh -c conmon", "conmonx -c 1",
		"dockerd --containerd-shim", "lxc monitor", " "};
	struct monitor monitor;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		cr_assert(!parse(words[i], &monitor), "%s", words[i]);
	check_false(monitor_parse("conmon", 6, &monitor)); // cut off
	check_false(monitor_parse("", 0, &monitor));
	check_int(monitor_isolation("/usr/local/bin/runsc"), ISOLATION_GVISOR);
	check_int(monitor_isolation("/usr/bin/runscx"), ISOLATION_NONE);
	check_int(monitor_isolation("/usr/bin/runsc/app"), ISOLATION_NONE);
	check_int(monitor_isolation(""), ISOLATION_NONE);
}
