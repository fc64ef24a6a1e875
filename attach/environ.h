// SPDX-License-Identifier: GPL-2.0-or-later
// The command's environment.
//
// Theory of operation. It is made in three steps: the base, which is read before the join; for a
// program of the container HOME, USER, LOGNAME and SHELL of its user, our TERM, and a PATH where
// there is none; and last the changes that the user asked for, in their order, so that these have
// the last word. A program of the host is given nothing that the container wrote: a variable such
// as LD_PRELOAD would have it load the container's code with our power.
#pragma once

#include "envblock.h"
#include "error.h"
#include "login.h"
#include "notice.h"
#include "target.h"

#include <stdbool.h>
#include <stddef.h>

enum environ_base {
	ENVIRON_DEFAULT, // the target's for a program of the container, ours for one of the host
	ENVIRON_TARGET,
	ENVIRON_HOST,
	ENVIRON_CLEAN, // nothing; for a program of the host TERM, LANG, HOME and PATH of ours
};

// A variable to set, or, without a value, to remove. Owns its strings.
struct environ_change {
	char *name;
	char *value;
};

// What the user asked for. Owns its changes.
struct environ_request {
	enum environ_base base;
	struct environ_change *changes;
	size_t count;
};

// Adds the change of NAME (NAME_LEN bytes) to VALUE (VALUE_LEN bytes), or its removal when VALUE is
// NULL. Fails with -ENOMEM; REQUEST is then as it was.
int environ_request_add(struct environ_request *request, const char *name, size_t name_len,
	const char *value, size_t value_len);

// Frees what REQUEST owns. Accepts one that is {0}.
void environ_request_fini(struct environ_request *request);

// Before the join: reads the base into *RET, which the caller owns. INSIDE: the command is a
// program of the container; TARGET may be NULL, it has no environment then. Fails with the reason.
int environ_read(const struct environ_request *request, const struct target *target, bool inside,
	struct envblock *ret, struct error *err);

// Makes the changes of REQUEST in ENV. Fails with -ENOMEM; some may be made then.
int environ_change(const struct environ_request *request, struct envblock *env);

// Completes ENV for LOGIN (NULL: what it says of its user stays) and makes the changes. Fails with
// -ENOMEM; ENV may be half done then.
int environ_complete(const struct environ_request *request, const struct login *login, bool inside,
	struct envblock *env, const struct notice *notice, struct error *err);
