// SPDX-License-Identifier: GPL-2.0-or-later
// Looking through a tree that stands for /proc.
#include "container_mounts.h"
#include "containers.h"
#include "members.h"
#include "scratch_root.h"
#include "statefiles.h"

#include <stdarg.h>

#define ID_A "173c40fb02961e5403015ab8243835b4c4d29747b10cab10b21653f1236f939b"
#define ID_B "9f3c40fb02961e5403015ab8243835b4c4d29747b10cab10b21653f1236f939b"

static struct scratch_root root;
static struct containers found;

__attribute__((format(printf, 2, 3))) static void put(const char *path, const char *format, ...)
{
	char text[4096];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	scratch_root_write(&root, path, text, strlen(text), 0644);
}

static void make_dir(const char *path)
{
	check_int(mkdirat(root.fd, path, 0755), 0);
}

// A namespace is a file, which is linked to whoever is in it.
static void put_space(const char *pid, const char *type, const char *space)
{
	char path[64];

	snprintf(path, sizeof(path), "spaces/%s-%s", type, space);
	if (faccessat(root.fd, path, F_OK, 0) < 0)
		put(path, "%s", "");
	char to[64];
	snprintf(to, sizeof(to), "%s/ns/%s", pid, type);
	check_int(linkat(root.fd, path, root.fd, to, 0), 0);
}

// A process: SPACE is where its PID namespace, and its mounts and root, are.
static void put_process(int pid, int ppid, unsigned start, const char *space, const char *cgroups)
{
	char name[16], path[64];

	snprintf(name, sizeof(name), "%d", pid);
	make_dir(name);
	snprintf(path, sizeof(path), "%d/ns", pid);
	make_dir(path);
	put_space(name, "pid", space);
	put_space(name, "mnt", space);
	put_space(name, "user", "host");
	snprintf(path, sizeof(path), "%d/cgroup", pid);
	put(path, "%s", cgroups);
	snprintf(path, sizeof(path), "%d/stat", pid);
	put(path,
		"%d (a) b) S %d 1 1 0 -1 4194560 1 1 1 1 1 1 1 1 20 0 1 0 %u 1 1 1 1 1 1 1 1 1 1 1 "
		"1 "
		"1\n",
		pid, ppid, start);
	snprintf(path, sizeof(path), "%d/status", pid);
	put(path,
		"Name:\ta\nState:\tS (sleeping)\nTgid:\t%d\nPid:\t%d\nPPid:\t%d\n"
		"Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\n",
		pid, pid, ppid);
	snprintf(path, sizeof(path), "%d/root", pid);
	char target[32];
	snprintf(target, sizeof(target), "../root-%s", space);
	check_int(symlinkat(target, root.fd, path), 0);
	snprintf(path, sizeof(path), "root-%s", space);
	mkdirat(root.fd, path, 0755);
}

static void put_words(int pid, const char *words)
{
	char path[32], text[1024];
	size_t len = strlen(words);

	snprintf(path, sizeof(path), "%d/cmdline", pid);
	memcpy(text, words, len + 1);
	for (size_t i = 0; i < len; i++)
		if (text[i] == ' ')
			text[i] = '\0';
	scratch_root_write(&root, path, text, len + 1, 0644);
}

static void begin(void)
{
	root = scratch_root_new();
	make_dir("spaces");
	put_process(100, 1, 1, "host", "0::/\n");
	check_int(symlinkat("100", root.fd, "self"), 0);
}

static void find(void)
{
	struct error err = {0};

	containers_fini(&found);
	cr_assert(containers_find(root.fd, &found, &err) == 0, "%s", err.message);
}

static void end(void)
{
	containers_fini(&found);
	scratch_root_fini(&root);
	check_no_leak();
}

static void check_row(size_t index, const char *runtime, const char *id, const char *name,
	pid_t leader, size_t processes)
{
	cr_assert(index < found.count, "%zu rows", found.count);
	const struct container *row = found.rows[index];
	check_str(row->runtime ? row->runtime->name : "-", runtime);
	check_str(row->id ? row->id : "-", id);
	check_str(row->name ? row->name : "-", name);
	check_int(row->leader, leader);
	check_int(row->process_count, processes);
}

