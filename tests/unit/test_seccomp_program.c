// SPDX-License-Identifier: GPL-2.0-or-later
#include "seccomp_program.h"
#include "unit.h"

#include <linux/audit.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(array)  (sizeof(array) / sizeof((array)[0]))
#define OFFSET(field) ((uint32_t)offsetof(struct seccomp_data, field))
#define RUN(call, ...)                           \
	run((struct sock_filter[]){__VA_ARGS__}, \
		sizeof((struct sock_filter[]){__VA_ARGS__}) / sizeof(struct sock_filter), call)

static const struct seccomp_data getppid_call = {
	.nr = SYS_getppid, .arch = AUDIT_ARCH_X86_64, .args = {0x123456789abcdef0, 7}};

static uint32_t run(const struct sock_filter *code, size_t len, const struct seccomp_data *call)
{
	struct seccomp_program program = {code, len, 0};

	return seccomp_program_run(&program, call);
}

Test(seccomp_program, loads)
{
	const struct seccomp_data *call = &getppid_call;
	const struct sock_filter ret_a = BPF_STMT(BPF_RET | BPF_A, 0);

	check_u64(RUN(call, BPF_STMT(BPF_LD | BPF_W | BPF_ABS, OFFSET(nr)), ret_a), SYS_getppid);
	check_u64(RUN(call, BPF_STMT(BPF_LD | BPF_W | BPF_ABS, OFFSET(arch)), ret_a),
		AUDIT_ARCH_X86_64);
	check_u64(RUN(call, BPF_STMT(BPF_LD | BPF_W | BPF_ABS, OFFSET(args)), ret_a), 0x9abcdef0);
	check_u64(
		RUN(call, BPF_STMT(BPF_LD | BPF_W | BPF_ABS, OFFSET(args) + 4), ret_a), 0x12345678);
	check_u64(RUN(call, BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0), ret_a),
		sizeof(struct seccomp_data));
	check_u64(RUN(call, BPF_STMT(BPF_LD | BPF_IMM, 9), BPF_STMT(BPF_ST, 3),
			  BPF_STMT(BPF_LD | BPF_IMM, 1), BPF_STMT(BPF_LDX | BPF_MEM, 3),
			  BPF_STMT(BPF_MISC | BPF_TXA, 0), ret_a),
		9);
	// Outside of the call, not aligned, outside of the memory.
	check_u64(RUN(call, BPF_STMT(BPF_LD | BPF_W | BPF_ABS, sizeof(*call)), ret_a),
		SECCOMP_RET_KILL_PROCESS);
	check_u64(RUN(call, BPF_STMT(BPF_LD | BPF_W | BPF_ABS, UINT32_MAX), ret_a),
		SECCOMP_RET_KILL_PROCESS);
	check_u64(
		RUN(call, BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 2), ret_a), SECCOMP_RET_KILL_PROCESS);
	check_u64(RUN(call, BPF_STMT(BPF_LD | BPF_MEM, BPF_MEMWORDS), ret_a),
		SECCOMP_RET_KILL_PROCESS);
	check_u64(RUN(call, BPF_STMT(BPF_STX, UINT32_MAX), ret_a), SECCOMP_RET_KILL_PROCESS);
}

Test(seccomp_program, arithmetic)
{
	static const struct {
		uint16_t op;
		uint32_t a, k, result;
	} rows[] = {
		{BPF_ADD, UINT32_MAX, 2, 1},
		{BPF_SUB, 1, 2, UINT32_MAX},
		{BPF_MUL, 0x10000, 0x10001, 0x10000},
		{BPF_DIV, 7, 2, 3},
		{BPF_AND, 0xf0f0, 0xff00, 0xf000},
		{BPF_OR, 0xf0, 0x0f, 0xff},
		{BPF_XOR, 0xff, 0x0f, 0xf0},
		{BPF_LSH, 1, 31, 0x80000000},
		{BPF_RSH, 0x80000000, 31, 1},
		{BPF_NEG, 5, 0, UINT32_MAX - 4},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		uint16_t by_k = (uint16_t)(BPF_ALU | rows[i].op | BPF_K);
		uint16_t by_x = (uint16_t)(BPF_ALU | rows[i].op | BPF_X);
		check_u64(RUN(&getppid_call, BPF_STMT(BPF_LD | BPF_IMM, rows[i].a),
				  BPF_STMT(by_k, rows[i].k), BPF_STMT(BPF_RET | BPF_A, 0)),
			rows[i].result);
		check_u64(RUN(&getppid_call, BPF_STMT(BPF_LD | BPF_IMM, rows[i].k),
				  BPF_STMT(BPF_MISC | BPF_TAX, 0),
				  BPF_STMT(BPF_LD | BPF_IMM, rows[i].a), BPF_STMT(by_x, 0),
				  BPF_STMT(BPF_RET | BPF_A, 0)),
			rows[i].result);
	}
	check_u64(RUN(&getppid_call, BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0),
			  BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)),
		SECCOMP_RET_KILL_PROCESS);
}

