// SPDX-License-Identifier: GPL-2.0-or-later
// Pure parsers of the tables of sockets below /proc/PID/net, proc_pid_net(5): one table says which
// there are.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NETROW_ADDRESS_SIZE = 112, NETROW_STATE_SIZE = 16 };

// A socket.
struct netrow {
	uint64_t inode;
	char local[NETROW_ADDRESS_SIZE]; // "127.0.0.1:80", "[::1]:80", a path (any bytes); empty:
					 // none
	char remote[NETROW_ADDRESS_SIZE];
	char state[NETROW_STATE_SIZE]; // "LISTEN"; empty: it has none
};

struct netrow_table {
	const char *file;     // below /proc/PID/net
	const char *protocol; // "tcp"
	bool has_names;       // that programs choose: they can look like more rows
	// Parses a line without its newline. Returns false when it is none of a socket.
	bool (*parse)(const char *line, size_t len, struct netrow *ret);
};

// Table INDEX, or NULL behind the last: those that are waited for most often first.
const struct netrow_table *netrow_table_at(size_t index);
