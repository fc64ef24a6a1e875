// SPDX-License-Identifier: GPL-2.0-or-later
#include "runtime.h"
#include "unit.h"

#define ID "173c40fb02961e5403015ab8243835b4c4d29747b10cab10b21653f1236f939b"

// Every pattern of every row, where its runtime really makes it.
static const struct {
	const char *path, *runtime, *cgroup, *id;
	bool is_in_pod;
} cases[] = {
	// Docker: both drivers, another parent, rootless, in a container of its own.
	{"/system.slice/docker-" ID ".scope", "docker", "/system.slice/docker-" ID ".scope", ID,
		false},
	{"/docker/" ID, "docker", "/docker/" ID, ID, false},
	{"/docker/" ID "/init.scope", "docker", "/docker/" ID, ID, false},
	{"/user.slice/user-1000.slice/user@1000.service/user.slice/docker-" ID ".scope", "docker",
		"/user.slice/user-1000.slice/user@1000.service/user.slice/docker-" ID ".scope", ID,
		false},
	{"/ci/" ID, NULL, "/ci/" ID, ID, false},
	{"/../../docker/" ID, "docker", "/../../docker/" ID, ID, false},
	// Podman: root, an ordinary user, below a unit, in a pod of its own.
	{"/machine.slice/libpod-" ID ".scope/container", "podman",
		"/machine.slice/libpod-" ID ".scope", ID, false},
	{"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope", "podman",
		"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope", ID,
		false},
	{"/libpod_parent/libpod-" ID, "podman", "/libpod_parent/libpod-" ID, ID, false},
	{"/system.slice/web.service/libpod-payload-" ID, "podman",
		"/system.slice/web.service/libpod-payload-" ID, ID, false},
	// Kubernetes: both drivers of containerd, CRI-O and Docker, and drivers that do not agree.
	{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1_2.slice/"
	 "cri-containerd-" ID ".scope",
		"containerd",
		"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1_2.slice/"
		"cri-containerd-" ID ".scope",
		ID, true},
	{"/kubepods/besteffort/pod1-2/" ID, NULL, "/kubepods/besteffort/pod1-2/" ID, ID, true},
	{"/kubelet/kubepods/pod1-2/" ID, NULL, "/kubelet/kubepods/pod1-2/" ID, ID, true},
	{"/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod1_2.slice/"
	 "cri-containerd-" ID ".scope",
		"containerd",
		"/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod1_2.slice/"
		"cri-containerd-" ID ".scope",
		ID, true},
	{"/system.slice/containerd.service/kubepods-besteffort-pod1_2.slice:cri-containerd:" ID,
		"containerd",
		"/system.slice/containerd.service/"
		"kubepods-besteffort-pod1_2.slice:cri-containerd:" ID,
		ID, false},
	{"/kubepods.slice/kubepods-pod1_2.slice/crio-" ID ".scope", "crio",
		"/kubepods.slice/kubepods-pod1_2.slice/crio-" ID ".scope", ID, true},
	{"/kubepods/pod1-2/crio-" ID, "crio", "/kubepods/pod1-2/crio-" ID, ID, true},
	{"/kubepods.slice/kubepods-pod1_2.slice/docker-" ID ".scope", "docker",
		"/kubepods.slice/kubepods-pod1_2.slice/docker-" ID ".scope", ID, true},
	{"/system.slice/nerdctl-" ID ".scope", "containerd", "/system.slice/nerdctl-" ID ".scope",
		ID, false},
	// Those whose containers have names.
	{"/user.slice/crun-web.scope", "crun", "/user.slice/crun-web.scope", "web", false},
	{"/system.slice/runc-web-1.scope", "runc", "/system.slice/runc-web-1.scope", "web-1",
		false},
	{"/lxc.payload.web/system.slice/a.service", "lxc", "/lxc.payload.web", "web", false},
	{"/lxc.payload.project_web", "lxc", "/lxc.payload.project_web", "project_web", false},
	{"/lxc.payload/web", "lxc", "/lxc.payload/web", "web", false},
	{"/lxc/web", "lxc", "/lxc/web", "web", false},
	{"/machine.slice/machine-web.scope/payload/init.scope", "machine",
		"/machine.slice/machine-web.scope", "web", false},
	{"/machine.slice/systemd-nspawn@web.service/payload", "machine",
		"/machine.slice/systemd-nspawn@web.service", "web", false},
	// A container in a container: the inner one.
	{"/lxc.payload.web/docker/" ID, "docker", "/lxc.payload.web/docker/" ID, ID, false},
};

