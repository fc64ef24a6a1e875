// SPDX-License-Identifier: GPL-2.0-or-later
// A function for each kind of argument.
#include "calltext.h"

#include "signames.h"

#include <arpa/inet.h>
#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

// Text that grows up to its size.
struct text {
	char *buffer;
	size_t size, len;
};

__attribute__((format(printf, 2, 3))) static void put(struct text *text, const char *format, ...)
{
	va_list args;

	if (text->len >= text->size)
		return;
	va_start(args, format);
	int n = vsnprintf(text->buffer + text->len, text->size - text->len, format, args);
	va_end(args);
	text->len += n < 0 ? 0 : (size_t)n;
}

// A value that has a name, or a bit.
struct word {
	uint64_t value;
	const char *name;
};

#define WORD(name)          \
	{                   \
		name, #name \
	}

static const char *find_word(const struct word *words, uint64_t value)
{
	for (; words->name; words++)
		if (words->value == value)
			return words->name;
	return NULL;
}

static void put_word(struct text *text, const struct word *words, uint64_t value)
{
	const char *name = find_word(words, value);

	if (name)
		put(text, "%s", name);
	else
		put(text, "0x%llx", (unsigned long long)value);
}

static void put_bits(struct text *text, const struct word *words, uint64_t value)
{
	bool first = true;

	for (; words->name; words++) {
		if (!(value & words->value))
			continue;
		put(text, "%s%s", first ? "" : "|", words->name);
		value &= ~words->value;
		first = false;
	}
	if (value || first)
		put(text, "%s0x%llx", first ? "" : "|", (unsigned long long)value);
}

// sys/epoll.h has the same as poll.h, and more.
static const struct word events_words[] = {{0x1, "IN"}, {0x2, "PRI"}, {0x4, "OUT"}, {0x8, "ERR"},
	{0x10, "HUP"}, {0x20, "NVAL"}, {0x40, "RDNORM"}, {0x80, "RDBAND"}, {0x100, "WRNORM"},
	{0x200, "WRBAND"}, {0x400, "MSG"}, {0x2000, "RDHUP"}, {1u << 28, "EXCLUSIVE"},
	{1u << 29, "WAKEUP"}, {1u << 30, "ONESHOT"}, {1u << 31, "ET"}, {0, NULL}};
static const struct word futex_words[] = {{FUTEX_WAIT, "WAIT"}, {FUTEX_WAKE, "WAKE"},
	{FUTEX_REQUEUE, "REQUEUE"}, {FUTEX_CMP_REQUEUE, "CMP_REQUEUE"}, {FUTEX_WAKE_OP, "WAKE_OP"},
	{FUTEX_LOCK_PI, "LOCK_PI"}, {FUTEX_UNLOCK_PI, "UNLOCK_PI"},
	{FUTEX_TRYLOCK_PI, "TRYLOCK_PI"}, {FUTEX_WAIT_BITSET, "WAIT_BITSET"},
	{FUTEX_WAKE_BITSET, "WAKE_BITSET"}, {FUTEX_WAIT_REQUEUE_PI, "WAIT_REQUEUE_PI"},
	{FUTEX_CMP_REQUEUE_PI, "CMP_REQUEUE_PI"}, {13, "LOCK_PI2"}, {0, NULL}};
static const struct word clock_words[] = {WORD(CLOCK_REALTIME), WORD(CLOCK_MONOTONIC),
	WORD(CLOCK_PROCESS_CPUTIME_ID), WORD(CLOCK_THREAD_CPUTIME_ID), WORD(CLOCK_BOOTTIME),
	WORD(CLOCK_REALTIME_ALARM), WORD(CLOCK_BOOTTIME_ALARM), WORD(CLOCK_TAI), {0, NULL}};
static const struct word idtype_words[] = {
	WORD(P_ALL), WORD(P_PID), WORD(P_PGID), {3, "P_PIDFD"}, {0, NULL}};
static const struct word flock_words[] = {
	WORD(LOCK_SH), WORD(LOCK_EX), WORD(LOCK_UN), WORD(LOCK_NB), {0, NULL}};
static const struct word fcntl_words[] = {WORD(F_GETLK), WORD(F_SETLK), WORD(F_SETLKW),
	WORD(F_OFD_GETLK), WORD(F_OFD_SETLK), WORD(F_OFD_SETLKW), WORD(F_SETLEASE), {0, NULL}};

static void put_hex(struct text *text, uint64_t value)
{
	put(text, value ? "0x%llx" : "%llx", (unsigned long long)value);
}

