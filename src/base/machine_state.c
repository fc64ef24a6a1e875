// SPDX-License-Identifier: GPL-2.0-or-later
// Parser of systemd-machined's files.
#include "machine_state.h"

#include "number.h"

#include <errno.h>
#include <string.h>

// The value in LINE, LEN bytes, if that is of KEY; *RET_LEN bytes of it.
static const char *value_of(const char *line, size_t len, const char *key, size_t *ret_len)
{
	size_t key_len = strlen(key);

	if (len <= key_len || memcmp(line, key, key_len) != 0 || line[key_len] != '=')
		return NULL;
	*ret_len = len - key_len - 1;
	return line + key_len + 1;
}

// Copies a value, without quotes, to RET of SIZE bytes, if it fits.
static void copy_value(const char *value, size_t len, char *ret, size_t size)
{
	if (len >= 2 && value[0] == '"' && value[len - 1] == '"') {
		value++;
		len -= 2;
	}
	if (len >= size)
		return;
	memcpy(ret, value, len);
	ret[len] = '\0';
}

static void take_line(const char *line, size_t len, struct machine_state *state)
{
	char word[24] = "";
	size_t value_len;
	const char *value = value_of(line, len, "LEADER", &value_len);

	if (value) {
		copy_value(value, value_len, word, sizeof(word));
		number_parse_pid(word, &state->leader);
	} else if ((value = value_of(line, len, "SCOPE", &value_len)) ||
		   (value = value_of(line, len, "UNIT", &value_len))) {
		copy_value(value, value_len, state->unit, sizeof(state->unit));
	} else if ((value = value_of(line, len, "CLASS", &value_len))) {
		copy_value(value, value_len, word, sizeof(word));
		state->is_vm = strcmp(word, "vm") == 0;
	}
}

int machine_state_parse(const char *text, size_t len, struct machine_state *ret)
{
	const char *end = text + len;
	struct machine_state state = {0};

	if (memchr(text, '\0', len))
		return -EINVAL;
	for (const char *line = text; line < end;) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		const char *line_end = newline ? newline : end;
		take_line(line, (size_t)(line_end - line), &state);
		line = newline ? newline + 1 : end;
	}
	if (state.leader == 0)
		return -EINVAL;
	*ret = state;
	return 0;
}
