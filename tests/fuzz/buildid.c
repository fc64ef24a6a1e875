// SPDX-License-Identifier: GPL-2.0-or-later
// Notes, and the first bytes of an ELF file.
#include "buildid.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct buildid notes = buildid_from_notes(data, len), image = buildid_from_image(data, len);
	char hex[BUILDID_HEX_SIZE];

	buildid_to_hex(&notes, hex);
	buildid_to_hex(&image, hex);
	return 0;
}