// What is pointed to, when it was not copied.
static void put_pointer(struct text *text, const struct calltext *arg)
{
	put_hex(text, arg->args[arg->index]);
}

static void put_path(struct text *text, const struct calltext *arg)
{
	size_t len = arg->len > 0 ? strnlen((const char *)arg->bytes, arg->len) : 0;

	if (arg->len == 0)
		put_pointer(text, arg);
	else
		put(text, "\"%.*s\"%s", (int)len, (const char *)arg->bytes,
			len == arg->len ? "..." : "");
}

// Which clock the point in time is of that the argument is; NULL: it is a duration.
static const char *clock_of(const struct calltext *arg)
{
	uint32_t op = (uint32_t)arg->args[1] & (uint32_t)FUTEX_CMD_MASK;

	switch (arg->nr) {
	case __NR_clock_nanosleep:
		return arg->args[1] & TIMER_ABSTIME ? find_word(clock_words, arg->args[0]) : NULL;
	case __NR_futex:
		if (op == FUTEX_WAIT)
			return NULL;
		return op == FUTEX_LOCK_PI || (arg->args[1] & FUTEX_CLOCK_REALTIME)
			       ? "CLOCK_REALTIME"
			       : "CLOCK_MONOTONIC";
	case __NR_mq_timedreceive:
	case __NR_mq_timedsend:
		return "CLOCK_REALTIME";
	default:
		return NULL;
	}
}

// A struct timespec or timeval, whose second number is PER_SECOND at most.
static void put_time(struct text *text, const struct calltext *arg, uint64_t per_second)
{
	uint64_t parts[2];

	if (arg->args[arg->index] == 0) {
		put(text, "no timeout");
		return;
	}
	if (arg->len < sizeof(parts)) {
		put_pointer(text, arg);
		return;
	}
	memcpy(parts, arg->bytes, sizeof(parts));
	const char *clock = clock_of(arg);
	unsigned long long ms = parts[1] < per_second ? parts[1] * 1000 / per_second : 0;
	if (clock)
		put(text, "until %lld.%03llu s of %s", (long long)parts[0], ms, clock);
	else
		put(text, "%lld.%03llu s", (long long)parts[0], ms);
}

static void put_pollfds(struct text *text, const struct calltext *arg)
{
	enum { SHOWN = 8 };
	uint32_t all = (uint32_t)arg->args[arg->index + 1];
	struct call_pollfd row;
	char events[64];
	size_t i = 0;

	put(text, "[");
	for (; i < SHOWN && call_pollfd_of(arg->bytes, arg->len, i, &row); i++)
		put(text, "%s%d %s", i > 0 ? ", " : "", row.fd,
			calltext_events(row.events, events, sizeof(events)));
	if (i < all)
		put(text, "%s%zu more", i > 0 ? " and " : "", all - i);
	put(text, "]");
}

static void put_fdset(struct text *text, const struct calltext *arg)
{
	enum { SHOWN = 16 };
	int fd = 0, count = 0;

	if (arg->args[arg->index] == 0) {
		put(text, "none");
		return;
	}
	put(text, "[");
	for (; count < SHOWN && call_fdset_next(arg->bytes, arg->len, &fd) &&
		(uint64_t)fd < arg->args[0];
		fd++)
		put(text, "%s%d", count++ > 0 ? ", " : "", fd);
	put(text, "%s]", count == SHOWN ? " ..." : "");
}

static void put_sigset(struct text *text, const struct calltext *arg)
{
	uint64_t mask;
	char names[256];

	if (arg->args[arg->index] == 0) {
		put(text, "no mask");
	} else if (arg->len < sizeof(mask)) {
		put_pointer(text, arg);
	} else {
		memcpy(&mask, arg->bytes, sizeof(mask));
		put(text, "{%s}", signames_of(mask, names, sizeof(names)));
	}
}

static void put_sockaddr(struct text *text, const struct calltext *arg)
{
	union {
		sa_family_t family;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
	} addr;
	char host[INET6_ADDRSTRLEN] = "";

	memset(&addr, 0, sizeof(addr));
	if (arg->len > 0)
		memcpy(&addr, arg->bytes, arg->len < sizeof(addr) ? arg->len : sizeof(addr));
	if (arg->len >= sizeof(addr.in) && addr.family == AF_INET) {
		inet_ntop(AF_INET, &addr.in.sin_addr, host, sizeof(host));
		put(text, "%s:%u", host, ntohs(addr.in.sin_port));
	} else if (arg->len >= sizeof(addr.in6) && addr.family == AF_INET6) {
		inet_ntop(AF_INET6, &addr.in6.sin6_addr, host, sizeof(host));
		put(text, "[%s]:%u", host, ntohs(addr.in6.sin6_port));
	} else if (arg->len > sizeof(addr.family) && addr.family == AF_UNIX) {
		bool abstract = addr.un.sun_path[0] == '\0';
		put(text, "%s%.*s", abstract ? "@" : "", (int)(sizeof(addr.un.sun_path) - abstract),
			addr.un.sun_path + abstract);
	} else {
		put_pointer(text, arg);
	}
}

