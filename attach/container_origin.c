// SPDX-License-Identifier: GPL-2.0-or-later
// What is beside a container's first process.
#include "container_origin.h"

#include "cgroup_home.h"
#include "cleanup.h"
#include "fd.h"
#include "number.h"
#include "proc.h"
#include "sys.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/nsfs.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum {
	CGROUPS_MAX = 16 << 10, // bytes of a cgroup text; a longer one tells nothing
	CMDLINE_MAX = 32 << 10, // of a monitor
	TASKS_MAX = 1 << 16,    // directories of a shim's namespace
	POD_NAME_SIZE = 704,
	WAIT_MS = 300, // for the command line of a stranger
};

uint64_t container_inode(int proc_fd, pid_t pid, const char *name)
{
	char path[48], link[48];
	struct stat st;
	uint64_t inode;

	snprintf(path, sizeof(path), "%d/%s", pid, name);
	// What a namespace's link says is its inode, and told sooner than the file is made up.
	ssize_t len = readlinkat(proc_fd, path, link, sizeof(link));
	if (len > 0) {
		const char *digits = memchr(link, '[', (size_t)len);
		const char *cursor = digits ? digits + 1 : link + len;
		return number_scan(&cursor, link + len, 10, &inode) < 0 ? 0 : inode;
	}
	if (errno != EINVAL)
		return 0;
	return fstatat(proc_fd, path, &st, 0) < 0 ? 0 : st.st_ino;
}

ssize_t container_read(int proc_fd, pid_t pid, const char *name, char *text, size_t size)
{
	char path[48];

	snprintf(path, sizeof(path), "%d/%s", pid, name);
	return fd_read_small_at(proc_fd, path, text, size);
}

int container_origin(int proc_fd, pid_t pid, struct container_origin *ret)
{
	char text[1024];
	ssize_t len = container_read(proc_fd, pid, "stat", text, sizeof(text));

	if (len < 0)
		return (int)len;
	ret->is_kernel_thread = proc_stat_is_kernel_thread(text, (size_t)len);
	int r = proc_stat_parent(text, (size_t)len, &ret->ppid);
	return r < 0 ? r : proc_stat_start(text, (size_t)len, &ret->start);
}

// The user whom systemd gave the cgroup PATH to manage, or one above it; 0: nobody
// (user@.service(5)).
static uid_t user_of_cgroup(const char *path)
{
	static const char word[] = "/user@", service[] = ".service";
	uint64_t uid;

	for (const char *at = path; at && (at = strstr(at, word));) {
		const char *end = strchrnul(at + 1, '/'), *cursor = at + sizeof(word) - 1;
		at = end;
		if (number_scan(&cursor, end, 10, &uid) == 0 && uid < UINT32_MAX &&
			end - cursor == sizeof(service) - 1 &&
			memcmp(cursor, service, sizeof(service) - 1) == 0)
			return (uid_t)uid;
	}
	return 0;
}

void container_find_owner(int proc_fd, uint64_t own_users, struct container *container)
{
	char path[32];
	uint64_t users = container_inode(proc_fd, container->leader, "ns/user");
	uid_t owner;

	container->owner = geteuid();
	owner = container->cgroup ? user_of_cgroup(container->cgroup) : 0;
	if (owner != 0) {
		container->owner = owner;
		container->is_rootless = true;
		return;
	}
	if (users == 0 || users == own_users)
		return;
	snprintf(path, sizeof(path), "%d/ns/user", container->leader);
	auto_fd int fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, NS_GET_OWNER_UID, &owner) < 0)
		return;
	container->owner = owner;
	container->is_rootless = owner != 0;
}

// Waits for PID's end, but no longer than TIMEOUT_MS: who reads what a user's file system gives can
// be in a sleep that no signal ends. Whoever is our parent then has it later.
static void await_end(pid_t pid, int timeout_ms)
{
	auto_fd int pidfd = sys_pidfd_open(pid, 0);
	struct pollfd poller = {.fd = pidfd, .events = POLLIN};

	if (pidfd >= 0)
		poll(&poller, 1, timeout_ms);
	while (waitpid(pid, NULL, pidfd >= 0 ? WNOHANG : 0) < 0 && errno == EINTR)
		;
}

