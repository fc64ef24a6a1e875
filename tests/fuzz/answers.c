// SPDX-License-Identifier: GPL-2.0-or-later
// What a worker says: packets of two bytes of length and as many bytes, over a socket as from a
// worker.
#include "answers_seeds.h"

#include "answers.h"

#include "cleanup.h"
#include "fuzz.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { THREADS = 3, MODULES = 2, MAX_FRAMES = 600 };

static struct snapshot_thread threads[THREADS] = {{.status = SNAPSHOT_THREAD_CAPTURED},
	{.status = SNAPSHOT_THREAD_GONE}, {.status = SNAPSHOT_THREAD_CAPTURED}};
static struct snapshot_module modules[MODULES] = {{.fd = -EBADF}, {.fd = -EBADF}};
static const struct snapshot snapshot = {
	.threads = threads, .thread_count = THREADS, .modules = modules, .module_count = MODULES};

// The reports trust what was taken: so it is looked at here as they do.
static void check(const struct stacks *stacks)
{
	for (size_t i = 0; i < stacks->stack_count; i++)
		for (size_t j = 0; j < stacks->stacks[i].frame_count; j++) {
			const struct stack_frame *frame = &stacks->stacks[i].frames[j];
			if (frame->module < STACK_NO_INDEX || frame->module >= MODULES ||
				frame->symbol < STACK_NO_INDEX ||
				frame->symbol >= (int)stacks->symbol_count ||
				frame->via >= FRAME_VIA_COUNT)
				abort();
		}
	const struct parked *copies = &stacks->goroutines.copies;
	for (size_t i = 0; i < copies->count; i++)
		if (copies->rows[i].stack_len > PARKED_STACK_MAX ||
			copies->rows[i].stack_offset + copies->rows[i].stack_len >
				copies->stacks_len)
			abort();
}

bool answers_accept(const uint8_t *data, size_t len)
{
	static struct wire_record record;
	static struct wire_in in;
	struct stacks stacks = {0};
	struct answers answers = {.snapshot = &snapshot,
		.max_frames = MAX_FRAMES,
		.keep = true,
		.others = true,
		.stacks = &stacks};
	int sockets[2], fd, r = 1;
	uint16_t size;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sockets) < 0 ||
		stacks_init(&stacks, THREADS, MODULES) < 0 || stacks_add_verifies(&stacks) < 0)
		abort();
	for (; r > 0 && len > sizeof(size); data += size, len -= size) {
		memcpy(&size, data, sizeof(size));
		data += sizeof(size);
		len -= sizeof(size);
		if (size > len || send(sockets[0], data, size, 0) != size)
			break;
		wire_in_init(&in, sockets[1]);
		do {
			r = wire_receive(&in, &record, &fd);
			if (r > 0 && answers_take(&answers, &record) < 0)
				r = -1;
			close_fd(&fd);
		} while (r > 0 && wire_has_more(&in));
	}
	answers_close(&answers, r < 0 ? "it lied" : "");
	check(&stacks);
	stacks_fini(&stacks);
	close(sockets[0]);
	close(sockets[1]);
	return r > 0 && len == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	answers_accept(data, len);
	return 0;
}