static void put_file_lock(struct text *text, const struct calltext *arg)
{
	static const struct word types[] = {WORD(F_RDLCK), WORD(F_WRLCK), WORD(F_UNLCK), {0, NULL}};
	struct flock lock;
	const char *command = find_word(fcntl_words, arg->args[1]);

	if (!command || arg->len < sizeof(lock)) {
		put_pointer(text, arg);
		return;
	}
	memcpy(&lock, arg->bytes, sizeof(lock));
	put(text, "{");
	put_word(text, types, (uint64_t)lock.l_type);
	put(text, " from %lld", (long long)lock.l_start);
	if (lock.l_len == 0)
		put(text, " to the end}");
	else
		put(text, ", %lld bytes}", (long long)lock.l_len);
}

static void put_pid(struct text *text, int32_t pid)
{
	if (pid == -1)
		put(text, "any child");
	else if (pid == 0)
		put(text, "any child of its group");
	else if (pid > 0)
		put(text, "child %d", pid);
	else
		put(text, "any child of group %u", -(uint32_t)pid);
}

static void put_futex_op(struct text *text, uint64_t op)
{
	put_word(text, futex_words, op & (uint32_t)FUTEX_CMD_MASK);
	if (op & FUTEX_PRIVATE_FLAG)
		put(text, "|PRIVATE");
	if (op & FUTEX_CLOCK_REALTIME)
		put(text, "|CLOCK_REALTIME");
}

// A number, whatever it means.
static void put_number(struct text *text, enum call_arg kind, uint64_t value)
{
	switch (kind) {
	case CALL_ARG_INT:
	case CALL_ARG_FD:
		put(text, "%d", (int32_t)value);
		break;
	case CALL_ARG_SIZE:
		put(text, "%llu", (unsigned long long)value);
		break;
	case CALL_ARG_DIRFD:
		if ((int32_t)value == AT_FDCWD)
			put(text, "AT_FDCWD");
		else
			put(text, "%d", (int32_t)value);
		break;
	case CALL_ARG_MS:
		if ((int32_t)value < 0)
			put(text, "no timeout");
		else
			put(text, "%d ms", (int32_t)value);
		break;
	case CALL_ARG_PID:
		put_pid(text, (int32_t)value);
		break;
	case CALL_ARG_IDTYPE:
		put_word(text, idtype_words, value & UINT32_MAX);
		break;
	case CALL_ARG_CLOCK:
		put_word(text, clock_words, value & UINT32_MAX);
		break;
	case CALL_ARG_FUTEX_OP:
		put_futex_op(text, value & UINT32_MAX);
		break;
	case CALL_ARG_FLOCK:
		put_bits(text, flock_words, value & UINT32_MAX);
		break;
	case CALL_ARG_FCNTL:
		put_word(text, fcntl_words, value & UINT32_MAX);
		break;
	default:
		put_hex(text, value);
	}
}

char *calltext_of(const struct calltext *arg, char *buffer, size_t size)
{
	struct text text = {buffer, size, 0};
	enum call_arg kind = call_of(arg->nr)->args[arg->index];

	buffer[0] = '\0';
	switch (kind) {
	case CALL_ARG_PATH:
		put_path(&text, arg);
		break;
	case CALL_ARG_TIMESPEC:
		put_time(&text, arg, 1000000000);
		break;
	case CALL_ARG_TIMEVAL:
		put_time(&text, arg, 1000000);
		break;
	case CALL_ARG_POLLFDS:
		put_pollfds(&text, arg);
		break;
	case CALL_ARG_FDSET:
		put_fdset(&text, arg);
		break;
	case CALL_ARG_SIGSET:
		put_sigset(&text, arg);
		break;
	case CALL_ARG_SOCKADDR:
		put_sockaddr(&text, arg);
		break;
	case CALL_ARG_FILE_LOCK:
		put_file_lock(&text, arg);
		break;
	default:
		put_number(&text, kind, arg->args[arg->index]);
	}
	return buffer;
}

char *calltext_events(uint32_t events, char *buffer, size_t size)
{
	struct text text = {buffer, size, 0};

	buffer[0] = '\0';
	put_bits(&text, events_words, events);
	return buffer;
}