Test(containers, by_cgroup)
{
	begin();
	put_process(200, 100, 50, "a", "1:name=systemd:/docker/" ID_A "\n0::/x\n");
	put_process(150, 200, 60, "a", "1:name=systemd:/docker/" ID_A "/sub\n0::/x\n");
	put_process(300, 100, 50, "host", "1:name=systemd:/docker/" ID_B "\n");
	put_process(310, 100, 50, "host", "0::/system.slice/docker.service\n");
	put_process(320, 100, 50, "b",
		"3:cpu:/y\n1:name=systemd:/z\n0::/machine.slice/libpod-" ID_A ".scope/container\n");
	find();
	check_int(found.count, 3);
	check_row(0, "docker", ID_A, "-", 200, 2);
	check_true(found.rows[0]->has_own_pids);
	check_int(found.rows[0]->start, 50);
	check_row(1, "docker", ID_B, "-", 300, 1);
	check_false(found.rows[1]->has_own_pids);
	check_row(2, "podman", ID_A, "-", 320, 1);
	check_str(found.rows[2]->hierarchy, "");
	check_str(found.rows[2]->cgroup, "/machine.slice/libpod-" ID_A ".scope");
	end();
}

Test(containers, by_namespace)
{
	begin();
	put_process(200, 100, 50, "a", "0::/session\n");
	put_process(201, 200, 51, "a", "0::/session\n");
	put_process(300, 100, 50, "b", "0::/docker/" ID_A "\n");
	put_process(301, 100, 70, "b", "0::/session\n"); // entered it
	find();
	check_int(found.count, 2);
	check_row(0, "-", "-", "-", 200, 2);
	check_row(1, "docker", ID_A, "-", 300, 2);
	check_true(containers_around(root.fd, &found, 201) == found.rows[0]);
	check_true(containers_around(root.fd, &found, 301) == found.rows[1]);
	check_true(containers_around(root.fd, &found, 100) == NULL);
	check_true(containers_may_hold(root.fd, 201));
	check_false(containers_may_hold(root.fd, 100));
	end();
}

static bool has(size_t index, pid_t pid)
{
	char name[16];

	snprintf(name, sizeof(name), "%d", pid);
	const struct target target = {.pid = pid, .proc_fd = openat(root.fd, name, O_RDONLY)};
	bool it_has = container_has(found.rows[index], &target);
	close(target.proc_fd);
	return it_has;
}

// A leader's number with another process, whose start is as that one's, and a leader that has left.
Test(containers, opened)
{
	begin();
	put_process(200, 100, 50, "a", "0::/session\n");
	put_process(300, 100, 50, "b", "0::/docker/" ID_A "\n");
	find();
	check_true(has(0, 200));
	check_false(has(0, 300));
	check_true(has(1, 300));
	put("300/cgroup", "0::/docker/" ID_A "/sub\n");
	check_true(has(1, 300));
	put("300/cgroup", "0::/docker/" ID_A "0\n");
	check_false(has(1, 300));
	check_int(unlinkat(root.fd, "200/ns/pid", 0), 0);
	put_space("200", "pid", "host");
	check_false(has(0, 200));
	end();
}

// Mounts alone are one where the root is another, too; but for the kernel's own threads.
Test(containers, by_mounts)
{
	begin();
	put_process(200, 100, 50, "a", "0::/session\n");
	check_int(unlinkat(root.fd, "200/ns/pid", 0), 0);
	put_space("200", "pid", "host");
	put_process(300, 100, 50, "b", "0::/session\n");
	check_int(unlinkat(root.fd, "300/ns/pid", 0), 0);
	put_space("300", "pid", "host");
	check_int(unlinkat(root.fd, "300/root", 0), 0);
	check_int(symlinkat("../root-host", root.fd, "300/root"), 0);
	put_process(400, 2, 50, "c", "0::/\n");
	check_int(unlinkat(root.fd, "400/ns/pid", 0), 0);
	put_space("400", "pid", "host");
	put("400/stat", "400 (k) S 2 0 0 0 -1 2097216 0 0 0 0 0 0 0 0 20 0 1 0 9 0 0\n");
	find();
	check_int(found.count, 1);
	check_row(0, "-", "-", "-", 200, 1);
	end();
}

