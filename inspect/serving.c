// SPDX-License-Identifier: GPL-2.0-or-later
#include "serving.h"

#include "cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

// Remembers *FD, the file that was asked for of MODULE, or none, for whoever keeps it. It is none
// if there is no fd left to remember it by.
static int note_request(struct serving *serving, uint32_t module, int *fd)
{
	struct stacks *stacks = serving->stacks;
	struct debug_file *grown =
		reallocarray(stacks->debugs, stacks->debug_count + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	int kept = *fd < 0 ? -EBADF : fcntl(*fd, F_DUPFD_CLOEXEC, 3);
	if (kept < 0)
		close_fd(fd);
	stacks->debugs = grown;
	stacks->debugs[stacks->debug_count++] = (struct debug_file){.fd = kept, .module = module};
	return 0;
}

int serving_file(struct serving *serving, const struct wire_record *record)
{
	const struct snapshot *snapshot = serving->snapshot;
	struct inspect_request request = {.kind = (enum wire_request_kind)record->kind,
		.module = record->index,
		.build_id = &record->build_id,
		.link = record->text,
		.place = record->count};
	struct wire_record answer = {.type = WIRE_FILE};
	const bool is_perfmap = request.kind == WIRE_REQUEST_PERFMAP;

	if (record->kind >= WIRE_REQUEST_KINDS || ++serving->requests > WIRE_REQUESTS_MAX ||
		(is_perfmap ? record->index != snapshot->module_count
			    : record->index >= snapshot->module_count))
		return -EPROTO;
	request.path = is_perfmap ? "" : snapshot->modules[record->index].path;
	request.fd = is_perfmap ? -EBADF : snapshot->modules[record->index].fd;
	auto_fd int fd = serving->options->open_file(
		serving->options->open_file_arg, &request, &answer.count);
	answer.status = fd == -EINVAL;
	bool noted = serving->options->worker.keep && wire_is_kept(record->kind);
	int r = noted ? note_request(serving, record->index, &fd) : 0;
	if (r < 0)
		return r;
	r = wire_send(serving->socket, &answer, fd);
	// A worker asks before it knows whether it needs the file; when it has ended without, what
	// it has sent before says how.
	return r == -EPIPE || r == -ECONNRESET ? 0 : r;
}

int serving_memory(struct serving *serving, const struct wire_record *record)
{
	const struct inspect_options *options = serving->options;
	struct wire_record answer = {.type = WIRE_FILE};
	auto_fd int fd = -EBADF;

	if (++serving->reads > WIRE_READS_MAX)
		return -EPROTO;
	if (options->read_memory)
		fd = options->read_memory(options->open_file_arg, record->ranges, record->count);
	int r = wire_send(serving->socket, &answer, fd);
	return r == -EPIPE || r == -ECONNRESET ? 0 : r;
}
