// SPDX-License-Identifier: GPL-2.0-or-later
// What is denied is tried from inside. As root, and as what is left of a user without rights.
#include "sandbox.h"

#include "unit.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int kept; // an fd that stays open

// The wait status of a process that does TRY inside of a sandbox; TRY returns its exit status.
static int status_of(int (*try)(void))
{
	int status;
	pid_t parent = getpid(), pid = fork();

	if (pid == 0) {
		const struct sandbox sandbox = {
			.parent = parent, .keep = &kept, .keep_count = 1, .cpu_s = 5};
		struct error err = {0};
		_exit(sandbox_enter(&sandbox, &err) == SANDBOX_FILTER ? try() : 100);
	}
	check_true(pid > 0);
	check_int(waitpid(pid, &status, 0), pid);
	return status;
}

// What of the call is left is its exit status: 0, or its errno.
#define TRY(name, call)                        \
	static int name(void)                  \
	{                                      \
		return (call) < 0 ? errno : 0; \
	}

static char *const no_words[] = {NULL};

TRY(try_nothing, 0)
TRY(try_fstat, fstat(kept, &(struct stat){0}))
TRY(try_open, open("/etc/passwd", O_RDONLY))
TRY(try_open_fd, open("/proc/self/fd/0", O_RDONLY))
TRY(try_stat, stat("/", &(struct stat){0}))
TRY(try_access, access("/", F_OK))
TRY(try_readlink, (int)readlink("/proc/self/exe", (char[8]){0}, 8))
TRY(try_socket, socket(AF_INET, SOCK_STREAM, 0))
TRY(try_unix_socket, socket(AF_UNIX, SOCK_STREAM, 0))
TRY(try_connect,
	connect(kept, (struct sockaddr *)&(struct sockaddr_in){0}, sizeof(struct sockaddr_in)))
TRY(try_ptrace, (int)ptrace(PTRACE_SEIZE, getppid(), 0, 0))
TRY(try_exec, execve("/bin/true", no_words, no_words))
TRY(try_fork, fork())
TRY(try_thread, (int)syscall(SYS_clone, CLONE_VM | CLONE_SIGHAND | CLONE_THREAD, 0, 0, 0, 0))
TRY(try_kill, kill(getppid(), 0))
TRY(try_kill_self, kill(getpid(), SIGKILL))
TRY(try_tgkill, (int)syscall(SYS_tgkill, 1, 1, 0))
TRY(try_unshare, unshare(CLONE_NEWUSER))
TRY(try_chroot, chroot("/"))
TRY(try_bpf, (int)syscall(SYS_bpf, 0, 0, 0))
TRY(try_uring, (int)syscall(SYS_io_uring_setup, 1, 0))
TRY(try_fault, (int)syscall(SYS_userfaultfd, 0))
TRY(try_memfd, memfd_create("x", 0))
TRY(try_prctl, prctl(PR_SET_DUMPABLE, 1))
TRY(try_setuid, (int)syscall(SYS_setuid, 0))
TRY(try_code,
	mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
		? -1
		: 0)
TRY(try_protect, mprotect((void *)((uintptr_t)no_words & ~(uintptr_t)4095), 4096, PROT_EXEC))
TRY(try_write, (int)write(kept, "x", 1))

Test(sandbox, what_it_leaves)
{
	kept = open("/proc/self/status", O_RDONLY);
	check_true(kept >= 0);
	check_int(status_of(try_nothing), 0);
	check_int(status_of(try_fstat), 0);
}

// Libraries try it by themselves, so it is answered.
Test(sandbox, files_by_name)
{
	int (*const tries[])(void) = {
		try_open, try_open_fd, try_stat, try_access, try_readlink, try_prctl};

	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		int status = status_of(tries[i]);
		check_true(WIFEXITED(status));
		check_int(WEXITSTATUS(status), EACCES);
	}
}

Test(sandbox, what_ends_it)
{
	int (*const tries[])(void) = {try_socket, try_unix_socket, try_connect, try_ptrace,
		try_exec, try_fork, try_thread, try_kill, try_kill_self, try_tgkill, try_unshare,
		try_chroot, try_bpf, try_uring, try_fault, try_memfd, try_setuid, try_code,
		try_protect, try_write};

	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		int status = status_of(tries[i]);
		cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS,
			"try %zu ended with wait status %#x", i, (unsigned)status);
	}
}

static int try_abort(void)
{
	abort();
}

Test(sandbox, abort_is_seen_as_such)
{
	int status = status_of(try_abort);

	check_true(WIFSIGNALED(status));
	check_int(WTERMSIG(status), SIGABRT);
}

static int try_spin(void)
{
	for (volatile unsigned i = 0; i < UINT32_MAX; i++)
		;
	return 0; // not in a second
}

#if defined(__x86_64__)
static int try_32_bit(void)
{
	long nr = 20, ret; // getpid

	__asm__ volatile("int $0x80" : "=a"(ret) : "0"(nr) : "memory");
	return ret < 0 ? ENOSYS : 0;
}

static int try_x32(void)
{
	return syscall(0x40000000 | SYS_getpid) < 0 ? ENOSYS : 0;
}

Test(sandbox, other_conventions)
{
	int status = status_of(try_32_bit);

	// A kernel without 32-bit programs raises SIGSEGV.
	check_true(WIFSIGNALED(status));
	check_true(WTERMSIG(status) == SIGSYS || WTERMSIG(status) == SIGSEGV);
	status = status_of(try_x32);
	check_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}
#endif

#if !defined(__SANITIZE_ADDRESS__)
static int try_memory(void)
{
	void *volatile room = malloc((size_t)2 << 30); // a compiler may leave it out otherwise

	return room == NULL ? ENOMEM : 0;
}

static int try_space(void)
{
	void *room = mmap(NULL, (size_t)1 << 40, PROT_READ,
		MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return room == MAP_FAILED ? errno : 0;
}

Test(sandbox, limits)
{
	int status = status_of(try_memory);

	check_true(WIFEXITED(status) && WEXITSTATUS(status) == ENOMEM);
	status = status_of(try_space);
	check_true(WIFEXITED(status) && WEXITSTATUS(status) == ENOMEM);
}
#endif

// A second is the shortest time.
Test(sandbox, cpu_time)
{
	int status;
	pid_t parent = getpid(), pid = fork();

	if (pid == 0) {
		const struct sandbox sandbox = {.parent = parent, .cpu_s = 1};
		struct error err = {0};
		_exit(sandbox_enter(&sandbox, &err) == SANDBOX_FILTER ? try_spin() : 100);
	}
	check_int(waitpid(pid, &status, 0), pid);
	check_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

// The same without root's rights, and where user namespaces are not to be had.
static void become_nobody(void)
{
	check_int(setgid(65533), 0);
	check_int(setuid(65533), 0);
	check_int(prctl(PR_SET_DUMPABLE, 1), 0);
}

Test(sandbox, of_an_ordinary_user)
{
	if (geteuid() == 0)
		become_nobody();
	check_int(status_of(try_nothing), 0);
	int status = status_of(try_open);
	check_true(WIFEXITED(status) && WEXITSTATUS(status) == EACCES);
	status = status_of(try_socket);
	check_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}