// Whoever has a cgroup of his own calls those below it as he likes.
Test(containers, in_cgroups_of_others)
{
	begin();
	put_process(200, 1, 10, "a", "0::/docker/" ID_A "/libpod-" ID_B ".scope\n");
	put_process(300, 1, 10, "b", "0::/libpod-" ID_A ".scope/libpod-payload-" ID_A "\n");
	put_process(400, 1, 10, "c",
		"0::/user.slice/user-5.slice/user@5.service/user.slice/libpod-" ID_A ".scope\n");
	put_process(500, 1, 10, "d", "0::/x-user@5.service/user@5x.service/docker/" ID_A "\n");
	put_process(600, 1, 10, "e", "0::/lxc.payload.web\n");
	find();
	check_int(found.count, 5);
	check_false(found.rows[4]->is_nested);
	check_row(0, "podman", ID_B, "-", 200, 1);
	check_true(found.rows[0]->is_nested && !found.rows[0]->is_rootless);
	check_row(1, "podman", ID_A, "-", 300, 1);
	check_false(found.rows[1]->is_nested || found.rows[1]->is_rootless);
	check_row(2, "podman", ID_A, "-", 400, 1);
	check_true(found.rows[2]->is_rootless && !found.rows[2]->is_nested);
	check_int(found.rows[2]->owner, 5);
	check_false(found.rows[3]->is_rootless || found.rows[3]->is_nested);
	// What we are in ourselves is around all that we see.
	put("100/cgroup", "0::/docker/" ID_A "/nspeek\n");
	find();
	check_false(found.rows[0]->is_nested && found.rows[0]->leader == 200);
	end();
}

// A pod whose containers share the PID namespace of their sandbox.
Test(containers, shared)
{
	begin();
	put_process(200, 100, 50, "a", "0::/kubepods/pod1/" ID_A "\n");
	put_process(300, 100, 60, "a", "0::/kubepods/pod1/" ID_B "\n");
	find();
	check_int(found.count, 2);
	check_row(0, "k8s", ID_A, "-", 200, 1);
	check_row(1, "k8s", ID_B, "-", 300, 1);
	check_true(found.rows[0]->shares_pids && found.rows[1]->shares_pids);
	end();
}

// What a runtime leaves in its container's cgroup is not the container's first process.
Test(containers, leader)
{
	begin();
	put_process(200, 100, 10, "host", "0::/machine.slice/machine-web.scope/supervisor\n");
	put_process(300, 200, 20, "a", "0::/machine.slice/machine-web.scope/payload\n");
	put_process(301, 300, 20, "a", "0::/machine.slice/machine-web.scope/payload\n");
	put_process(400, 1, 20, "host", "0::/machine.slice/machine-qemu\\x2d1\\x2dwin.scope\n");
	find();
	check_int(found.count, 2);
	check_row(0, "machine", "web", "web", 300, 3);
	check_int(found.rows[0]->isolation, ISOLATION_NONE);
	check_row(1, "machine", "qemu-1-win", "qemu-1-win", 400, 1);
	check_int(found.rows[1]->isolation, ISOLATION_VM);
	end();
}

Test(containers, monitors)
{
	begin();
	put_process(200, 1, 10, "host", "0::/session\n");
	put_words(200, "/usr/bin/conmon -c " ID_A " -b /bundle -n web --exit-command /bin/podman");
	put_process(300, 200, 20, "a", "0::/session\n");
	put_process(400, 1, 10, "host", "0::/session\n");
	put_words(400, "containerd-shim-kata-v2 -namespace moby -id " ID_B);
	put_process(500, 400, 20, "host", "0::/x/" ID_B "\n");
	put_process(550, 1, 10, "host", "0::/session\n");
	put_words(550, "/usr/libexec/crio/conmon -b /r/userdata -c " ID_A
		       " --exit-dir /var/run/crio/exits -n k8s_POD_web_default_2f_0");
	put_process(560, 550, 20, "e", "0::/kubepods/pod1/crio-" ID_A "\n");
	// One that is in the container says nothing.
	put_process(600, 1, 10, "c", "0::/session\n");
	put_words(600, "/usr/bin/conmon -c " ID_A " -n evil --exit-command /bin/podman");
	put_process(700, 600, 5, "c", "0::/session\n");
	put_process(610, 1, 10, "host", "0::/docker/" ID_B "\n"); // with PIDs of ours
	put_words(610, "/usr/bin/conmon -c " ID_B " -n evil --exit-command /bin/podman");
	put_process(620, 610, 20, "g", "0::/docker/" ID_B "\n");
	// Nor does one of another user.
	put_process(800, 1, 10, "host", "0::/session\n");
	put("800/status", "Name:\ta\nState:\tS (sleeping)\nTgid:\t800\nPid:\t800\nPPid:\t1\n"
			  "Uid:\t5\t5\t5\t5\nGid:\t0\t0\t0\t0\n");
	put_words(800, "systemd-nspawn -M evil");
	put_process(900, 800, 20, "d", "0::/session\n");
	find();
	check_int(found.count, 6);
	check_row(0, "podman", ID_A, "web", 300, 1);
	check_str(found.rows[0]->bundle, "200/root//bundle");
	check_row(1, "docker", ID_B, "-", 500, 1);
	check_int(found.rows[1]->isolation, ISOLATION_KATA);
	check_row(2, "k8s", ID_A, "default/web", 560, 1);
	check_str(found.rows[2]->engine->name, "crio");
	check_true(found.rows[2]->is_sandbox);
	check_row(3, "docker", ID_B, "-", 620, 2);
	check_row(4, "-", "-", "-", 700, 2);
	check_row(5, "-", "-", "-", 900, 1);
	end();
}

