// SPDX-License-Identifier: GPL-2.0-or-later
// Kinds of files.
#include "stack_file.h"

struct debugfile_request stack_file_wanted(const struct inspect_request *request)
{
	static const enum debugfile_kind kinds[WIRE_REQUEST_KINDS] = {
		[WIRE_REQUEST_DEBUG] = DEBUGFILE_SEPARATE,
		[WIRE_REQUEST_PACKAGE] = DEBUGFILE_PACKAGE,
		[WIRE_REQUEST_SPLIT] = DEBUGFILE_SPLIT,
		[WIRE_REQUEST_ALT] = DEBUGFILE_ALT,
	};

	return (struct debugfile_request){.path = request->path,
		.build_id = request->build_id,
		.link = request->link,
		.place = request->place,
		.kind = kinds[request->kind]};
}
