// SPDX-License-Identifier: GPL-2.0-or-later
// Processes of kept snapshots.
#include "kept.h"

#include "cleanup.h"

void kept_process_fini(struct kept_process *process)
{
	for (size_t i = 0; process->files && i < process->snapshot.module_count; i++)
		file_parts_fini(&process->files[i]);
	free(process->files);
	debug_files_fini(&process->debugs, &process->debug_count);
	snapshot_fini(&process->snapshot);
	*process = (struct kept_process){0};
}
