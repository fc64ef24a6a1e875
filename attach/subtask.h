// SPDX-License-Identifier: GPL-2.0-or-later
// A piece of work in a short-lived child: what has to be done from another PID namespace, or what
// a file system of the container may hold for ever.
#pragma once

enum { SUBTASK_NO_LIMIT = -1 };

// Runs RUN(ARG) in a child of the caller's and returns what it returned: 0, or -errno. The child
// has copies of the caller's fds and memory; it dies with the caller. Where it has not ended after
// LIMIT_MS milliseconds it is killed, and -ETIMEDOUT returned, though a file system may hold it
// longer: it does nothing more then but die. Also fails with -errno of fork(2), and -ECHILD when
// the child was killed.
int subtask_run(int (*run)(void *arg), void *arg, int limit_ms);
