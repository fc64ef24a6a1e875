// SPDX-License-Identifier: GPL-2.0-or-later
// Newer versions of musl refuse CLONE_THREAD in their clone(3).
#include "barethread.h"

#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>

enum {
	FLAGS = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_SYSVSEM | CLONE_THREAD |
		CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID
};

// One machine's calls and threads: the thread's part ends with exit(2), of it alone.
#if defined(__x86_64__)

long bare_call(long number, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

static long start(void (*function)(void *arg), void *arg, void *stack_end, int *tid)
{
	register int *r10 __asm__("r10") = tid;
	register long r8 __asm__("r8") = 0;
	register void (*r12)(void *) __asm__("r12") = function;
	register void *r13 __asm__("r13") = arg;
	long result;

	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "mov %%r13, %%rdi\n\t"
			 "call *%%r12\n\t"
			 "mov %[exit], %%eax\n\t"
			 "xor %%edi, %%edi\n\t"
			 "syscall\n"
			 "1:"
			 : "=a"(result)
			 : "a"((long)SYS_clone), "D"((long)FLAGS), "S"(stack_end), "d"(tid),
			 "r"(r10), "r"(r8), "r"(r12), "r"(r13), [exit] "i"(SYS_exit)
			 : "rcx", "r11", "memory");
	return result;
}

#elif defined(__aarch64__)

long bare_call(long number, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc #0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}

static long start(void (*function)(void *arg), void *arg, void *stack_end, int *tid)
{
	register long x8 __asm__("x8") = SYS_clone;
	register long x0 __asm__("x0") = FLAGS;
	register void *x1 __asm__("x1") = stack_end;
	register int *x2 __asm__("x2") = tid;
	register long x3 __asm__("x3") = 0;
	register int *x4 __asm__("x4") = tid;
	register void (*x19)(void *) __asm__("x19") = function;
	register void *x20 __asm__("x20") = arg;

	__asm__ volatile("svc #0\n\t"
			 "cbnz x0, 1f\n\t"
			 "mov x29, #0\n\t"
			 "mov x30, #0\n\t"
			 "mov x0, x20\n\t"
			 "blr x19\n\t"
			 "mov x8, %[exit]\n\t"
			 "mov x0, #0\n\t"
			 "svc #0\n"
			 "1:"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x19),
			 "r"(x20), [exit] "i"(SYS_exit)
			 : "memory");
	return x0;
}

#else
#error "this machine has no system call here"
#endif

int bare_thread(void (*function)(void *arg), void *arg, void *stack_end, int *ret_tid)
{
	sigset_t all, before;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	long r = start(function, arg, stack_end, ret_tid);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return r < 0 ? (int)r : 0;
}
