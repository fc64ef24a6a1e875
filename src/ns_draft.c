// SPDX-License-Identifier: GPL-2.0-or-later
// Writing facts.
#include "ns_draft.h"

#include "text.h"

#include <stdlib.h>

enum { ESCAPED_SIZE = 4 * 4096 + 1 };

FILE *ns_draft_begin(struct ns_draft *draft, const char *key)
{
	draft->key = key;
	draft->out = open_memstream(&draft->value, &draft->len);
	draft->failed |= !draft->out;
	return draft->out;
}

void ns_draft_end(struct ns_draft *draft)
{
	struct ns_facts *facts = draft->facts;

	if (!draft->out)
		return;
	bool failed = fclose(draft->out) != 0 || !draft->value;
	draft->failed |= failed || facts->count == NS_FACTS_MAX;
	if (draft->failed || !draft->value[0])
		free(draft->value);
	else
		facts->items[facts->count++] =
			(struct ns_fact){draft->key, draft->value, draft->is_passing};
	draft->out = NULL;
	draft->value = NULL;
}

void ns_draft_add(struct ns_draft *draft, const char *key, const char *value)
{
	FILE *out = ns_draft_begin(draft, key);

	if (out)
		fputs(value, out);
	ns_draft_end(draft);
}

void ns_draft_put(FILE *out, const char *text)
{
	char buffer[ESCAPED_SIZE];

	fputs(text_escape(text, buffer, sizeof(buffer)), out);
}