// What is a number only looks like a process; a text that makes no sense tells nothing.
Test(containers, malformed)
{
	begin();
	make_dir("200");
	put("300", "a file");
	put_process(400, 1, 10, "a", "no cgroup\n");
	put_process(500, 1, 10, "host", "0::/docker/" ID_A "\n");
	put("500/stat", "garbage");
	find();
	check_int(found.count, 2);
	check_row(0, "-", "-", "-", 400, 1);
	check_row(1, "docker", ID_A, "-", 500, 1);
	end();
}

Test(containers, of_a_unit_or_cgroup)
{
	struct error err = {0};

	begin();
	put_process(200, 1, 10, "host", "1:name=systemd:/system.slice/web.service\n0::/\n");
	put_process(201, 200, 20, "host", "1:name=systemd:/system.slice/web.service/sub\n0::/\n");
	put_process(300, 1, 10, "host",
		"1:name=systemd:/user.slice/user@5.service/web.service\n0::/\n");
	put_process(400, 1, 10, "host", "1:name=systemd:/system.slice/a\\x2db.service\n0::/\n");
	check_int(containers_find_cgroup(root.fd, "/system.slice", false, &found, &err), 0);
	check_int(found.count, 1);
	check_row(0, "-", "-", "-", 200, 3);
	containers_fini(&found);
	check_int(containers_find_cgroup(root.fd, "/system.slice/web", false, &found, &err), 0);
	check_int(found.count, 0);
	containers_fini(&found);
	check_int(containers_find_cgroup(root.fd, "web", true, &found, &err), 0);
	check_int(found.count, 2);
	check_row(0, "-", "-", "-", 200, 2);
	containers_fini(&found);
	check_int(containers_find_cgroup(root.fd, "a-b.service", true, &found, &err), 0);
	check_int(found.count, 1);
	end();
}

Test(containers, hints_of_mounts)
{
	struct mount_hint hint;

	check_true(mount_hint_parse("/data/docker/containers/" ID_A "/hostname", &hint));
	check_str(hint.runtime->name, "docker");
	check_bytes("/data/docker/containers/" ID_A, hint.dir_len, "/data/docker/containers");
	check_true(strncmp(hint.id, ID_A, 64) == 0);
	check_true(mount_hint_parse("/containers/" ID_A "/hosts", &hint));
	check_true(mount_hint_parse("/r/overlay-containers/" ID_A "/userdata/hosts", &hint));
	check_str(hint.runtime->name, "podman");
	check_false(mount_hint_parse("/containers/" ID_A "/config.v2.json", &hint));
	check_false(mount_hint_parse("/containers/" ID_A, &hint));
	check_false(mount_hint_parse("/containers/web/hostname", &hint));
	check_false(mount_hint_parse("/overlay-containers/" ID_A "/", &hint));
	check_false(mount_hint_parse("/", &hint));
}