// Reads PID's command line into TEXT of SIZE bytes by a child that is killed when it takes long: it
// stands in the memory of PID, which can make a reader wait for what never comes. Returns its
// length, or -errno.
static ssize_t read_by_child(int proc_fd, pid_t pid, char *text, size_t size)
{
	int ends[2];
	size_t len = 0;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	pid_t keeper = getpid(), child = fork();
	if (child == 0) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != keeper)
			_exit(1);
		ssize_t read_len = container_read(proc_fd, pid, "cmdline", text, size);
		_exit(read_len > 0 && fd_write_all(ends[1], text, (size_t)read_len) == 0 ? 0 : 1);
	}
	close(ends[1]);
	auto_fd int fd = ends[0];
	struct pollfd poller = {.fd = fd, .events = POLLIN};
	ssize_t n = child < 0 ? -errno : 1;
	while (n > 0 && len < size) {
		n = poll(&poller, 1, WAIT_MS) > 0 ? read(fd, text + len, size - len) : -ETIMEDOUT;
		len += n > 0 ? (size_t)n : 0;
	}
	if (child > 0) {
		kill(child, SIGKILL);
		await_end(child, WAIT_MS);
	}
	return n < 0 ? n : (ssize_t)len;
}

static uint64_t own_mounts(int proc_fd)
{
	struct stat st;

	return fstatat(proc_fd, "self/ns/mnt", &st, 0) < 0 ? 0 : st.st_ino;
}

// True when PID runs as root, or as who made CONTAINER, and is no process of it. *RET_IS_SAFE: its
// memory is no stranger's.
static bool may_tell(int proc_fd, pid_t pid, const struct container *container, bool *ret_is_safe)
{
	char text[3072], cgroups[CGROUPS_MAX];
	struct proc_status status;
	ssize_t len = container_read(proc_fd, pid, "status", text, sizeof(text));

	if (len < 0 || proc_status_parse(text, (size_t)len, &status) < 0 ||
		(status.uid[1] != 0 && status.uid[1] != container->owner))
		return false;
	*ret_is_safe = status.uid[1] == geteuid() && status.ns_pid_count <= 1 &&
		       container_inode(proc_fd, pid, "ns/mnt") == own_mounts(proc_fd);
	if (container->has_own_pids && container_inode(proc_fd, pid, "ns/pid") == container->pid_ns)
		return false;
	if (!container->cgroup)
		return container->has_own_pids;
	len = container_read(proc_fd, pid, "cgroup", cgroups, sizeof(cgroups));
	if (len < 0)
		return false;
	const struct cgroup_row home = {.name = container->hierarchy,
		.name_len = strlen(container->hierarchy),
		.path = container->cgroup,
		.path_len = strlen(container->cgroup)};
	return !cgroup_is_home_of(&home, cgroups, (size_t)len);
}

static char *copy_word(const char *word, size_t len)
{
	if (!word)
		return NULL;
	return len > 0 ? strndup(word, len) : strdup(word);
}

// True when the file NAME below DIR_FD holds PID and nothing else.
static bool holds_pid(int dir_fd, const char *name, pid_t pid)
{
	char text[16];
	struct stat st;
	pid_t held;
	auto_fd int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	ssize_t len = fd_read_exact(fd, text, sizeof(text) - 1);
	if (len <= 0)
		return false;
	text[len] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return number_parse_pid(text, &held) == 0 && held == pid;
}

