// SPDX-License-Identifier: GPL-2.0-or-later
#include "allowlist.h"
#include "unit.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#else
#define ARCH AUDIT_ARCH_AARCH64
#endif

enum { PID = 4711, REFUSED = SECCOMP_RET_ERRNO | EACCES };

// What the list answers to CALL.
static uint32_t answer_to(struct seccomp_data call)
{
	struct sock_filter code[ALLOWLIST_LEN_MAX];
	const struct seccomp_program program = allowlist_make(PID, code);

	check_true(program.len <= ALLOWLIST_LEN_MAX);
	return seccomp_program_run(&program, &call);
}

#define ANSWER(number, ...) \
	answer_to((struct seccomp_data){.nr = (number), .arch = ARCH, .args = {__VA_ARGS__}})

Test(allowlist, what_is_needed)
{
	check_u64(ANSWER(SYS_sendmsg, 3), SECCOMP_RET_ALLOW);
	check_u64(ANSWER(SYS_recvmsg, 3), SECCOMP_RET_ALLOW);
	check_u64(ANSWER(SYS_pread64, 3), SECCOMP_RET_ALLOW);
	check_u64(ANSWER(SYS_exit_group, 0), SECCOMP_RET_ALLOW);
	check_u64(ANSWER(SYS_sysinfo, 0), SECCOMP_RET_ALLOW);
}

Test(allowlist, what_libraries_can_do_without)
{
	check_u64(ANSWER(SYS_openat, (uint64_t)AT_FDCWD), REFUSED);
	check_u64(ANSWER(SYS_prctl, PR_SET_NAME), REFUSED);
	check_u64(ANSWER(SYS_prctl, PR_SET_SECCOMP), REFUSED);
	check_u64(ANSWER(SYS_ioctl, 2), REFUSED);
}

Test(allowlist, arguments)
{
	check_u64(ANSWER(SYS_mmap, 0, 4096, PROT_READ | PROT_WRITE), SECCOMP_RET_ALLOW);
	check_u64(ANSWER(SYS_mmap, 0, 4096, PROT_READ | PROT_EXEC), SECCOMP_RET_KILL_PROCESS);
	check_u64(ANSWER(SYS_mprotect, 0, 4096, PROT_NONE), SECCOMP_RET_ALLOW);
	check_u64(ANSWER(SYS_mprotect, 0, 4096, PROT_EXEC), SECCOMP_RET_KILL_PROCESS);
	check_u64(ANSWER(SYS_newfstatat, 3, 0, 0, AT_EMPTY_PATH), SECCOMP_RET_ALLOW);
	check_u64(ANSWER(SYS_newfstatat, 3, 0, 0, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW), REFUSED);
	check_u64(ANSWER(SYS_newfstatat, 3, 0, 0, 0), REFUSED);
	check_u64(ANSWER(SYS_fcntl, 3, F_GETFL), SECCOMP_RET_ALLOW);
	check_u64(ANSWER(SYS_fcntl, 3, F_GETFD), SECCOMP_RET_ALLOW);
	check_u64(ANSWER(SYS_fcntl, 3, F_SETFL), SECCOMP_RET_KILL_PROCESS);
	check_u64(ANSWER(SYS_fcntl, 3, F_SETOWN), SECCOMP_RET_KILL_PROCESS);
	check_u64(ANSWER(SYS_write, 2), SECCOMP_RET_ALLOW);
	check_u64(ANSWER(SYS_write, 3), SECCOMP_RET_KILL_PROCESS);
	check_u64(ANSWER(SYS_tgkill, PID, PID, SIGABRT), SECCOMP_RET_ALLOW);
	check_u64(ANSWER(SYS_tgkill, PID, PID, SIGSTOP), SECCOMP_RET_KILL_PROCESS);
	check_u64(ANSWER(SYS_tgkill, 1, 1, SIGABRT), SECCOMP_RET_KILL_PROCESS);
	check_u64(ANSWER(SYS_tkill, PID, SIGABRT), SECCOMP_RET_ALLOW);
	check_u64(ANSWER(SYS_tkill, PID, SIGSTOP), SECCOMP_RET_KILL_PROCESS);
	check_u64(ANSWER(SYS_tkill, 1, SIGABRT), SECCOMP_RET_KILL_PROCESS);
}

Test(allowlist, all_else)
{
	static const int calls[] = {SYS_socket, SYS_connect, SYS_socketpair, SYS_ptrace, SYS_execve,
		SYS_execveat, SYS_kill, SYS_tkill, SYS_clone, SYS_clone3, SYS_unshare, SYS_setns,
		SYS_mount, SYS_chroot, SYS_bpf, SYS_io_uring_setup, SYS_userfaultfd,
		SYS_perf_event_open, SYS_memfd_create, SYS_process_vm_readv, SYS_pidfd_open,
		SYS_shmget, SYS_msgget, SYS_mq_open, SYS_add_key, SYS_keyctl, SYS_setuid,
		SYS_capset, SYS_seccomp, SYS_dup, SYS_dup3, SYS_pwrite64, SYS_sendto, SYS_uname};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		check_u64(ANSWER(calls[i], 0), SECCOMP_RET_KILL_PROCESS);
	for (int nr = 1000; nr < 1100; nr++)
		check_u64(ANSWER(nr, 0), SECCOMP_RET_KILL_PROCESS);
}

Test(allowlist, other_conventions)
{
	check_u64(answer_to((struct seccomp_data){.nr = SYS_read, .arch = AUDIT_ARCH_I386}),
		SECCOMP_RET_KILL_PROCESS);
	check_u64(answer_to((struct seccomp_data){.nr = SYS_read, .arch = AUDIT_ARCH_ARM}),
		SECCOMP_RET_KILL_PROCESS);
	check_u64(ANSWER(0x40000000 | SYS_read, 3), SECCOMP_RET_KILL_PROCESS); // x32
}
