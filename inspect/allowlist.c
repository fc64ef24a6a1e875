// SPDX-License-Identifier: GPL-2.0-or-later
// The list, and how it becomes classic BPF.
#include "allowlist.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#else
#error "this machine has no seccomp architecture here"
#endif

// Distances of jumps that are not known yet.
enum { TO_ALLOW = 254, TO_REFUSE = 255 };

enum verdict {
	ALLOW,
	ALLOW_EQUAL, // if the argument is the value
	ALLOW_CLEAR, // if no bit of the value is set in the argument
	ALLOW_SELF,  // if the first argument is our PID, and the argument the value
	REFUSE,      // EACCES
};

// All arguments that are looked at are 32 bits wide for the kernel, or of no use beyond.
static const struct row {
	int nr;
	enum verdict verdict;
	unsigned arg;
	uint32_t value;
} rows[] = {
	{SYS_sendmsg, ALLOW, 0, 0},
	{SYS_recvmsg, ALLOW, 0, 0},
	{SYS_mmap, ALLOW_CLEAR, 2, PROT_EXEC},
	{SYS_munmap, ALLOW, 0, 0},
	{SYS_brk, ALLOW, 0, 0},
	{SYS_fstat, ALLOW, 0, 0},
	{SYS_newfstatat, ALLOW_EQUAL, 3, AT_EMPTY_PATH}, // glibc's fstat
	{SYS_fcntl, ALLOW_EQUAL, 1, F_GETFL},
	{SYS_fcntl, ALLOW_EQUAL, 1, F_GETFD},
	{SYS_read, ALLOW, 0, 0},
	{SYS_pread64, ALLOW, 0, 0},
	{SYS_lseek, ALLOW, 0, 0},
	{SYS_close, ALLOW, 0, 0},
	{SYS_madvise, ALLOW, 0, 0},
	{SYS_mremap, ALLOW, 0, 0},
	{SYS_mprotect, ALLOW_CLEAR, 2, PROT_EXEC},
	{SYS_futex, ALLOW, 0, 0},
	{SYS_exit_group, ALLOW, 0, 0},
	{SYS_exit, ALLOW, 0, 0},
	{SYS_rt_sigreturn, ALLOW, 0, 0},
	{SYS_rt_sigaction, ALLOW, 0, 0},
	{SYS_rt_sigprocmask, ALLOW, 0, 0},
	{SYS_sigaltstack, ALLOW, 0, 0},
	{SYS_restart_syscall, ALLOW, 0, 0},
	{SYS_clock_gettime, ALLOW, 0, 0},
	{SYS_gettimeofday, ALLOW, 0, 0},
	{SYS_getpid, ALLOW, 0, 0},
	{SYS_gettid, ALLOW, 0, 0},
	{SYS_getrandom, ALLOW, 0, 0},
	{SYS_sched_yield, ALLOW, 0, 0},
	{SYS_sched_getaffinity, ALLOW, 0, 0}, // glibc's malloc counts CPUs,
	{SYS_sysinfo, ALLOW, 0, 0},           // and its qsort memory
	// abort(3), and what the C library says before it
	{SYS_tkill, ALLOW_SELF, 1, SIGABRT},  // musl's
	{SYS_tgkill, ALLOW_SELF, 2, SIGABRT}, // glibc's
	{SYS_write, ALLOW_EQUAL, 0, STDERR_FILENO},
	{SYS_writev, ALLOW_EQUAL, 0, STDERR_FILENO},
	// tried by libunwind, to look at its own memory
	{SYS_pipe2, REFUSE, 0, 0},
	{SYS_mincore, REFUSE, 0, 0},
	// tried by libelf, libdw and the C library
	{SYS_openat, REFUSE, 0, 0},
	{SYS_openat2, REFUSE, 0, 0},
	{SYS_newfstatat, REFUSE, 0, 0},
	{SYS_statx, REFUSE, 0, 0},
	{SYS_faccessat, REFUSE, 0, 0},
	{SYS_faccessat2, REFUSE, 0, 0},
	{SYS_readlinkat, REFUSE, 0, 0},
	{SYS_getcwd, REFUSE, 0, 0},
	{SYS_ioctl, REFUSE, 0, 0},
	{SYS_prctl, REFUSE, 0, 0},
#if defined(__x86_64__)
	{SYS_open, REFUSE, 0, 0},
	{SYS_stat, REFUSE, 0, 0},
	{SYS_lstat, REFUSE, 0, 0},
	{SYS_access, REFUSE, 0, 0},
	{SYS_readlink, REFUSE, 0, 0},
#endif
};

