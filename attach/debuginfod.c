// SPDX-License-Identifier: GPL-2.0-or-later
// Fetching debug files.
#include "debuginfod.h"

#include "cleanup.h"
#include "clock.h"
#include "fd.h"
#include "fdpass.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum {
	NOBODY = 65534,
	FILES_MAX = 64,
	FILE_S = 60,   // for one file
	ALL_S = 180,   // for all
	CPU_S = 120,   // of one client
	ENV_MAX = 24,  // variables that it gets
	VAR_MAX = 4096 // bytes of one
};

static const char *const programs[] = {
	"/usr/bin/debuginfod-find", "/usr/local/bin/debuginfod-find"};

// Where the cache is mounted, in a namespace of its own: over the first that is there.
static const char *const cache_dirs[] = {"/tmp", "/var/tmp", "/run", "/mnt"};

static const char cache_size[] = "size=1g,nr_inodes=256,mode=0700";

// What the client may know of our environment.
static const char *const vars[] = {"DEBUGINFOD_URLS", "DEBUGINFOD_TIMEOUT", "DEBUGINFOD_MAXTIME",
	"DEBUGINFOD_MAXSIZE", "DEBUGINFOD_RETRY_LIMIT", "DEBUGINFOD_HEADERS_FILE",
	"DEBUGINFOD_IMA_CERT_PATH", "http_proxy", "https_proxy", "all_proxy", "no_proxy",
	"HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"};

// What no client does.
static const int refused[] = {SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_bpf,
	SYS_perf_event_open, SYS_io_uring_setup, SYS_userfaultfd, SYS_mount, SYS_umount2,
	SYS_move_mount, SYS_open_tree, SYS_fsopen, SYS_unshare, SYS_setns, SYS_pivot_root,
	SYS_chroot, SYS_add_key, SYS_request_key, SYS_keyctl, SYS_init_module, SYS_finit_module,
	SYS_delete_module, SYS_open_by_handle_at, SYS_pidfd_open, SYS_kill, SYS_tkill};

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
enum { NR_MAX = 0x3fffffff }; // above it is x32
#else
#define ARCH AUDIT_ARCH_AARCH64
enum { NR_MAX = 0x7fffffff };
#endif

int debuginfod_init(struct debuginfod *ret, struct error *err)
{
	const char *urls = getenv("DEBUGINFOD_URLS");

	if (!urls || !urls[0]) {
		fail(err, ERROR_USAGE, EINVAL,
			"--debuginfod: which server? DEBUGINFOD_URLS is not set");
		return error_hint(err, "https://debuginfod.elfutils.org/ asks those of most "
				       "distributions");
	}
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		if (access(programs[i], X_OK) < 0)
			continue;
		*ret = (struct debuginfod){.program = programs[i], .left = FILES_MAX};
		return 0;
	}
	fail(err, ERROR_SYSTEM, ENOENT, "--debuginfod: this host has no program debuginfod-find");
	return error_hint(err, "it is in the package debuginfod, or elfutils");
}

// Writes TEXT to the file at PATH, of our own in /proc. Returns whether it could.
static bool write_text(const char *path, const char *text)
{
	auto_fd int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd >= 0 && fd_write_all(fd, text, strlen(text)) == 0;
}

// A mount namespace of our own; an ordinary user has it in a user namespace in which they are who
// they are.
static bool enter_mounts(uid_t uid, gid_t gid)
{
	char line[64];

	if (uid == 0)
		return unshare(CLONE_NEWNS) == 0;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0 || !write_text("/proc/self/setgroups", "deny"))
		return false;
	snprintf(line, sizeof(line), "%u %u 1\n", (unsigned)uid, (unsigned)uid);
	if (!write_text("/proc/self/uid_map", line))
		return false;
	snprintf(line, sizeof(line), "%u %u 1\n", (unsigned)gid, (unsigned)gid);
	return write_text("/proc/self/gid_map", line);
}

// Mounts the cache, which belongs to the client. Returns where, or NULL.
static const char *mount_cache(void)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	char options[128];

	if (!enter_mounts(uid, gid) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return NULL;
	snprintf(options, sizeof(options), "%s,uid=%u,gid=%u", cache_size,
		uid == 0 ? NOBODY : (unsigned)uid, uid == 0 ? NOBODY : (unsigned)gid);
	for (size_t i = 0; i < sizeof(cache_dirs) / sizeof(cache_dirs[0]); i++)
		if (mount("nspeek", cache_dirs[i], "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
			    options) == 0)
			return cache_dirs[i];
	return NULL;
}