Test(seccomp_program, jumps)
{
	static const struct {
		uint16_t op;
		uint32_t a, k;
		bool taken;
	} rows[] = {
		{BPF_JEQ, 5, 5, true},
		{BPF_JEQ, 5, 6, false},
		{BPF_JGT, 0x80000000, 1, true},
		{BPF_JGT, 5, 5, false},
		{BPF_JGE, 5, 5, true},
		{BPF_JGE, 4, 5, false},
		{BPF_JSET, 6, 2, true},
		{BPF_JSET, 6, 1, false},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		uint16_t code = (uint16_t)(BPF_JMP | rows[i].op | BPF_K);
		check_u64(RUN(&getppid_call, BPF_STMT(BPF_LD | BPF_IMM, rows[i].a),
				  BPF_JUMP(code, rows[i].k, 1, 0), BPF_STMT(BPF_RET | BPF_K, 1),
				  BPF_STMT(BPF_RET | BPF_K, 2)),
			rows[i].taken ? 2 : 1);
	}
	check_u64(RUN(&getppid_call, BPF_STMT(BPF_JMP | BPF_JA, 1), BPF_STMT(BPF_RET | BPF_K, 1),
			  BPF_STMT(BPF_RET | BPF_K, 2)),
		2);
	// Behind the end, and by so much that a sum overflows.
	check_u64(RUN(&getppid_call, BPF_STMT(BPF_JMP | BPF_JA, 1), BPF_STMT(BPF_RET | BPF_K, 1)),
		SECCOMP_RET_KILL_PROCESS);
	check_u64(RUN(&getppid_call, BPF_STMT(BPF_JMP | BPF_JA, UINT32_MAX),
			  BPF_STMT(BPF_RET | BPF_K, 1)),
		SECCOMP_RET_KILL_PROCESS);
}

Test(seccomp_program, that_is_none)
{
	check_u64(run(NULL, 0, &getppid_call), SECCOMP_RET_KILL_PROCESS);
	check_u64(RUN(&getppid_call, BPF_STMT(BPF_LD | BPF_IMM, 0)), SECCOMP_RET_KILL_PROCESS);
	for (unsigned code = 0; code <= UINT16_MAX; code++) {
		struct sock_filter insns[] = {
			BPF_STMT((uint16_t)code, 7), BPF_STMT(BPF_RET | BPF_K, 1)};
		run(insns, 2, &getppid_call); // whatever it is, it ends
	}
}

// A program that answers ANSWER to getppid(2) and allows all else.
#define PROGRAM(answer)                                                         \
	(struct sock_filter[])                                                  \
	{                                                                       \
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, OFFSET(nr)),                 \
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1), \
			BPF_STMT(BPF_RET | BPF_K, answer),                      \
			BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)            \
	}

Test(seccomp_program, several)
{
	static const struct {
		uint32_t oldest, newest, decision;
	} rows[] = {
		{SECCOMP_RET_ALLOW, SECCOMP_RET_LOG, SECCOMP_RET_LOG},
		{SECCOMP_RET_ERRNO | 1, SECCOMP_RET_ERRNO | 2, SECCOMP_RET_ERRNO | 2},
		{SECCOMP_RET_ERRNO | 1, SECCOMP_RET_TRACE, SECCOMP_RET_ERRNO | 1},
		{SECCOMP_RET_KILL_THREAD, SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_PROCESS},
		{SECCOMP_RET_TRAP, SECCOMP_RET_ERRNO | 3, SECCOMP_RET_TRAP},
		{SECCOMP_RET_USER_NOTIF, SECCOMP_RET_LOG, SECCOMP_RET_USER_NOTIF},
	};
	struct seccomp_data other = getppid_call;

	other.nr = SYS_getpid;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct seccomp_program programs[] = {
			{PROGRAM(rows[i].oldest), 4, 0}, {PROGRAM(rows[i].newest), 4, 0}};
		check_u64(seccomp_decide(programs, 2, &getppid_call), rows[i].decision);
		check_u64(seccomp_decide(programs, 2, &other), SECCOMP_RET_ALLOW);
		check_true(seccomp_program_returns(
			&programs[0], rows[i].oldest & SECCOMP_RET_ACTION_FULL));
		check_false(seccomp_program_returns(&programs[0], 0x12340000));
	}
	check_u64(seccomp_decide(NULL, 0, &getppid_call), SECCOMP_RET_ALLOW);
}

// In a child: what the kernel answers to getppid(2) under two filters, as an exit status.
static int ask_kernel(uint32_t oldest, uint32_t newest)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		const uint32_t answers[] = {oldest, newest};
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		for (int i = 0; i < 2; i++) {
			struct sock_fprog program = {4, PROGRAM(answers[i])};
			if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
				_exit(99);
		}
		errno = 0;
		long r = syscall(SYS_getppid);
		_exit(r < 0 ? errno : 0);
	}
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

// The kernel's own word.
Test(seccomp_program, as_the_kernel_decides)
{
	static const uint32_t answers[] = {SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO | 5,
		SECCOMP_RET_ERRNO | 6, SECCOMP_RET_TRACE, SECCOMP_RET_LOG};

	for (size_t i = 0; i < COUNT(answers); i++)
		for (size_t j = 0; j < COUNT(answers); j++) {
			struct seccomp_program programs[] = {
				{PROGRAM(answers[i]), 4, 0}, {PROGRAM(answers[j]), 4, 0}};
			uint32_t ours = seccomp_decide(programs, 2, &getppid_call);
			uint32_t action = ours & SECCOMP_RET_ACTION_FULL;
			int expected = action == SECCOMP_RET_ERRNO ? (int)(ours & SECCOMP_RET_DATA)
				       : action == SECCOMP_RET_TRACE ? ENOSYS
								     : 0;
			check_int(ask_kernel(answers[i], answers[j]), expected);
		}
}
