// SPDX-License-Identifier: GPL-2.0-or-later
// Snapshots in a file.
#include "kept.h"

#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct error err = {0};
	char path[64];
	int fd = memfd_create("kept", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, len) != (ssize_t)len)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	struct kept_reader *reader = kept_read_open(path, &err);
	for (int r = reader != NULL; r > 0;) {
		struct kept_process process = {0};
		r = kept_read_process(reader, &process, &err);
		kept_process_fini(&process);
	}
	kept_read_free(reader);
	close(fd);
	return 0;
}