Test(runtime, every_form)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct runtime_match match;
		cr_assert(runtime_match(cases[i].path, strlen(cases[i].path), &match), "%s",
			cases[i].path);
		cr_assert(!cases[i].runtime == !match.runtime, "%s", cases[i].path);
		if (cases[i].runtime)
			check_str(match.runtime->name, cases[i].runtime);
		check_bytes(match.id, match.id_len, cases[i].id);
		check_bytes(cases[i].path, match.path_len, cases[i].cgroup);
		cr_assert(match.is_in_pod == cases[i].is_in_pod, "%s", cases[i].path);
	}
}

// Each row of the table with patterns is tried above.
Test(runtime, every_row_has_a_case)
{
	for (const struct runtime *row = runtimes; row->name; row++) {
		bool tried = !row->cgroups;
		for (size_t i = 0; !tried && i < sizeof(cases) / sizeof(cases[0]); i++)
			tried = cases[i].runtime && strcmp(cases[i].runtime, row->name) == 0;
		cr_assert(tried, "no case for %s", row->name);
		cr_assert(runtime_find(row->name, strlen(row->name)) == row, "%s", row->name);
	}
	check_true(!runtime_find("dock", 4));
	check_true(!runtime_find("", 0));
}

// What stands beside containers, and what only looks like one.
Test(runtime, none)
{
	static const char *const paths[] = {"/", "", "/docker", "/docker/web",
		"/docker/173c40fb0296", "/docker-" ID, "/system.slice/docker.service",
		"/machine.slice/libpod-conmon-" ID ".scope", "/crio-conmon-" ID ".scope",
		"/lxc.monitor.web", "/lxc.payload.", "/crun-.scope", "/machine-web.scope",
		"/machine.slice/machine-.scope", "/docker/" ID "0",
		"/docker/173C40FB02961E5403015AB8243835B4C4D29747B10CAB10B21653F1236F939B",
		"/user.slice/session-3.scope", "/lxc/", ":cri-containerd:" ID};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct runtime_match match;
		cr_assert(!runtime_match(paths[i], strlen(paths[i]), &match), "%s", paths[i]);
	}
}

Test(runtime, ids)
{
	check_true(runtime_is_id(ID));
	check_false(runtime_is_id("web"));
	check_false(runtime_is_id(ID "0"));
}

Test(runtime, names_of_pods)
{
	static const char *const others[] = {"", "web", "k8s_a_b_c", "k8s_a_b_c_d",
		"k8s_a_b_c_d_0_1", "k8s_a__c_d_0", "k8s_a_b/c_c_d_0", "k9s_a_b_c_d_0",
		"k8s_a_b_c_d_"};
	char name[32];
	bool is_sandbox;

	check_true(
		runtime_pod_name("k8s_app_web-1_default_2f-3_0", name, sizeof(name), &is_sandbox));
	check_str(name, "default/web-1/app");
	check_false(is_sandbox);
	check_true(runtime_pod_name("k8s_POD_web_default_2f_0", name, sizeof(name), &is_sandbox));
	check_str(name, "default/web");
	check_true(is_sandbox);
	check_false(runtime_pod_name("k8s_app_web_default_2f_0", name, 15, &is_sandbox));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		cr_assert(!runtime_pod_name(others[i], name, sizeof(name), &is_sandbox), "%s",
			others[i]);
}

Test(runtime, unit_names)
{
	char name[32];

	check_true(runtime_unescape_unit("a\\x2db", 6, name, sizeof(name)));
	check_str(name, "a-b");
	check_true(runtime_unescape_unit("a\\x2", 4, name, sizeof(name)));
	check_str(name, "a\\x2");
	check_true(runtime_unescape_unit("\\xzz", 4, name, sizeof(name)));
	check_str(name, "\\xzz");
	check_true(runtime_unescape_unit("", 0, name, sizeof(name)));
	check_str(name, "");
	check_false(runtime_unescape_unit("a\\x00", 5, name, sizeof(name)));
	check_false(runtime_unescape_unit("abcd", 4, name, 4));
}
