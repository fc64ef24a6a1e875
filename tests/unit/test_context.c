// SPDX-License-Identifier: GPL-2.0-or-later
#include "context.h"
#include "unit.h"

static char texts[] = "\0one";
static struct context_file files[3];
static struct context_peer peers[2];

static struct context whole(void)
{
	memset(files, 0, sizeof(files));
	files[0].watched = (struct context_range){1, 2, 5};
	files[1].peers = (struct context_range){1, 1, 0};
	return (struct context){files, 3, peers, 2, texts, sizeof(texts), 0};
}

Test(context, kinds_have_names)
{
	for (unsigned kind = 0; kind < CONTEXT_KIND_COUNT; kind++)
		check_true(context_kind_name(kind)[0]);
}

Test(context, texts)
{
	const struct context context = whole(), none = {0};

	check_str(context_text(&context, 1), "one");
	check_str(context_text(&context, 0), "");
	check_str(context_text(&context, 4), "");
	check_str(context_text(&context, 5), "");
	check_str(context_text(&none, 0), "");
}

Test(context, what_rows_refer_to_is_there)
{
	struct context context = whole();
	const struct context none = {0};

	check_true(context_is_sound(&context) && context_is_sound(&none));
	files[0].watched.count = 3;
	check_false(context_is_sound(&context));
	context = whole();
	files[0].watched.first = UINT32_MAX;
	check_false(context_is_sound(&context));
	context = whole();
	files[0].watched = (struct context_range){0, 1, 0}; // itself
	check_false(context_is_sound(&context));
	context = whole();
	files[2].peers = (struct context_range){2, 1, 0};
	check_false(context_is_sound(&context));
	context = whole();
	context.texts_len--;
	check_false(context_is_sound(&context));
	texts[0] = 'x';
	context.texts_len++;
	check_false(context_is_sound(&context));
	texts[0] = '\0';
}

Test(context, what_threads_refer_to_is_there)
{
	const struct context context = whole();
	struct context_wait wait = {.files = {0, 3, 9}, .holders = {2, 0, 0}};

	check_true(context_has(&context, &wait));
	wait.files.count = 4;
	check_false(context_has(&context, &wait));
	wait.files = (struct context_range){4, UINT32_MAX, 0};
	check_false(context_has(&context, &wait));
	wait.files.first = wait.files.count = 0;
	wait.holders.count = 1;
	check_false(context_has(&context, &wait));
}
