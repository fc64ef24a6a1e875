// SPDX-License-Identifier: GPL-2.0-or-later
// Where the shipped program starts.
//
// Theory of operation. A position-independent program relocates itself before anything else of it
// runs, and so writes to all pages of its tables, each of which is a page fault; each is some 15 us
// where page tables are those of a virtual machine that traps it, and half a millisecond together.
// So what will be written to is made present by one call before that, and the code by another:
// madvise(2), MADV_POPULATE_WRITE and MADV_POPULATE_READ (Linux 5.14). If they fail, pages come one
// by one. No C could run here yet: it might use what is not relocated.
#if defined(__x86_64__)
__asm__(".section .text.nspeek_start, \"ax\", @progbits\n"
	".globl nspeek_start\n"
	".type nspeek_start, @function\n"
	"nspeek_start:\n"
	"	lea __preinit_array_start(%rip), %rdi\n"
	"	lea _edata(%rip), %rsi\n"
	"	mov $23, %edx\n"
	"	call 1f\n"
	"	lea __executable_start(%rip), %rdi\n"
	"	lea etext(%rip), %rsi\n"
	"	mov $22, %edx\n"
	"	call 1f\n"
	"	xor %edx, %edx\n" // no function is registered for exit
	"	jmp _start\n"
	"1:	and $-4096, %rdi\n"
	"	sub %rdi, %rsi\n"
	"	mov $28, %eax\n"
	"	syscall\n"
	"	ret\n"
	".size nspeek_start, . - nspeek_start\n"
	".previous\n");
#else
#error "this machine has no such start here"
#endif
