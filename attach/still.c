// SPDX-License-Identifier: GPL-2.0-or-later
// Two looks at each thread.
#include "still.h"

#include "cleanup.h"
#include "fd.h"
#include "memory.h"

#include <asm/unistd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	TRIES = 5,
	PAUSE_US = 2000,
	DECISIVE = 20, // bytes
};

// What a look sees.
struct look {
	struct proc_syscall call;
	uint64_t switches;
};

static bool look_at(const struct target *target, pid_t tid, struct look *ret)
{
	char path[64], text[256];
	struct proc_status status;

	snprintf(path, sizeof(path), "task/%d/syscall", tid);
	ssize_t len = fd_read_small_at(target->proc_fd, path, text, sizeof(text));
	if (len < 0 || proc_syscall_parse(text, (size_t)len, &ret->call) < 0 ||
		ret->call.kind != PROC_SYSCALL_BLOCKED ||
		target_read_status(target, tid, &status) < 0)
		return false;
	ret->switches = status.switches;
	return true;
}

// True when LOOK sees THREAD in the system call that it was captured in.
static bool is_same_call(const struct look *look, const struct snapshot_thread *thread)
{
	return (look->call.nr == thread->syscall_nr || look->call.nr == __NR_restart_syscall) &&
	       look->call.sp == thread->regs[ARCH_REG_SP] &&
	       memcmp(look->call.args, thread->syscall_args, sizeof(look->call.args)) == 0;
}

// True when the words of the lock that THREAD waits for are what was copied: those from the one on
// that it waits on, up to the last that says who has it (lockwords.h).
static bool is_same_word(const struct target *target, int memory_fd,
	const struct snapshot *snapshot, const struct snapshot_thread *thread)
{
	unsigned char now[DECISIVE];
	uint64_t addr = thread->syscall_args[0];
	size_t len, at = call_word_offset(addr);
	const unsigned char *before = snapshot_call_bytes(snapshot, thread, 0, &len);

	return len >= at + sizeof(now) &&
	       memory_read(target->pid, memory_fd, addr, now, sizeof(now)) == sizeof(now) &&
	       memcmp(before + at, now, sizeof(now)) == 0;
}

static bool prove_once(const struct target *target, const struct snapshot *snapshot,
	const size_t *indices, size_t count, struct look *looks)
{
	auto_fd int memory_fd = memory_open(target);
	struct look again;

	for (size_t i = 0; i < count; i++)
		if (!look_at(target, snapshot->threads[indices[i]].tid, &looks[i]) ||
			!is_same_call(&looks[i], &snapshot->threads[indices[i]]))
			return false;
	for (size_t i = 0; i < count; i++)
		if (!is_same_word(target, memory_fd, snapshot, &snapshot->threads[indices[i]]))
			return false;
	for (size_t i = 0; i < count; i++)
		if (!look_at(target, snapshot->threads[indices[i]].tid, &again) ||
			again.switches != looks[i].switches ||
			!is_same_call(&again, &snapshot->threads[indices[i]]))
			return false;
	return true;
}

bool still_prove(
	const struct target *target, struct snapshot *snapshot, const size_t *indices, size_t count)
{
	auto_free struct look *looks = calloc(count + 1, sizeof(*looks));
	bool proven = false;

	for (int i = 0; looks && !proven && i < TRIES; i++) {
		if (i > 0)
			usleep(PAUSE_US); // one that was stopped goes back to its system call
		proven = prove_once(target, snapshot, indices, count, looks);
	}
	for (size_t i = 0; proven && i < count; i++)
		snapshot->threads[indices[i]].wait.proven = true;
	return proven;
}
