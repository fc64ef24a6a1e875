// SPDX-License-Identifier: GPL-2.0-or-later
// The user's row of the container's /etc/passwd, read by ourselves: a name service would load code
// of the container (CVE-2019-14271).
#pragma once

#include "envblock.h"
#include "error.h"

#include <sys/types.h>

// Owned strings; NULL without a row.
struct login {
	char *name;
	char *home;
	char *shell; // NULL also when it is no shell to log in with: nologin, false, no path
};

// Reads the row of UID from /etc/passwd below the caller's root. A file that is missing, too long,
// or no regular file counts as one without the row. May block as long as the container's file
// system does. Fails with -ENOMEM; nothing is left then.
int login_read(uid_t uid, struct login *ret, struct error *err);

// Sets HOME, USER, LOGNAME and SHELL of ENV to LOGIN's. Without a row HOME is "/" and the names are
// removed; without a shell SHELL is /bin/sh. Fails with -ENOMEM; ENV may be half done then.
int login_set_env(const struct login *login, struct envblock *env);

// Frees what LOGIN owns. Accepts one that is {0}.
void login_fini(struct login *login);

#define auto_login __attribute__((cleanup(login_fini)))
