// SPDX-License-Identifier: GPL-2.0-or-later
// Parsers of /proc/PID/status, stat, uid_map and gid_map.
#include "proc.h"

#include "number.h"

#include <errno.h>
#include <string.h>

// include/linux/sched.h
static const uint64_t PF_EXITING = 0x00000004;
static const uint64_t PF_KTHREAD = 0x00200000;

static void skip_blanks(const char **cursor, const char *end)
{
	while (*cursor < end && (**cursor == ' ' || **cursor == '\t'))
		(*cursor)++;
}

// Scans one number of 32 bits after blanks.
static int scan_u32(const char **cursor, const char *end, uint32_t *ret)
{
	uint64_t value;

	skip_blanks(cursor, end);
	int r = number_scan(cursor, end, 10, &value);
	if (r < 0)
		return r;
	if (value > UINT32_MAX)
		return -ERANGE;
	*ret = (uint32_t)value;
	return 0;
}

// The Name field, in which the kernel writes newline as "\n" and backslash as "\\".
static int parse_name(const char *p, const char *end, struct proc_status *status)
{
	size_t len = 0;

	for (; p < end && len < sizeof(status->name) - 1; p++) {
		char c = *p;
		if (c == '\\' && p + 1 < end) {
			p++;
			c = *p == 'n' ? '\n' : *p;
		}
		status->name[len++] = c;
	}
	status->name[len] = '\0';
	return 0;
}

static int parse_state(const char *p, const char *end, struct proc_status *status)
{
	if (p == end)
		return -EINVAL;
	status->state = *p;
	return 0;
}

static int parse_pid(const char *p, const char *end, pid_t *ret)
{
	uint32_t value;
	int r = scan_u32(&p, end, &value);

	if (r < 0 || value > INT32_MAX)
		return -EINVAL;
	*ret = (pid_t)value;
	return 0;
}

static int parse_tgid(const char *p, const char *end, struct proc_status *status)
{
	return parse_pid(p, end, &status->tgid);
}

static int parse_ppid(const char *p, const char *end, struct proc_status *status)
{
	return parse_pid(p, end, &status->ppid);
}

static int parse_tracer(const char *p, const char *end, struct proc_status *status)
{
	return parse_pid(p, end, &status->tracer_pid);
}

static int parse_ids(const char *p, const char *end, uint32_t ids[4])
{
	for (int i = 0; i < 4; i++)
		if (scan_u32(&p, end, &ids[i]) < 0)
			return -EINVAL;
	return 0;
}

static int parse_uid(const char *p, const char *end, struct proc_status *status)
{
	return parse_ids(p, end, status->uid);
}

static int parse_gid(const char *p, const char *end, struct proc_status *status)
{
	return parse_ids(p, end, status->gid);
}

static int parse_ns_pid(const char *p, const char *end, struct proc_status *status)
{
	status->ns_pid_count = 0;
	for (skip_blanks(&p, end); p < end; skip_blanks(&p, end)) {
		uint32_t value;
		if (status->ns_pid_count == PROC_PID_LEVELS || scan_u32(&p, end, &value) < 0 ||
			value > INT32_MAX)
			return -EINVAL;
		status->ns_pid[status->ns_pid_count++] = (pid_t)value;
	}
	return 0;
}

static int parse_threads(const char *p, const char *end, struct proc_status *status)
{
	return scan_u32(&p, end, &status->threads) < 0 ? -EINVAL : 0;
}

static int parse_rss(const char *p, const char *end, struct proc_status *status)
{
	skip_blanks(&p, end);
	return number_scan(&p, end, 10, &status->rss_kb) < 0 ? -EINVAL : 0;
}

// Of both kinds: the two lines are added up.
static int parse_switches(const char *p, const char *end, struct proc_status *status)
{
	uint64_t value;

	skip_blanks(&p, end);
	if (number_scan(&p, end, 10, &value) < 0)
		return -EINVAL;
	status->switches += value;
	return 0;
}

static int parse_no_new_privs(const char *p, const char *end, struct proc_status *status)
{
	uint32_t value;

	if (scan_u32(&p, end, &value) < 0)
		return -EINVAL;
	status->no_new_privs = value != 0;
	return 0;
}

static int parse_hex(const char *p, const char *end, uint64_t *ret)
{
	return number_scan(&p, end, 16, ret) < 0 ? -EINVAL : 0;
}

