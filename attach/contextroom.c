// SPDX-License-Identifier: GPL-2.0-or-later
// Adding rows.
#include "contextroom.h"

#include "clock.h"
#include "fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

bool context_is_late(const struct context_run *run)
{
	return clock_now_us() >= run->deadline_us;
}

uint32_t context_add_text(struct context_room *room, const char *text, size_t len)
{
	uint32_t index = room->texts_len;

	len = strnlen(text, len);
	if (len == 0 || len + 1 > CONTEXT_TEXTS_MAX - index)
		return 0;
	memcpy(room->texts + index, text, len);
	room->texts[index + len] = '\0';
	__atomic_store_n(&room->texts_len, index + (uint32_t)len + 1, __ATOMIC_RELEASE);
	return index;
}

struct context_file *context_add_files(struct context_room *room, size_t count)
{
	uint32_t index = room->file_count;

	if (count > CONTEXT_FILES_MAX - index)
		return NULL;
	__atomic_store_n(&room->file_count, index + (uint32_t)count, __ATOMIC_RELEASE);
	return &room->files[index];
}

bool context_add_peer(struct context_room *room, uint32_t pid)
{
	char path[32], name[PROC_NAME_SIZE];
	uint32_t index = room->peer_count;

	if (index == CONTEXT_PEERS_MAX)
		return false;
	snprintf(path, sizeof(path), "/proc/%u/comm", pid);
	ssize_t len = fd_read_small_at(AT_FDCWD, path, name, sizeof(name));
	if (len > 0 && name[len - 1] == '\n')
		len--;
	room->peers[index] = (struct context_peer){
		.pid = pid, .name = len > 0 ? context_add_text(room, name, (size_t)len) : 0};
	__atomic_store_n(&room->peer_count, index + 1, __ATOMIC_RELEASE);
	return true;
}