static void add(struct seccomp_program *program, struct sock_filter *code, struct sock_filter insn)
{
	code[program->len++] = insn;
}

static struct sock_filter load(size_t offset)
{
	return (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset);
}

// The low half of argument ARG.
static struct sock_filter load_arg(unsigned arg)
{
	return load(offsetof(struct seccomp_data, args) + arg * sizeof(uint64_t));
}

static struct sock_filter jump(uint16_t op, uint32_t k, uint8_t if_true, uint8_t if_false)
{
	return (struct sock_filter)BPF_JUMP(BPF_JMP | op | BPF_K, k, if_true, if_false);
}

static struct sock_filter answer(uint32_t action)
{
	return (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action);
}

// The row as instructions; what does not fit goes on with the next row, the call's number loaded.
static void add_row(
	struct seccomp_program *program, struct sock_filter *code, const struct row *row, pid_t pid)
{
	const struct sock_filter load_nr = load(offsetof(struct seccomp_data, nr));
	const uint32_t nr = (uint32_t)row->nr;

	switch (row->verdict) {
	case ALLOW:
		add(program, code, jump(BPF_JEQ, nr, TO_ALLOW, 0));
		return;
	case REFUSE:
		add(program, code, jump(BPF_JEQ, nr, TO_REFUSE, 0));
		return;
	case ALLOW_EQUAL:
	case ALLOW_CLEAR:
		add(program, code, jump(BPF_JEQ, nr, 0, 3));
		add(program, code, load_arg(row->arg));
		add(program, code,
			row->verdict == ALLOW_EQUAL ? jump(BPF_JEQ, row->value, TO_ALLOW, 0)
						    : jump(BPF_JSET, row->value, 0, TO_ALLOW));
		add(program, code, load_nr);
		return;
	case ALLOW_SELF:
		add(program, code, jump(BPF_JEQ, nr, 0, 5));
		add(program, code, load_arg(0));
		add(program, code, jump(BPF_JEQ, (uint32_t)pid, 0, 2));
		add(program, code, load_arg(row->arg));
		add(program, code, jump(BPF_JEQ, row->value, TO_ALLOW, 0));
		add(program, code, load_nr);
		return;
	}
}

// How far a jump by DISTANCE at AT goes, the answers being at END and behind it.
static uint8_t settle(uint8_t distance, size_t at, size_t end)
{
	return distance == TO_ALLOW    ? (uint8_t)(end - at - 1)
	       : distance == TO_REFUSE ? (uint8_t)(end + 1 - at - 1)
				       : distance;
}

struct seccomp_program allowlist_make(pid_t pid, struct sock_filter code[ALLOWLIST_LEN_MAX])
{
	struct seccomp_program program = {.code = code};

	// For a program that begins with something but loads and jumps the kernel does not find out
	// in advance which calls are always allowed; for so few calls that costs more than it saves
	// (seccomp_is_const_allow, kernel/seccomp.c).
	add(&program, code, (struct sock_filter)BPF_STMT(BPF_MISC | BPF_TAX, 0));
	add(&program, code, load(offsetof(struct seccomp_data, arch)));
	add(&program, code, jump(BPF_JEQ, ARCH, 1, 0));
	add(&program, code, answer(SECCOMP_RET_KILL_PROCESS));
	add(&program, code, load(offsetof(struct seccomp_data, nr)));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		add_row(&program, code, &rows[i], pid);
	add(&program, code, answer(SECCOMP_RET_KILL_PROCESS));
	for (size_t i = 0; i < program.len; i++) {
		code[i].jt = settle(code[i].jt, i, program.len);
		code[i].jf = settle(code[i].jf, i, program.len);
	}
	// One of each for all: the kernel takes as long to load a filter as it has instructions.
	add(&program, code, answer(SECCOMP_RET_ALLOW));
	add(&program, code, answer(SECCOMP_RET_ERRNO | EACCES));
	return program;
}