static void refuse_calls(void)
{
	enum { COUNT = sizeof(refused) / sizeof(refused[0]), HEAD = 5 };
	struct sock_filter code[HEAD + COUNT + 3] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, NR_MAX, COUNT + 1, 0),
	};
	const struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};

	for (size_t i = 0; i < COUNT; i++)
		code[HEAD + i] = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)refused[i], (uint8_t)(COUNT - i), 0);
	code[HEAD + COUNT] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	code[HEAD + COUNT + 1] =
		(struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
	code[HEAD + COUNT + 2] =
		(struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	// Where filters cannot be had, it has no rights all the same.
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

// Gives up all rights but the network. Returns whether that was possible.
static bool drop_rights(pid_t parent)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
	const struct rlimit no_core = {0, 0}, cpu = {CPU_S, CPU_S};

	if (geteuid() == 0 && (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
				      setresuid(NOBODY, NOBODY, NOBODY) < 0))
		return false;
	if (syscall(SYS_capset, &header, none) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		return false;
	setrlimit(RLIMIT_CORE, &no_core);
	setrlimit(RLIMIT_CPU, &cpu);
	return true;
}

static bool silence(void)
{
	int null = open("/dev/null", O_RDWR);

	if (null < 0)
		return false;
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	fd_close_from(3);
	return true;
}

// Becomes the client that asks for HEX and caches in CACHE.
static _Noreturn void run_client(
	const char *program, const char *hex, const char *cache, pid_t parent)
{
	static char lines[ENV_MAX][VAR_MAX];
	char *env[ENV_MAX + 1] = {NULL};
	char *const words[] = {
		(char *)(uintptr_t)program, (char[]){"debuginfo"}, (char *)(uintptr_t)hex, NULL};
	size_t count = 0;

	snprintf(lines[count], VAR_MAX, "DEBUGINFOD_CACHE_PATH=%s", cache);
	env[count] = lines[count], count++;
	snprintf(lines[count], VAR_MAX, "HOME=%s", cache);
	env[count] = lines[count], count++;
	for (size_t i = 0; i < sizeof(vars) / sizeof(vars[0]) && count < ENV_MAX; i++) {
		const char *value = getenv(vars[i]);
		if (!value || snprintf(lines[count], VAR_MAX, "%s=%s", vars[i], value) >= VAR_MAX)
			continue;
		env[count] = lines[count], count++;
	}
	if (silence() && chdir("/") == 0 && drop_rights(parent)) {
		refuse_calls();
		execve(program, words, env);
	}
	_exit(127);
}

// Fetches HEX with PROGRAM into a cache that ends with this process. Returns an fd of it, or
// -errno.
static int fetch(const char *program, const char *hex)
{
	const char *cache = mount_cache();
	char name[BUILDID_HEX_SIZE + 16];
	pid_t self = getpid();

	if (!cache)
		return -EPERM;
	auto_fd int dir = open(cache, O_PATH | O_DIRECTORY | O_CLOEXEC);
	pid_t client = fork();
	if (client == 0)
		run_client(program, hex, cache, self);
	if (dir < 0 || client < 0)
		return -errno;
	while (waitpid(client, NULL, 0) < 0 && errno == EINTR)
		;
	snprintf(name, sizeof(name), "%s/debuginfo", hex);
	return fd_open_regular_in_root(dir, name);
}

// Hands FD, or what it failed with, to SOCKET.
static void hand_over(int socket, int fd)
{
	fdpass_send(socket, (struct iovec[2]){{&fd, sizeof(fd)}}, fd);
}

// Takes what was handed over on SOCKET within TIMEOUT_MS.
static int take_over(int socket, int timeout_ms)
{
	struct pollfd poll_fd = {.fd = socket, .events = POLLIN};
	int ready, r, fd;

	do
		ready = poll(&poll_fd, 1, timeout_ms);
	while (ready < 0 && errno == EINTR);
	if (ready <= 0)
		return ready < 0 ? -errno : -ETIMEDOUT;
	if (fdpass_receive(socket, &r, sizeof(r), &fd) != sizeof(r)) {
		close_fd(&fd);
		return -EPROTO;
	}
	return fd >= 0 ? fd : r < 0 ? r : -EPROTO;
}

static int run_process(const char *program, const char *hex, int timeout_ms)
{
	pid_t self = getpid();
	int sockets[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
		return -errno;
	auto_fd int ours = sockets[0], its = sockets[1];
	pid_t pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == self)
			hand_over(its, fetch(program, hex));
		_exit(0);
	}
	close_fd(&its);
	int r = take_over(ours, timeout_ms);
	kill(pid, SIGKILL); // and the client with it
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return r;
}

int debuginfod_fetch(struct debuginfod *debuginfod, const struct buildid *id)
{
	char hex[BUILDID_HEX_SIZE];
	uint64_t from_us = clock_now_us(), left_us = (uint64_t)ALL_S * 1000000;

	if (!debuginfod->program || id->len < 2)
		return -ENOENT;
	if (debuginfod->left == 0 || debuginfod->spent_us >= left_us)
		return -EMFILE;
	left_us -= debuginfod->spent_us;
	buildid_to_hex(id, hex);
	debuginfod->left--;
	int ms = left_us / 1000 < FILE_S * 1000 ? (int)(left_us / 1000) + 1 : FILE_S * 1000;
	int r = run_process(debuginfod->program, hex, ms);
	debuginfod->spent_us += clock_now_us() - from_us;
	return r;
}
