// SPDX-License-Identifier: GPL-2.0-or-later
// Stacks of code that is in no file: by following it, and by frame pointers where that shows no
// caller.
#include "unit.h"
#include "unwind.h"

enum {
	CODE = 0x700000,
	CODE_LEN = 0x400,
	STACK = 0x900000,
	WORDS = 64,
	FRAMES_MAX = 16,
	OUTER = 0x100, // where functions are in the code
	MIDDLE = 0x180,
	TABLE = 0x200,
	ENTRY = 0x280,
	LEAF = 0x300,
};

static unsigned char stacks[CODE_LEN + WORDS * 8];
static struct snapshot_map maps[2];
static struct snapshot_part part;
static struct snapshot snapshot;
static struct snapshot_thread thread;
static struct space space;
static struct unwind_frame frames[FRAMES_MAX];
static size_t count;
static struct stack_end end;

static void put_code(size_t at, const char *bytes, size_t len)
{
	memcpy(stacks + at, bytes, len);
}

#define PUT(at, bytes) put_code((at), (bytes), sizeof(bytes) - 1)

static void put_word(size_t index, uint64_t value)
{
	memcpy(stacks + CODE_LEN + index * 8, &value, 8);
}

static uint64_t stack_at(size_t index)
{
	return STACK + index * 8;
}

// A process of one mapping of code and one stack; int3 where nothing else is put.
static void begin(void)
{
	memset(stacks, 0xcc, CODE_LEN);
	memset(stacks + CODE_LEN, 0, WORDS * 8);
	maps[0] = (struct snapshot_map){
		CODE, CODE + 0x1000, 0, SNAPSHOT_NO_MODULE, .writable = true, .executable = true};
	maps[1] = (struct snapshot_map){
		STACK, STACK + WORDS * 8, 0, SNAPSHOT_NO_MODULE, .writable = true};
	part = (struct snapshot_part){CODE, 0, CODE_LEN};
	snapshot = (struct snapshot){.maps = maps,
		.map_count = 2,
		.parts = &part,
		.part_count = 1,
		.threads = &thread,
		.thread_count = 1,
		.stacks = stacks,
		.stacks_len = sizeof(stacks)};
	thread = (struct snapshot_thread){.status = SNAPSHOT_THREAD_CAPTURED,
		.regs_known = SNAPSHOT_ALL_REGS,
		.stack_offset = CODE_LEN,
		.stack_len = WORDS * 8};
	// push rbp; mov rbp,rsp; call rax; leave; ret
	PUT(OUTER, "\x55\x48\x89\xe5\xff\xd0\xc9\xc3");
	// sub rsp,24; call rax; add rsp,24; ret
	PUT(MIDDLE, "\x48\x83\xec\x18\xff\xd0\x48\x83\xc4\x18\xc3");
	// an interpreter: call rax; jne +6; mov rbx,[rbp-8]; jmp rcx; nop...; jmp rcx
	PUT(TABLE, "\xff\xd0\x75\x06\x48\x8b\x5d\xf8\xff\xe1\x90\xff\xe1");
	// where it is returned to: mov rsp,[rbp-16]; jmp rcx
	PUT(ENTRY, "\x48\x8b\x65\xf0\xff\xe1");
	PUT(LEAF, "\xc3");
	thread.regs[ARCH_REG_PC] = CODE + LEAF;
	thread.regs[ARCH_REG_SP] = stack_at(0);
	thread.regs[ARCH_REG_FP] = 0x1234;
}

static void unwind(void)
{
	check_int(space_init(&space, &snapshot), 0);
	void *engine = unwinder_rows.open(&space);
	unwinder_rows.unwind(engine, &thread, frames, FRAMES_MAX, &count, &end);
	unwinder_rows.close(engine);
	space_fini(&space);
}

static void check_frame(size_t index, uint64_t pc, enum frame_via via)
{
	cr_assert(index < count, "%zu frames: %s", count, end.reason);
	check_u64(frames[index].pc, pc);
	check_int(frames[index].via, via);
}

Test(jitframe, code_that_can_be_followed, .init = begin)
{
	put_word(0, CODE + MIDDLE + 6);
	put_word(4, CODE + OUTER + 6);
	thread.regs[ARCH_REG_FP] = stack_at(5);
	put_word(5, 0);
	put_word(6, 0);
	unwind();
	check_frame(0, CODE + LEAF, FRAME_VIA_REGISTERS);
	check_frame(1, CODE + MIDDLE + 6, FRAME_VIA_FORWARD);
	check_frame(2, CODE + OUTER + 6, FRAME_VIA_FORWARD);
	check_int(count, 3);
}

