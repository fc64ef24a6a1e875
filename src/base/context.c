// SPDX-License-Identifier: GPL-2.0-or-later
// Tables of what threads wait for.
#include "context.h"

#include <stdlib.h>
#include <string.h>

const char *context_kind_name(enum context_kind kind)
{
	static const char *const names[CONTEXT_KIND_COUNT] = {
		[CONTEXT_UNKNOWN] = "unknown",
		[CONTEXT_PATH] = "path",
		[CONTEXT_FIFO] = "fifo",
		[CONTEXT_PIPE] = "pipe",
		[CONTEXT_SOCKET] = "socket",
		[CONTEXT_EPOLL] = "epoll",
		[CONTEXT_EVENTFD] = "eventfd",
		[CONTEXT_TIMERFD] = "timerfd",
		[CONTEXT_SIGNALFD] = "signalfd",
		[CONTEXT_INOTIFY] = "inotify",
		[CONTEXT_PIDFD] = "pidfd",
		[CONTEXT_OTHER] = "other",
	};

	return names[kind];
}

const char *context_text(const struct context *context, uint32_t index)
{
	return index < context->texts_len ? context->texts + index : "";
}

static bool is_range(const struct context_range *range, size_t count)
{
	return range->first <= count && range->count <= count - range->first;
}

bool context_is_sound(const struct context *context)
{
	if (context->texts_len > 0 &&
		(context->texts[0] != '\0' || context->texts[context->texts_len - 1] != '\0'))
		return false;
	for (size_t i = 0; i < context->file_count; i++) {
		const struct context_file *file = &context->files[i];
		if (!is_range(&file->watched, context->file_count) ||
			!is_range(&file->peers, context->peer_count))
			return false;
		for (size_t j = 0; j < file->watched.count; j++)
			if (context->files[file->watched.first + j].watched.count > 0)
				return false;
	}
	return true;
}

bool context_has(const struct context *context, const struct context_wait *wait)
{
	return is_range(&wait->files, context->file_count) &&
	       is_range(&wait->holders, context->peer_count);
}

void context_fini(struct context *context)
{
	free(context->files);
	free(context->peers);
	free(context->texts);
	*context = (struct context){0};
}