static int parse_cap_inh(const char *p, const char *end, struct proc_status *status)
{
	return parse_hex(p, end, &status->cap_inheritable);
}

static int parse_cap_prm(const char *p, const char *end, struct proc_status *status)
{
	return parse_hex(p, end, &status->cap_permitted);
}

static int parse_cap_eff(const char *p, const char *end, struct proc_status *status)
{
	return parse_hex(p, end, &status->cap_effective);
}

static int parse_cap_bnd(const char *p, const char *end, struct proc_status *status)
{
	return parse_hex(p, end, &status->cap_bounding);
}

static int parse_cap_amb(const char *p, const char *end, struct proc_status *status)
{
	return parse_hex(p, end, &status->cap_ambient);
}

static int parse_kthread(const char *p, const char *end, struct proc_status *status)
{
	status->knows_kernel_thread = true;
	status->kernel_thread = p < end && *p == '1';
	return 0;
}

// The fields of status that are read, one row each.
#define FIELD(key, parse)                     \
	{                                     \
		key, sizeof(key) - 1, (parse) \
	}
static const struct {
	const char *key;
	size_t key_len;
	int (*parse)(const char *p, const char *end, struct proc_status *status);
} status_fields[] = {
	FIELD("Name", parse_name),
	FIELD("State", parse_state),
	FIELD("Tgid", parse_tgid),
	FIELD("PPid", parse_ppid),
	FIELD("TracerPid", parse_tracer),
	FIELD("Uid", parse_uid),
	FIELD("Gid", parse_gid),
	FIELD("NSpid", parse_ns_pid),
	FIELD("Kthread", parse_kthread),
	FIELD("VmRSS", parse_rss),
	FIELD("Threads", parse_threads),
	FIELD("CapInh", parse_cap_inh),
	FIELD("CapPrm", parse_cap_prm),
	FIELD("CapEff", parse_cap_eff),
	FIELD("CapBnd", parse_cap_bnd),
	FIELD("CapAmb", parse_cap_amb),
	FIELD("NoNewPrivs", parse_no_new_privs),
	FIELD("voluntary_ctxt_switches", parse_switches),
	FIELD("nonvoluntary_ctxt_switches", parse_switches),
};
#undef FIELD

static int parse_status_line(const char *line, const char *end, struct proc_status *status)
{
	const char *colon = memchr(line, ':', (size_t)(end - line));
	if (!colon)
		return 0;

	size_t key_len = (size_t)(colon - line);
	for (size_t i = 0; i < sizeof(status_fields) / sizeof(status_fields[0]); i++) {
		if (status_fields[i].key_len != key_len ||
			memcmp(status_fields[i].key, line, key_len) != 0)
			continue;
		// One tab or blank stands before the value; a name may begin with blanks.
		const char *value = colon + 1 < end ? colon + 2 : end;
		return status_fields[i].parse(value, end, status);
	}
	return 0;
}

int proc_status_parse(const char *text, size_t len, struct proc_status *ret)
{
	struct proc_status status = {0};
	const char *end = text + len;

	for (const char *line = text; line < end;) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		const char *line_end = newline ? newline : end;
		int r = parse_status_line(line, line_end, &status);
		if (r < 0)
			return r;
		line = line_end + 1;
	}
	if (status.state == '\0' || status.tgid == 0)
		return -EINVAL;
	*ret = status;
	return 0;
}

// Scans one 0x number after blanks.
static int scan_hex(const char **cursor, const char *end, uint64_t *ret)
{
	skip_blanks(cursor, end);
	if (end - *cursor < 3 || (*cursor)[0] != '0' || (*cursor)[1] != 'x')
		return -EINVAL;
	*cursor += 2;
	return number_scan(cursor, end, 16, ret) < 0 ? -EINVAL : 0;
}

// True when TEXT begins with the letters of WORD; *CURSOR is then behind them.
static bool skip_word(const char **cursor, const char *end, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(end - *cursor) < len || memcmp(*cursor, word, len) != 0)
		return false;
	*cursor += len;
	return true;
}