// A frame of the interpreter, called by itself, called by compiled code.
static void put_interpreter(void)
{
	put_word(0, CODE + TABLE + 2);
	thread.regs[ARCH_REG_FP] = stack_at(4);
	put_word(4, stack_at(10));
	put_word(5, CODE + ENTRY);
	put_word(9, stack_at(14)); // where its caller's stack pointer was
	put_word(10, stack_at(30));
	put_word(11, CODE + MIDDLE + 6);
	put_word(17, CODE + OUTER + 6); // above 24 bytes of MIDDLE
}

Test(jitframe, an_interpreter, .init = begin)
{
	put_interpreter();
	unwind();
	check_frame(1, CODE + TABLE + 2, FRAME_VIA_FORWARD);
	check_frame(2, CODE + ENTRY, FRAME_VIA_FP);
	check_frame(3, CODE + MIDDLE + 6, FRAME_VIA_FP);
	check_frame(4, CODE + OUTER + 6, FRAME_VIA_FORWARD);
}

// What was interrupted may not have its frame yet: only what it does before the next call tells.
Test(jitframe, an_interrupted_interpreter, .init = begin)
{
	put_interpreter();
	thread.regs[ARCH_REG_PC] = CODE + TABLE + 2;
	unwind();
	check_frame(1, CODE + ENTRY, FRAME_VIA_FP);
	check_frame(2, CODE + MIDDLE + 6, FRAME_VIA_FP);
	thread.regs[ARCH_REG_PC] = CODE + TABLE; // before a call
	unwind();
	check_int(count, 1);
}

// Each proof that is missing ends the chain.
static void check_stops(void)
{
	unwind();
	check_int(count, 2);
	check_int(end.status, STACK_PARTIAL);
	cr_assert(strstr(end.reason, "caller"), "%s", end.reason);
}

Test(jitframe, no_return_address, .init = begin)
{
	put_interpreter();
	put_word(5, CODE + OUTER + 1);
	check_stops();
	put_word(5, STACK);
	check_stops();
	put_word(5, 7);
	check_stops();
}

Test(jitframe, a_frame_that_does_not_lie_below_its_callers, .init = begin)
{
	put_interpreter();
	put_word(4, stack_at(4));
	check_stops();
	put_word(4, stack_at(3));
	check_stops();
	put_word(4, stack_at(10) + 1);
	check_stops();
}

Test(jitframe, a_register_that_is_no_frame_pointer, .init = begin)
{
	put_interpreter();
	thread.regs[ARCH_REG_FP] = stack_at(4) + 4;
	check_stops();
	thread.regs[ARCH_REG_FP] = STACK - 8;
	check_stops();
	thread.regs[ARCH_REG_FP] = stack_at(WORDS - 1);
	check_stops();
	thread.regs[ARCH_REG_FP] = stack_at(4);
	thread.regs_known &= ~(UINT64_C(1) << ARCH_REG_FP);
	check_stops();
}

Test(jitframe, code_that_does_not_use_it, .init = begin)
{
	put_interpreter();
	PUT(TABLE + 4, "\x48\x8b\x5d\x08"); // from above it
	check_stops();
	PUT(TABLE + 4, "\x48\x8b\x5d\x80"); // from below the frame
	check_stops();
	PUT(TABLE + 2, "\x5d\x90\x48\x8b\x5d\xf8"); // behind a pop of it
	check_stops();
}

// A stub leaves its frame by the register, and does not show where it goes then.
Test(jitframe, a_stub, .init = begin)
{
	put_interpreter();
	PUT(TABLE + 4, "\x48\x8b\x4d\x08\x48\x8b\x6d\x00\xff\xe1"); // mov rbp,[rbp]
	unwind();
	check_frame(2, CODE + ENTRY, FRAME_VIA_FP);
	PUT(TABLE + 4, "\xc9\x59\x48\x01\xdc\x51\xc3"); // leave; pop rcx; add rsp,rbx; push rcx
	unwind();
	check_frame(2, CODE + ENTRY, FRAME_VIA_FP);
}

// What was not copied is not followed.
Test(jitframe, code_that_is_missing, .init = begin)
{
	put_interpreter();
	part.len = OUTER;
	unwind();
	check_int(count, 1);
	snapshot.part_count = 0;
	unwind();
	check_int(count, 1);
	check_int(end.status, STACK_PARTIAL);
}
