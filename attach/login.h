// SPDX-License-Identifier: GPL-2.0-or-later
// The user's row of the container's /etc/passwd, and the groups of /etc/group, read by ourselves: a
// name service would load code of the container (CVE-2019-14271).
//
// Theory of operation. The caller stands inside, as a user of the container and without effective
// capabilities. A name is resolved below the caller's root and never by a magic link, what stands
// there is looked at before it is opened (a FIFO would block, opening a device can have effects),
// and a bounded part of it is read. It may block as long as the container's file system does.
#pragma once

#include "envblock.h"
#include "error.h"
#include "idlist.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

// Owned strings; NULL without a row. {0} is a user of whom nothing is known.
struct login {
	bool has_gid; // GID is known
	uint32_t uid, gid;
	char *name;
	char *home;
	char *shell; // NULL also when it is no shell to log in with: nologin, false, no path
	struct idlist groups; // that have NAME as a member
};

// Reads the row of UID. A file that is missing, too long, or no regular file counts as one without
// the row. Fails with -ENOMEM; nothing is left then.
int login_read(uid_t uid, struct login *ret, struct error *err);

// Finds AS, NAME or NAME:GROUP. Digits alone are a number: such a user needs no row, such a group
// none either. WITH_GROUPS and without a GROUP, the user's groups are read too. Fails with a reason
// when what is asked for cannot be found or read; nothing is left then.
int login_find(const char *as, bool with_groups, struct login *ret, struct error *err);

// As login_read(), from the passwd file FD, which may be negative: a missing one.
int login_read_from(int fd, uid_t uid, struct login *ret, struct error *err);

// Sets HOME, USER, LOGNAME and SHELL of ENV to LOGIN's. Without a row HOME is "/" and the names are
// removed; without a shell SHELL is /bin/sh. Fails with -ENOMEM; ENV may be half done then.
int login_set_env(const struct login *login, struct envblock *env);

// Frees what LOGIN owns. Accepts one that is {0}.
void login_fini(struct login *login);

#define auto_login __attribute__((cleanup(login_fini)))
