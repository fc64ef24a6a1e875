// SPDX-License-Identifier: GPL-2.0-or-later
// The names of a container's users, by its own /etc/passwd, read from outside.
//
// Theory of operation. No name service is asked: it would be the host's, or load code of the
// container. The file is found below the target's root, where no symbolic link and no magic link
// leads out, is opened only if it is a regular one that holds data, and a bounded part of it is
// read (targetfiles.h). A file system of the container may hold whoever reads it as long as it
// likes, so a child does that, and is killed when it takes too long (subtask.h).
#pragma once

#include "error.h"
#include "target.h"

#include <stddef.h>
#include <stdint.h>

struct username;

// {0} knows nobody.
struct usernames {
	char *text;            // the file
	struct username *rows; // ascending by uid
	size_t count;
};

// Reads the users of TARGET's root into *RET. Where there is no such file there are none. Fails
// with the reason; *RET is then empty.
int usernames_read(const struct target *target, struct usernames *ret, struct error *err);

// The name of UID, which lives as long as NAMES: of the first row that has it, as getpwuid(3) takes
// it. NULL: there is none, or it is longer than any system's names are.
const char *usernames_find(const struct usernames *names, uint32_t uid);

// Accepts one that is {0}.
void usernames_fini(struct usernames *names);

#define auto_usernames __attribute__((cleanup(usernames_fini)))
