// SPDX-License-Identifier: GPL-2.0-or-later
// Numbers, texts and rows.
#include "kept_take.h"

#include "cleanup.h"
#include "fd.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int kept_refuse(struct kept_reader *reader, const char *format, ...)
{
	char why[200];
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	return fail(reader->err, ERROR_SYSTEM, EBADMSG, "loading failed on %s: %s (at byte %llu)",
		reader->path, why, (unsigned long long)reader->at);
}

int kept_refuse_memory(struct kept_reader *reader)
{
	return fail_sys(reader->err, ENOMEM, "loading", "%s", reader->path);
}

int kept_take_bytes(struct kept_reader *reader, void *bytes, size_t len)
{
	size_t done = 0;

	if (len > reader->len - reader->at)
		return kept_refuse(reader, "it is cut off");
	while (done < len) {
		if (reader->first == reader->end) {
			ssize_t n = fd_read_exact(reader->fd, reader->buffer, KEPT_BUFFER_SIZE);
			if (n < 0)
				return fail_sys(reader->err, (int)-n, "read", "%s", reader->path);
			if (n == 0)
				return kept_refuse(reader, "it is cut off");
			reader->first = 0;
			reader->end = (size_t)n;
		}
		size_t left = reader->end - reader->first;
		size_t some = len - done < left ? len - done : left;
		memcpy((char *)bytes + done, reader->buffer + reader->first, some);
		reader->first += some;
		reader->at += some;
		done += some;
	}
	return 0;
}

int kept_take_number(struct kept_reader *reader, size_t width, uint64_t *ret)
{
	unsigned char bytes[8];
	int r = kept_take_bytes(reader, bytes, width);

	*ret = 0;
	for (size_t i = 0; r == 0 && i < width; i++)
		*ret |= (uint64_t)bytes[i] << (8 * i);
	return r;
}

int kept_take_fields(struct kept_reader *reader, const struct kept_table *table, void *structure)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct kept_field *field = &table->fields[i];
		uint64_t value;
		int r = kept_take_number(reader, field->width, &value);
		if (r < 0)
			return r;
		if (value < field->min || value > field->max)
			return kept_refuse(
				reader, "%s is %llu", field->name, (unsigned long long)value);
		kept_field_set(field, structure, value);
	}
	return 0;
}

int kept_take_string(struct kept_reader *reader, const char *what, size_t max, char **ret)
{
	uint64_t len;
	int r = kept_take_number(reader, 4, &len);

	if (r < 0)
		return r;
	if (len > max)
		return kept_refuse(
			reader, "the length of %s is %llu", what, (unsigned long long)len);
	auto_free char *text = malloc(len + 1);
	if (!text)
		return kept_refuse_memory(reader);
	if ((r = kept_take_bytes(reader, text, len)) < 0)
		return r;
	if (memchr(text, '\0', len))
		return kept_refuse(reader, "%s has a NUL in it", what);
	text[len] = '\0';
	*ret = take_ptr(text);
	return 0;
}

int kept_take_text(struct kept_reader *reader, const char *what, char *buffer, size_t size)
{
	auto_free char *text = NULL;
	int r = kept_take_string(reader, what, size - 1, &text);

	if (r == 0)
		memcpy(buffer, text, strlen(text) + 1);
	return r;
}

int kept_make_rows(struct kept_reader *reader, const char *what, size_t count, size_t size,
	size_t len, void *ret)
{
	if (count > (reader->len - reader->at) / len)
		return kept_refuse(reader, "it is cut off: %zu %s do not fit", count, what);
	void *rows = calloc(count + 1, size);
	if (!rows)
		return kept_refuse_memory(reader);
	memcpy(ret, &rows, sizeof(rows));
	return 0;
}
