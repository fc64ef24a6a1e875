// SPDX-License-Identifier: GPL-2.0-or-later
// Which debug files are fetched.
#include "stack_fetch.h"

#include <errno.h>
#include <unistd.h>

enum {
	NETWORK_PLACE = 48, // behind all of debugfile.h, before the worker stops asking
	HEAD_LEN = 4096,
};

int stack_fetch(
	struct debuginfod *client, const struct inspect_request *request, unsigned *ret_place)
{
	unsigned char head[HEAD_LEN];

	if (!client->program || request->kind != WIRE_REQUEST_DEBUG ||
		request->place > NETWORK_PLACE || request->fd < 0)
		return -ENOENT;
	ssize_t len = pread(request->fd, head, sizeof(head), 0);
	const struct buildid id = buildid_from_image(head, len > 0 ? (size_t)len : 0);
	if (!buildid_equal(&id, request->build_id))
		return -ENOENT;
	*ret_place = NETWORK_PLACE;
	return debuginfod_fetch(client, &id);
}