// The id under which the shim PPID keeps the leader of CONTAINER, whose child that is: the
// directory beside its own one that holds the PID.
static char *find_task(int proc_fd, pid_t ppid, const struct container *container)
{
	char path[320];

	snprintf(path, sizeof(path), "%d/cwd/..", ppid);
	auto_fd int fd = openat(proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return NULL;
	take_fd(&fd);
	struct dirent *entry;
	for (int i = 0; i < TASKS_MAX && (entry = readdir(dir)); i++) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/init.pid", entry->d_name);
		if (holds_pid(dirfd(dir), path, container->leader))
			return strdup(entry->d_name);
	}
	return NULL;
}

// True when a monitor may say what of whom no cgroup tells, or what a cgroup tells is its.
static bool concerns(const struct monitor *monitor, const struct container *container)
{
	return monitor->id && container->id && strcmp(monitor->id, container->id) == 0;
}

static void use_shim(
	int proc_fd, const struct monitor *monitor, pid_t ppid, struct container *container)
{
	if (!container->id)
		container->id = find_task(proc_fd, ppid, container);
	if (!container->id)
		return;
	if (!container->runtime)
		container->runtime = monitor->runtime;
	if (strcmp(container->runtime->name, "k8s") == 0 && !container->engine)
		container->engine = monitor->runtime;
	if (!strchr(container->id, '/') &&
		asprintf(&container->bundle, "%d/cwd/../%s", ppid, container->id) < 0)
		container->bundle = NULL;
}

// Takes a name that the kubelet gave apart.
static void take_pod(struct container *container)
{
	char name[POD_NAME_SIZE];

	if (!container->name ||
		!runtime_pod_name(container->name, name, sizeof(name), &container->is_sandbox))
		return;
	free(container->name);
	container->name = strdup(name);
	if (strcmp(container->runtime->name, "k8s") != 0)
		container->engine = container->runtime;
	container->runtime = runtime_find("k8s", 3);
}

static void use_named(const struct monitor *monitor, pid_t ppid, struct container *container)
{
	if (!container->runtime)
		container->runtime = monitor->runtime;
	if (!container->id && monitor->id)
		container->id = strdup(monitor->id);
	if (monitor->id && !concerns(monitor, container))
		return;
	// LXC adds a number to a name that another cgroup has already.
	if (monitor->name && (!container->name || !monitor->id)) {
		free(container->name);
		container->name = copy_word(monitor->name, monitor->name_len);
		if (!monitor->id) {
			free(container->id);
			container->id = container->name ? strdup(container->name) : NULL;
			container->runtime = monitor->runtime;
		}
	}
	take_pod(container);
	if (monitor->bundle &&
		asprintf(&container->bundle, "%d/root/%s", ppid, monitor->bundle) < 0)
		container->bundle = NULL;
}

void container_ask_leader(int proc_fd, struct container *container)
{
	char path[32], link[PATH_MAX];

	snprintf(path, sizeof(path), "%d/exe", container->leader);
	ssize_t len = readlinkat(proc_fd, path, link, sizeof(link) - 1);
	if (len <= 0)
		return;
	link[len] = '\0';
	if (container->isolation == ISOLATION_NONE)
		container->isolation = monitor_isolation(link);
}

int container_ask_monitor(int proc_fd, pid_t pid, bool patient, struct container *container)
{
	char text[CMDLINE_MAX];
	struct monitor monitor;
	bool is_safe;

	if (!may_tell(proc_fd, pid, container, &is_safe) || (!is_safe && !patient))
		return 1;
	ssize_t len = is_safe ? container_read(proc_fd, pid, "cmdline", text, sizeof(text))
			      : read_by_child(proc_fd, pid, text, sizeof(text));
	if (len == -ETIMEDOUT)
		return -ETIMEDOUT;
	if (len <= 0 || !monitor_parse(text, (size_t)len, &monitor))
		return 0;
	container->monitor = pid;
	if (monitor.isolation != ISOLATION_NONE)
		container->isolation = monitor.isolation;
	if (monitor.space)
		use_shim(proc_fd, &monitor, pid, container);
	else
		use_named(&monitor, pid, container);
	return 1;
}