int proc_syscall_parse(const char *text, size_t len, struct proc_syscall *ret)
{
	struct proc_syscall line = {.kind = PROC_SYSCALL_NONE};
	const char *end = text + len, *p = text;

	if (skip_word(&p, end, "running")) {
		line.kind = PROC_SYSCALL_RUNNING;
	} else {
		if (!skip_word(&p, end, "-1")) {
			line.kind = PROC_SYSCALL_BLOCKED;
			if (number_scan(&p, end, 10, &line.nr) < 0)
				return -EINVAL;
		}
		for (int i = 0; line.kind == PROC_SYSCALL_BLOCKED && i < 6; i++)
			if (scan_hex(&p, end, &line.args[i]) < 0)
				return -EINVAL;
		if (scan_hex(&p, end, &line.sp) < 0 || scan_hex(&p, end, &line.pc) < 0)
			return -EINVAL;
	}
	if (p != end && !(p + 1 == end && *p == '\n'))
		return -EINVAL;
	*ret = line;
	return 0;
}

// Scans field NUMBER, from 3 on, of TEXT, a /proc/PID/stat line.
static int stat_scan(const char *text, size_t len, int number, uint64_t *ret)
{
	const char *end = text + len;
	const char *p = memrchr(text, ')', len); // the name before it may hold anything

	if (!p)
		return -EINVAL;
	p++;
	for (int field = 3; field < number; field++) {
		skip_blanks(&p, end);
		while (p < end && *p != ' ')
			p++;
	}
	skip_blanks(&p, end);
	return number_scan(&p, end, 10, ret);
}

enum {
	STAT_PARENT = 4,
	STAT_FLAGS = 9,
	STAT_USER_TIME = 14,
	STAT_SYSTEM_TIME = 15,
	STAT_START = 22
};

static bool stat_has_flag(const char *text, size_t len, uint64_t flag)
{
	uint64_t flags;

	return stat_scan(text, len, STAT_FLAGS, &flags) == 0 && (flags & flag) != 0;
}

int proc_stat_start(const char *text, size_t len, uint64_t *ret)
{
	return stat_scan(text, len, STAT_START, ret);
}

int proc_stat_parent(const char *text, size_t len, pid_t *ret)
{
	uint64_t parent;
	int r = stat_scan(text, len, STAT_PARENT, &parent);

	if (r < 0 || parent > INT32_MAX)
		return r < 0 ? r : -ERANGE;
	*ret = (pid_t)parent;
	return 0;
}

int proc_stat_cpu(const char *text, size_t len, uint64_t *ret)
{
	uint64_t user, system;
	int r = stat_scan(text, len, STAT_USER_TIME, &user);

	if (r == 0)
		r = stat_scan(text, len, STAT_SYSTEM_TIME, &system);
	if (r == 0)
		r = __builtin_add_overflow(user, system, ret) ? -ERANGE : 0;
	return r;
}

bool proc_stat_is_kernel_thread(const char *text, size_t len)
{
	return stat_has_flag(text, len, PF_KTHREAD);
}

bool proc_stat_is_exiting(const char *text, size_t len)
{
	return stat_has_flag(text, len, PF_EXITING);
}

int proc_idmap_parse(const char *text, size_t len, struct proc_idmap *ret)
{
	const char *end = text + len;

	ret->count = 0;
	for (const char *p = text; p < end;) {
		struct proc_idmap_row row;
		if (ret->count == PROC_IDMAP_MAX || scan_u32(&p, end, &row.inside) < 0 ||
			scan_u32(&p, end, &row.outside) < 0 || scan_u32(&p, end, &row.count) < 0)
			return -EINVAL;
		skip_blanks(&p, end);
		if (p < end && *p++ != '\n')
			return -EINVAL;
		ret->rows[ret->count++] = row;
	}
	return 0;
}

bool proc_idmap_has_inside(const struct proc_idmap *map, uint32_t inside)
{
	for (size_t i = 0; i < map->count; i++)
		if (inside >= map->rows[i].inside &&
			inside - map->rows[i].inside < map->rows[i].count)
			return true;
	return false;
}

int proc_idmap_to_inside(const struct proc_idmap *map, uint32_t outside, uint32_t *ret)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct proc_idmap_row *row = &map->rows[i];
		// What the kernel cannot name in our user namespace is 4294967295 there.
		if (row->outside == UINT32_MAX || outside < row->outside ||
			outside - row->outside >= row->count)
			continue;
		*ret = row->inside + (outside - row->outside);
		return 0;
	}
	return -ENOENT;
}