// Somebody inside has as many root mounts as he likes: not each of them is looked for among ours.
Test(containers, many_root_mounts)
{
	const struct container container = {.leader = 200};
	struct container_mounts mounts;
	char text[4096] = "";

	begin();
	put_process(200, 1, 10, "a", "0::/x\n");
	put("100/mountinfo", "1 0 8:1 / /disk rw - ext4 /dev/a rw\n");
	put("200/mountinfo", "1 0 8:1 /g/vfs/dir/x / rw - ext4 /dev/a rw\n");
	check_int(container_mounts_read(root.fd, &container, &mounts), 0);
	check_str(mounts.graph, "/disk/g");
	for (int i = 0; i < 16; i++)
		strcat(text, "1 0 8:2 /a/vfs/dir/x / rw - ext4 /dev/b rw\n");
	put("200/mountinfo", "%s1 0 8:1 /g/vfs/dir/x / rw - ext4 /dev/a rw\n", text);
	check_int(container_mounts_read(root.fd, &container, &mounts), 0);
	check_str(mounts.graph, "");
	end();
}

static const char path[] = "var/lib/docker/containers/" ID_A "/config.v2.json";

static void make_docker(void)
{
	make_dir("var");
	make_dir("var/lib");
	make_dir("var/lib/docker");
	make_dir("var/lib/docker/containers");
	make_dir("var/lib/docker/containers/" ID_A);
}

// A state file is opened only if it is what it should be.
Test(containers, state_files)
{
	struct container container = {.runtime = runtime_find("docker", 6), .id = strdup(ID_A)};
	struct state_file file;

	if (geteuid() != 0)
		cannot_run("root");
	begin();
	check_int(statefile_open(root.fd, root.fd, &container, &file), -ENOENT);
	make_docker();
	check_int(statefile_open(root.fd, root.fd, &container, &file), -ENOENT);
	put(path, "{}");
	int fd = statefile_open(root.fd, root.fd, &container, &file);
	check_true(fd >= 0);
	check_int(file.kind, STATE_DOCKER);
	check_true(!file.trouble);
	close(fd);
	// Everybody's, somebody's, too large.
	check_int(fchmodat(root.fd, path, 0646, 0), 0);
	check_true(statefile_open(root.fd, root.fd, &container, &file) < 0);
	check_str(file.trouble, "everybody can write to it");
	check_int(fchmodat(root.fd, path, 0644, 0), 0);
	check_int(fchownat(root.fd, path, 5, 5, 0), 0);
	check_int(statefile_open(root.fd, root.fd, &container, &file), -EINVAL);
	// Who is no root is told nothing by root's own places.
	container.is_rootless = true;
	container.owner = 5;
	check_int(statefile_open(root.fd, root.fd, &container, &file), -ENOENT);
	container.is_rootless = false;
	container.owner = 0;
	check_int(fchownat(root.fd, path, 0, 0, 0), 0);
	fd = openat(root.fd, path, O_WRONLY);
	check_int(ftruncate(fd, 1 << 30), 0);
	close(fd);
	check_int(statefile_open(root.fd, root.fd, &container, &file), -EINVAL);
	check_str(file.trouble, "it is too large");
	free(container.id);
	end();
}

// Nor if it is no file, or one elsewhere.
Test(containers, no_state_files)
{
	static const char fifo[] = "var/lib/docker/containers/" ID_A "/fifo";
	struct container container = {.runtime = runtime_find("docker", 6), .id = strdup(ID_A)};
	struct state_file file;

	begin();
	make_docker();
	check_int(mkfifoat(root.fd, fifo, 0644), 0);
	check_int(symlinkat("fifo", root.fd, path), 0);
	check_int(statefile_open(root.fd, root.fd, &container, &file), -EINVAL);
	check_str(file.trouble, "it is no regular file");
	check_int(unlinkat(root.fd, path, 0), 0);
	check_int(mkfifoat(root.fd, path, 0644), 0);
	check_int(statefile_open(root.fd, root.fd, &container, &file), -EINVAL);
	check_int(unlinkat(root.fd, path, 0), 0);
	check_int(mkdirat(root.fd, path, 0755), 0);
	check_int(statefile_open(root.fd, root.fd, &container, &file), -EINVAL);
	// The host's files tell nothing of what is in another container.
	container.is_nested = true;
	check_int(statefile_open(root.fd, root.fd, &container, &file), -ENOENT);
	container.is_nested = false;
	// An id that leads elsewhere.
	free(container.id);
	container.id = strdup("../x");
	check_int(statefile_open(root.fd, root.fd, &container, &file), -ENOENT);
	free(container.id);
	end();
}

