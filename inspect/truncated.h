// SPDX-License-Identifier: GPL-2.0-or-later
// Mapped files that are truncated meanwhile.
#pragma once

// From here on such a file reads as zeros behind its new end, which every parser bounds, where
// SIGBUS would end the process. Pages that are read so stay zeros. mmap(2), "SIGBUS".
void truncated_reads_as_zeros(void);
