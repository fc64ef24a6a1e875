// SPDX-License-Identifier: GPL-2.0-or-later
// Lists of ids.
#include "idlist.h"

#include "number.h"
#include "order.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int idlist_add(struct idlist *list, uint32_t id)
{
	if (list->count == IDLIST_MAX)
		return -E2BIG;
	// Grown at powers of two.
	if ((list->count & (list->count - 1)) == 0) {
		size_t room = list->count ? list->count * 2 : 1;
		uint32_t *grown = realloc(list->ids, room * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		list->ids = grown;
	}
	list->ids[list->count++] = id;
	return 0;
}

// Parses the ids of TEXT, between any two of which stands SEPARATOR.
static int parse(const char *text, size_t len, char separator, struct idlist *ret)
{
	auto_idlist struct idlist list = {0};
	const char *end = text + len;

	for (const char *word = text; len > 0;) {
		const char *stop = memchr(word, separator, (size_t)(end - word));
		uint32_t id;
		int r = number_parse_id(word, (size_t)((stop ? stop : end) - word), &id);
		if (r == 0)
			r = idlist_add(&list, id);
		if (r < 0)
			return r;
		if (!stop)
			break;
		word = stop + 1;
	}
	*ret = list;
	list = (struct idlist){0};
	return 0;
}

int idlist_parse(const char *list, struct idlist *ret)
{
	return parse(list, strlen(list), ',', ret);
}

int idlist_parse_status(const char *text, size_t len, struct idlist *ret)
{
	static const char key[] = "Groups:";
	const char *end = text + len;

	for (const char *line = text; line < end;) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		const char *stop = newline ? newline : end;
		size_t key_len = sizeof(key) - 1;
		if ((size_t)(stop - line) >= key_len && memcmp(line, key, key_len) == 0) {
			const char *value = line + key_len;
			// A tab stands before the first, and a blank after each.
			while (value < stop && (*value == '\t' || *value == ' '))
				value++;
			while (stop > value && stop[-1] == ' ')
				stop--;
			return parse(value, (size_t)(stop - value), ' ', ret);
		}
		line = stop + 1;
	}
	return -EINVAL;
}

void idlist_normalize(struct idlist *list)
{
	size_t kept = 0;

	if (list->count == 0)
		return;
	qsort(list->ids, list->count, sizeof(*list->ids), order_u32);
	for (size_t i = 1; i < list->count; i++)
		if (list->ids[i] != list->ids[kept])
			list->ids[++kept] = list->ids[i];
	list->count = kept + 1;
}

bool idlist_equals(const struct idlist *a, const struct idlist *b)
{
	return a->count == b->count &&
	       (a->count == 0 || memcmp(a->ids, b->ids, a->count * sizeof(*a->ids)) == 0);
}

bool idlist_has(const struct idlist *list, uint32_t id)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->ids[i] == id)
			return true;
	return false;
}

void idlist_fini(struct idlist *list)
{
	free(list->ids);
	*list = (struct idlist){0};
}
