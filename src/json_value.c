// SPDX-License-Identifier: GPL-2.0-or-later
// Values of JSON.
#include "json_value.h"

#include "cleanup.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

enum { TEXT_SIZE = 20 << 10 }; // a name of SYMBOL_NAME_MAX bytes, each escaped, fits

json_t *json_hex(uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)value);
	return json_string(text);
}

json_t *json_text(const char *text)
{
	char buffer[TEXT_SIZE];

	return text ? json_string(text_escape(text, buffer, sizeof(buffer))) : json_null();
}

json_t *json_bytes(const char *text, size_t len)
{
	auto_free char *copy = strndup(text, len);
	size_t size = 4 * len + 1;
	auto_free char *escaped = malloc(size);

	return copy && escaped ? json_string(text_escape(copy, escaped, size)) : NULL;
}
