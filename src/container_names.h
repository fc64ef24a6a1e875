// SPDX-License-Identifier: GPL-2.0-or-later
// What the containers of this host are called: by their cgroups, the programs beside them, and the
// state files of their runtimes.
//
// Theory of operation. Most is known once /proc was looked through (containers.h). Containers that
// no cgroup tells are looked for in the runtimes' stores, by the PID and start of their leader.
// Names that are missing then are looked for by id. State files are opened here and parsed by a
// process without privileges (stateread.h), those of each ordinary user by another one. A name
// counts only if what the file says besides fits what was seen in /proc; else there is a warning,
// and none.
#pragma once

#include "containers.h"

// Finds all containers of this host, with their names, into *RET; for containers_fini(). Unless
// QUIET, warns of state files that cannot be used. Fails like containers_find().
int container_names_find(bool quiet, struct containers *ret, struct error *err);