// The place of an ordinary user is below the home that our passwd file tells.
Test(containers, state_files_of_users)
{
	static const char file_path[] =
		"home/u/.local/share/docker/containers/" ID_A "/config.v2.json";
	struct container container = {.runtime = runtime_find("docker", 6),
		.id = strdup(ID_A),
		.is_rootless = true,
		.owner = 1234};
	struct state_file file;
	char part[128];

	if (geteuid() != 0)
		cannot_run("root");
	begin();
	make_dir("etc");
	put("etc/passwd", "root:x:0:0::/root:/bin/sh\nu:x:1234:1234::/home/u:/bin/sh\n");
	for (const char *slash = strchr(file_path, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(slash - file_path), file_path);
		make_dir(part);
	}
	put(file_path, "{}");
	int fd = statefile_open(root.fd, root.fd, &container, &file);
	check_true(fd >= 0);
	close(fd);
	check_int(fchownat(root.fd, file_path, 1234, 1234, 0), 0);
	fd = statefile_open(root.fd, root.fd, &container, &file);
	check_true(fd >= 0);
	close(fd);
	check_int(fchownat(root.fd, file_path, 1235, 1235, 0), 0);
	check_int(statefile_open(root.fd, root.fd, &container, &file), -EINVAL);
	free(container.id);
	end();
}

static char stored[256];
static int stored_owner;

static void store(void *arg, const struct store_file *file, int fd)
{
	(void)arg;
	stored_owner = file->is_rootless ? (int)file->owner : 0;
	snprintf(stored + strlen(stored), sizeof(stored) - strlen(stored), "%s:%s:%d ",
		file->runtime->name, file->id, fd >= 0);
}

Test(containers, stores)
{
	begin();
	make_dir("run");
	make_dir("run/runc");
	make_dir("run/runc/web");
	put("run/runc/web/state.json", "{}");
	make_dir("run/runc/known"); // to another runtime
	put("run/runc/known/state.json", "{}");
	make_dir("run/crun");
	make_dir("run/crun/known");
	put("run/crun/known/status", "{}");
	make_dir("run/runc/empty");
	make_dir("run/containerd");
	make_dir("run/containerd/runc");
	make_dir("run/containerd/runc/default");
	make_dir("run/containerd/runc/default/mail");
	check_int(mkfifoat(root.fd, "run/containerd/runc/default/mail/state.json", 0644), 0);
	put_process(200, 1, 10, "a", "0::/crun-known.scope\n");
	find();
	stored[0] = '\0';
	statefiles_visit_stores(root.fd, &found, store, NULL);
	check_true(strstr(stored, "containerd:mail:0 ") != NULL);
	check_true(strstr(stored, "runc:web:1 ") != NULL);
	check_true(strstr(stored, "runc:known:1 ") != NULL);
	check_true(strstr(stored, "crun:") == NULL);
	end();
}

// In what an ordinary user keeps no links are followed, and it says so whose it is.
Test(containers, stores_of_users)
{
	begin();
	make_dir("run");
	make_dir("run/user");
	make_dir("run/user/5");
	make_dir("run/user/5/crun");
	make_dir("run/user/5/crun/web");
	put("run/user/5/crun/web/status", "{}");
	make_dir("elsewhere");
	put("elsewhere/status", "{}");
	check_int(symlinkat("../../../../elsewhere", root.fd, "run/user/5/crun/link"), 0);
	put_process(200, 1, 10, "a", "0::/x\n");
	find();
	found.rows[0]->is_rootless = true;
	found.rows[0]->owner = 5;
	stored[0] = '\0';
	statefiles_visit_stores(root.fd, &found, store, NULL);
	check_str(stored, "crun:web:1 ");
	check_int(stored_owner, 5);
	// A directory that leads elsewhere.
	check_int(renameat(root.fd, "run/user/5/crun", root.fd, "moved"), 0);
	check_int(symlinkat("../../../moved", root.fd, "run/user/5/crun"), 0);
	stored[0] = '\0';
	statefiles_visit_stores(root.fd, &found, store, NULL);
	check_str(stored, "");
	end();
}
