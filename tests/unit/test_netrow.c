// SPDX-License-Identifier: GPL-2.0-or-later
#include "netrow.h"
#include "unit.h"

static const struct netrow_table *table_of(const char *file)
{
	const struct netrow_table *table;

	for (size_t i = 0; (table = netrow_table_at(i)); i++)
		if (strcmp(table->file, file) == 0)
			return table;
	cr_assert(false, "there is no table %s", file);
	return NULL;
}

static bool parse(const char *file, const char *line, struct netrow *ret)
{
	return table_of(file)->parse(line, strlen(line), ret);
}

Test(netrow, every_table_is_the_kernels)
{
	const struct netrow_table *table;
	struct netrow row;

	for (size_t i = 0; (table = netrow_table_at(i)); i++) {
		check_true(table->file[0] && table->protocol[0]);
		check_false(table->parse("", 0, &row));
		check_false(
			table->parse("  sl  local_address rem_address   st tx_queue", 45, &row));
		check_false(table->parse(
			"Num       RefCount Protocol Flags    Type St Inode Path", 55, &row));
		check_false(table->parse(
			"sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    "
			"Drops    Inode",
			88, &row));
	}
}

Test(netrow, tcp)
{
	struct netrow row;

	check_true(parse("tcp",
		"   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0"
		"        0 1120 1 000000001055ca4d 100 0 0 10 0",
		&row));
	check_u64(row.inode, 1120);
	check_str(row.local, "127.0.0.1:8080");
	check_str(row.remote, "");
	check_str(row.state, "LISTEN");
	check_true(parse("tcp",
		"  12: 0100007F:1F90 0200000A:01BB 01 00000000:00000000 00:00000000 00000000     0"
		"        0 18446744073709551615",
		&row));
	check_u64(row.inode, UINT64_MAX);
	check_str(row.remote, "10.0.0.2:443");
	check_str(row.state, "ESTABLISHED");
}

Test(netrow, tcp6_and_udp)
{
	struct netrow row;

	check_true(parse("tcp6",
		"   0: 00000000000000000000000001000000:0050 B80D01200000000000000000EF000000:8000 "
		"08 "
		"00000000:00000000 00:00000000 00000000 0 0 5 1 x",
		&row));
	check_str(row.local, "[::1]:80");
	check_str(row.remote, "[2001:db8::ef]:32768");
	check_str(row.state, "CLOSE_WAIT");
	check_true(parse("udp",
		" 1: 00000000:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000 0 0 9 2 "
		"x "
		"0",
		&row));
	check_str(row.local, "0.0.0.0:53");
	check_str(row.state, "");
}

Test(netrow, unix_sockets)
{
	struct netrow row;

	check_true(parse(
		"unix", "0000000000000000: 00000002 00000000 00010000 0001 01 574 /run/a b", &row));
	check_u64(row.inode, 574);
	check_str(row.local, "/run/a b");
	check_str(row.state, "LISTEN");
	check_true(
		parse("unix", "0000000000000000: 00000003 00000000 00000000 0001 03   574", &row));
	check_str(row.local, "");
	check_str(row.state, "CONNECTED");
	check_true(parse(
		"unix", "0000000000000000: 00000003 00000000 00000000 0002 01 1 @abc@", &row));
	check_str(row.local, "@abc@");
	check_str(row.state, "");
}

Test(netrow, others)
{
	struct netrow row;

	check_true(parse("netlink",
		"000000004c778f2e 0   0          00000000 0        0        0     2        0       "
		" 4",
		&row));
	check_u64(row.inode, 4);
	check_true(
		parse("packet", "000000004c778f2e 3      3    0003   2     1 0 0      77", &row));
	check_u64(row.inode, 77);
}

Test(netrow, nonsense)
{
	static const char *const lines[] = {
		"0: 0100007F 00000000:0000 0A 0:0 0:0 0 0 0 1120",
		"0: 0100007:1F90 00000000:0000 0A 0:0 0:0 0 0 0 1120",
		"0: 0100007F:11F90 00000000:0000 0A 0:0 0:0 0 0 0 1120",
		"0: 0100007G:1F90 00000000:0000 0A 0:0 0:0 0 0 0 1120",
		"0: 0100007F:1F90 00000000: 0A 0:0 0:0 0 0 0 1120",
		"0: 0100007F:1F90 00000000:0000 0A 0:0 0:0 0 0 0",
		"0: 0100007F:1F90 00000000:0000 0A 0:0 0:0 0 0 0 x",
		"0: 0100007F:1F90 00000000:0000 ZZ 0:0 0:0 0 0 0 1",
		"0: 000000000000000000000000010000000:0050 00000000:0 0A 0 0 0 0 0 1",
	};
	struct netrow row;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		cr_assert(!parse("tcp", lines[i], &row), "%s", lines[i]);
	check_false(parse("unix", "0: 1 2 zz 4 5 6 /x", &row));
	check_false(parse("unix", "0: 1 2 3 4 5", &row));
}

Test(netrow, a_long_path_is_cut)
{
	char line[400];
	struct netrow row;
	int len = snprintf(line, sizeof(line), "0: 1 0 0 1 1 7 /%0300d", 0);

	check_true(table_of("unix")->parse(line, (size_t)len, &row));
	check_u64(strlen(row.local), NETROW_ADDRESS_SIZE - 1);
}
