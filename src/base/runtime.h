// SPDX-License-Identifier: GPL-2.0-or-later
// THE table of container runtimes: what each calls the cgroups of its containers, which program
// stays beside them, and where it keeps what it knows of them. Pure functions over text.
#pragma once

#include <stdbool.h>
#include <stddef.h>

// What a state file holds, and who parses it (statefile.h).
enum state_kind {
	STATE_NONE,
	STATE_DOCKER,     // config.v2.json of a container
	STATE_CONTAINERS, // containers.json of a store: all its containers
	STATE_BUNDLE,     // config.json of an OCI bundle
	STATE_RUNC,       // state.json
	STATE_CRUN,       // status
	STATE_MACHINE,    // lines KEY=VALUE of systemd-machined
	STATE_KINDS,
};

// Where a state file is. In PATH, %i stands for the container's id; %h for the home directory and
// %u for the uid of the user who made it, where that is not root; %d for the driver of the storage.
struct state_place {
	const char *path;
	enum state_kind kind;
};

struct runtime {
	const char *name;           // the word before the colon of a TARGET; NULL ends the table
	const char *const *cgroups; // patterns, see runtime_match(); up to NULL
	bool id_is_name;   // what is found there, and in its state, is the container's name
	bool in_pods_only; // its containers are run by another of these, in pods only
	bool in_pods;      // its containers are Kubernetes', where its cgroups are below a pod's
	// Files that are looked for by a container's id, where its name is not known; up to a NULL
	// path.
	const struct state_place *places;
	// Directories of state by id, looked through for containers that no cgroup told. `*` is a
	// level of any names. Up to a NULL path.
	const struct state_place *stores;
};

// Ends with a NULL name.
extern const struct runtime runtimes[];

// The row NAME of LEN bytes, or NULL.
const struct runtime *runtime_find(const char *name, size_t len);

// What a cgroup's path tells. The words point into it.
struct runtime_match {
	const struct runtime *runtime; // NULL: a 64-digit id, of no runtime that is told here
	size_t path_len; // of the container's own cgroup: what stands behind it is inside
	const char *id;  // or name; still escaped by systemd where is_unit
	size_t id_len;
	bool is_unit;
	bool is_in_pod; // it is below a cgroup of Kubernetes
};

// Looks in PATH, LEN bytes, for the deepest cgroup that is called as one of the table is. A pattern
// is compared with the last components of a path: %h is an id of 64 hexadecimal digits, %n is any
// name, which is what is found; * is anything else. Returns whether there is one.
bool runtime_match(const char *path, size_t len, struct runtime_match *ret);

// True when TEXT is an id as most runtimes make them: 64 hexadecimal digits.
bool runtime_is_id(const char *text);

// The name of a container that the kubelet had a runtime make, k8s_CONTAINER_POD_NAMESPACE_UID_N,
// as NAMESPACE/POD/CONTAINER, or NAMESPACE/POD for a sandbox, in RET of SIZE bytes. Returns false
// for any other name, and when it does not fit.
bool runtime_pod_name(const char *name, char *ret, size_t size, bool *ret_is_sandbox);

// Undoes systemd's escaping of a unit's name (\xNN, systemd.unit(5)): TEXT of LEN bytes to RET of
// SIZE bytes, NUL-terminated. Returns whether it fits, and holds no NUL.
bool runtime_unescape_unit(const char *text, size_t len, char *ret, size_t size);
