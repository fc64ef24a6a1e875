// SPDX-License-Identifier: GPL-2.0-or-later
// Tables of sockets.
#include "netrow.h"

#include "number.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { COLUMNS_MAX = 14 };

struct column {
	const char *text;
	size_t len;
};

// Splits LINE into at most COUNT columns. Returns how many there are.
static size_t split(const char *line, size_t len, struct column *columns, size_t count)
{
	const char *end = line + len;
	size_t found = 0;

	for (const char *p = line; found < count;) {
		while (p < end && *p == ' ')
			p++;
		if (p == end)
			break;
		columns[found].text = p;
		while (p < end && *p != ' ')
			p++;
		columns[found].len = (size_t)(p - columns[found].text);
		found++;
	}
	return found;
}

static bool number_of(const struct column *column, unsigned base, uint64_t *ret)
{
	const char *cursor = column->text, *end = column->text + column->len;

	return number_scan(&cursor, end, base, ret) == 0 && cursor == end;
}

// An address as the kernel writes it, 32-bit words in its own byte order and a port, for people.
// One without a port is none.
static bool address_of(const struct column *column, char *ret, size_t size)
{
	char hex[9] = "", host[INET6_ADDRSTRLEN];
	uint32_t words[4] = {0};
	const char *colon = memchr(column->text, ':', column->len);
	size_t digits = colon ? (size_t)(colon - column->text) : 0;
	uint64_t word, port;

	if (digits != 8 && digits != 32)
		return false;
	for (size_t i = 0; i < digits / 8; i++) {
		memcpy(hex, column->text + i * 8, 8);
		const struct column one = {hex, 8};
		if (!number_of(&one, 16, &word))
			return false;
		words[i] = (uint32_t)word;
	}
	const struct column rest = {colon + 1, column->len - digits - 1};
	if (!number_of(&rest, 16, &port) || port > UINT16_MAX ||
		!inet_ntop(digits == 8 ? AF_INET : AF_INET6, words, host, sizeof(host)))
		return false;
	snprintf(ret, size, digits == 8 ? "%s:%u" : "[%s]:%u", host, (unsigned)port);
	return true;
}

// True when nothing stands in ADDRESS but zeros: the socket has none.
static bool is_unset(const struct column *address)
{
	for (size_t i = 0; i < address->len; i++)
		if (address->text[i] != '0' && address->text[i] != ':')
			return false;
	return true;
}

// Source: net/ipv4/tcp_ipv4.c, tcp4_seq_show; udp.c, raw.c and the same of ipv6.
static bool parse_inet(const char *line, size_t len, struct netrow *ret, uint64_t *ret_state)
{
	enum { LOCAL = 1, REMOTE = 2, STATE = 3, INODE = 9 };
	struct column columns[COLUMNS_MAX];
	struct netrow row = {0};

	if (split(line, len, columns, COLUMNS_MAX) <= INODE ||
		!number_of(&columns[INODE], 10, &row.inode) ||
		!number_of(&columns[STATE], 16, ret_state) ||
		!address_of(&columns[LOCAL], row.local, sizeof(row.local)) ||
		!address_of(&columns[REMOTE], row.remote, sizeof(row.remote)))
		return false;
	if (is_unset(&columns[REMOTE]))
		row.remote[0] = '\0';
	*ret = row;
	return true;
}

static bool parse_tcp(const char *line, size_t len, struct netrow *ret)
{
	// include/net/tcp_states.h
	static const char *const states[] = {"", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1",
		"FIN_WAIT2", "TIME_WAIT", "CLOSE", "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING",
		"NEW_SYN_RECV"};
	uint64_t state;

	if (!parse_inet(line, len, ret, &state))
		return false;
	if (state < sizeof(states) / sizeof(states[0]))
		snprintf(ret->state, sizeof(ret->state), "%s", states[state]);
	return true;
}

// Its state says only whether it is connected, which the address says too.
static bool parse_udp(const char *line, size_t len, struct netrow *ret)
{
	uint64_t state;

	return parse_inet(line, len, ret, &state);
}

// Source: net/unix/af_unix.c, unix_seq_show. A path may hold anything.
static bool parse_unix(const char *line, size_t len, struct netrow *ret)
{
	enum { FLAGS = 3, TYPE = 4, STATE = 5, INODE = 6, PATH = 7 };
	static const uint64_t accepts = 0x10000; // __SO_ACCEPTCON
	struct column columns[PATH];
	struct netrow row = {0};
	uint64_t flags, state;

	if (split(line, len, columns, PATH) < PATH || !number_of(&columns[INODE], 10, &row.inode) ||
		!number_of(&columns[FLAGS], 16, &flags) || !number_of(&columns[STATE], 16, &state))
		return false;
	const char *path = columns[INODE].text + columns[INODE].len;
	size_t path_len = len - (size_t)(path - line);
	if (path_len > 1)
		snprintf(row.local, sizeof(row.local), "%.*s", (int)(path_len - 1), path + 1);
	if (flags & accepts)
		memcpy(row.state, "LISTEN", sizeof("LISTEN"));
	else if (state == 3) // SS_CONNECTED
		memcpy(row.state, "CONNECTED", sizeof("CONNECTED"));
	*ret = row;
	return true;
}

// One of which only the inode is told, in column INDEX.
static bool parse_bare(const char *line, size_t len, size_t index, struct netrow *ret)
{
	struct column columns[COLUMNS_MAX];
	struct netrow row = {0};

	if (split(line, len, columns, COLUMNS_MAX) <= index ||
		!number_of(&columns[index], 10, &row.inode))
		return false;
	*ret = row;
	return true;
}

// Source: net/netlink/af_netlink.c, netlink_seq_show.
static bool parse_netlink(const char *line, size_t len, struct netrow *ret)
{
	return parse_bare(line, len, 9, ret);
}

// Source: net/packet/af_packet.c, packet_seq_show.
static bool parse_packet(const char *line, size_t len, struct netrow *ret)
{
	return parse_bare(line, len, 8, ret);
}

static const struct netrow_table tables[] = {
	{"unix", "unix", true, parse_unix},
	{"tcp", "tcp", false, parse_tcp},
	{"tcp6", "tcp6", false, parse_tcp},
	{"udp", "udp", false, parse_udp},
	{"udp6", "udp6", false, parse_udp},
	{"netlink", "netlink", false, parse_netlink},
	{"packet", "packet", false, parse_packet},
	{"raw", "raw", false, parse_udp},
	{"raw6", "raw6", false, parse_udp},
	{"icmp", "icmp", false, parse_udp},
	{"icmp6", "icmp6", false, parse_udp},
};

const struct netrow_table *netrow_table_at(size_t index)
{
	return index < sizeof(tables) / sizeof(tables[0]) ? &tables[index] : NULL;
}
