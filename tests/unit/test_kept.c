// SPDX-License-Identifier: GPL-2.0-or-later
// Kept snapshots: what is written is read, and nothing else is taken.
#include "kept.h"
#include "kept_fields.h"
#include "kept_same.h"

#include <sys/resource.h>
#include <sys/stat.h>

enum { VERSION_AT = 8, MACHINE_AT = 12, TIME_AT = 16, HOST_AT = 24, TAG_AT = 34 };

Test(kept, what_is_written_is_read)
{
	for (size_t count = 0; count <= 3; count++) {
		struct kept_process sent = sample_process();
		struct error err = {0};
		if (count == 2) {
			free(sent.snapshot.exe);
			sent.snapshot.exe = NULL;
		}
		if (count > 1)
			parked_fini(&sent.snapshot.parked);
		if (count == 3)
			sent.snapshot.parked = (struct parked){.there = true, .reason = "why"};
		int fd = sample_write(&sent, count);
		struct kept_reader *reader = sample_open(fd, &err);
		cr_assert(reader, "%s", err.message);
		check_u64(kept_read_origin(reader)->time_s, sample_origin.time_s);
		check_str(kept_read_origin(reader)->host, sample_origin.host);
		for (size_t i = 0; i < count; i++) {
			struct kept_process got = {0};
			check_int(kept_read_process(reader, &got, &err), 1);
			check_same(&got, &sent);
			kept_process_fini(&got);
		}
		struct kept_process none = {0};
		check_int(kept_read_process(reader, &none, &err), 0);
		check_int(kept_read_process(reader, &none, &err), 0);
		kept_read_free(reader);
		kept_process_fini(&sent);
		close(fd);
	}
	check_no_leak();
}

// The bytes of a file, and their number.
static unsigned char *bytes;
static size_t bytes_len;

static void write_sample(void)
{
	struct kept_process sent = sample_process();
	int fd = sample_write(&sent, 1);
	struct stat st;

	check_int(fstat(fd, &st), 0);
	bytes_len = (size_t)st.st_size;
	bytes = malloc(bytes_len);
	check_int(pread(fd, bytes, bytes_len, 0), bytes_len);
	close(fd);
	kept_process_fini(&sent);
}

// Reads all of the first LEN BYTES. Returns 0, or fails as reading does, with ERR.
static int read_all(size_t len, struct error *err)
{
	int fd = memfd_create("kept", MFD_CLOEXEC);
	int r = 1;

	*err = (struct error){0};
	check_int(write(fd, bytes, len), len);
	struct kept_reader *reader = sample_open(fd, err);
	while (reader && r > 0) {
		struct kept_process got = {0};
		r = kept_read_process(reader, &got, err);
		kept_process_fini(&got);
	}
	close(fd);
	if (!reader)
		r = -err->errnum;
	kept_read_free(reader);
	check_true((r < 0) == (err->kind == ERROR_SYSTEM && err->message[0]));
	return r;
}

static void check_refused(size_t len, const char *why)
{
	struct error err;

	cr_assert(read_all(len, &err) == -EBADMSG, "not refused for '%s'", why);
	cr_assert(strstr(err.message, why), "'%s' is not said: %s", why, err.message);
	check_true(strstr(err.message, "loading failed on /proc/self/fd/") != NULL);
}

static void put(size_t at, uint64_t value, size_t width)
{
	for (size_t i = 0; i < width; i++)
		bytes[at + i] = (unsigned char)(value >> (8 * i));
}

// Where the number VALUE of WIDTH bytes is, which is there once.
static size_t find(uint64_t value, size_t width)
{
	unsigned char wanted[8];

	for (size_t i = 0; i < width; i++)
		wanted[i] = (unsigned char)(value >> (8 * i));
	const unsigned char *found = memmem(bytes, bytes_len, wanted, width);
	cr_assert(found, "%llx is not there", (unsigned long long)value);
	return (size_t)(found - bytes);
}

// With VALUE at AT the file is refused for WHY; without it it is not.
static void check_value_refused(size_t at, uint64_t value, size_t width, const char *why)
{
	unsigned char saved[8];
	struct error err;

	memcpy(saved, bytes + at, width);
	put(at, value, width);
	check_refused(bytes_len, why);
	memcpy(bytes + at, saved, width);
	check_int(read_all(bytes_len, &err), 0);
}

// Each number of TABLE, the first of which is at AT: one less than the least, one more than the
// most, and as much as fits are refused by name.
static void check_table(const struct kept_table *table, size_t at)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct kept_field *field = &table->fields[i];
		uint64_t largest = UINT64_MAX >> (64 - 8 * field->width);
		if (field->min > 0)
			check_value_refused(at, field->min - 1, field->width, field->name);
		if (field->max < largest) {
			check_value_refused(at, field->max + 1, field->width, field->name);
			check_value_refused(at, largest, field->width, field->name);
		}
		at += field->width;
	}
}

Test(kept, every_number_out_of_its_bounds, .init = write_sample)
{
	check_table(&kept_process_table, find(0x00215253, 4));
	check_table(&kept_module_table, find(0x1122334455667788, 8));
	check_table(&kept_parts_table, find(SAMPLE_FILE_LEN, 8));
	check_table(&kept_part_table, find(0x11, 8));
	check_table(&kept_debug_table, find(SAMPLE_DEBUG_LEN, 8) - 4);
	check_table(&kept_map_table, find(0x3122334455667788, 8));
	check_table(&kept_memory_table, find(0x5122334455667788, 8));
	check_table(&kept_thread_table, find(0x00316263, 4));
	check_table(&kept_file_table, find(0x00414243, 4));
	check_table(&kept_peer_table, find(0x00314151, 4));
	check_table(&kept_parked_table, find(0x0061626364656667, 8));
	free(bytes);
	check_no_leak();
}

// The place of FIELD of TABLE, the first of which is at AT.
static size_t field_at(const struct kept_table *table, size_t at, const char *name)
{
	for (size_t i = 0; i < table->count; i++) {
		if (strcmp(table->fields[i].name, name) == 0)
			return at;
		at += table->fields[i].width;
	}
	cr_assert(false, "there is no %s", name);
	return 0;
}

Test(kept, what_does_not_fit_together, .init = write_sample)
{
	size_t process = find(0x00215253, 4), module = find(0x1122334455667788, 8);
	size_t parts = find(SAMPLE_FILE_LEN, 8), part = find(0x11, 8);
	size_t map = find(0x3122334455667788, 8), thread = find(0x00316263, 4);
	size_t file = find(0x00414243, 4), text = find(0x7865740061, 5);
	size_t memory = find(0x5122334455667788, 8), go = find(0x0061626364656667, 8);
	size_t wait = go + kept_table_len(&kept_parked_table);
	const struct {
		size_t at;
		uint64_t value;
		size_t width;
		const char *why;
	} rows[] = {
		{0, 0, 1, "not written by nspeek"},
		{VERSION_AT, KEPT_VERSION - 1, 4, "it is of version"},
		{VERSION_AT, KEPT_VERSION + 1, 4, "it is of version"},
		{VERSION_AT, UINT32_MAX, 4, "version 4294967295"},
		{MACHINE_AT, EM_SPARC, 4, "another machine"},
		{TIME_AT, UINT64_MAX, 8, "the time"},
		{HOST_AT, KEPT_HOST_SIZE, 4, "the host's name"},
		{HOST_AT + 4, 0, 1, "NUL"},
		{TAG_AT, 0, 4, "neither a process nor the end"},
		{bytes_len - 4, 0, 4, "neither a process nor the end"},
		{field_at(&kept_process_table, process, "the number of modules"), 1 << 20, 4,
			"modules do not fit"},
		{field_at(&kept_process_table, process, "the number of mappings"), 1 << 22, 4,
			"mappings do not fit"},
		{field_at(&kept_process_table, process, "the number of threads"), 1 << 22, 4,
			"threads do not fit"},
		{field_at(&kept_process_table, process, "the number of debug files"), 4096, 4,
			"debug files do not fit"},
		{field_at(&kept_process_table, process, "the length of stacks"), 41, 8, "cut off"},
		{field_at(&kept_process_table, process, "the length of stacks"), 39, 8,
			"not among the stacks"},
		{field_at(&kept_process_table, process, "the length of stacks"), 1 << 30, 8,
			"bytes of stacks do not fit"},
		{field_at(&kept_module_table, module, "a module's end"), 0x1122334455667788, 8,
			"ends before it begins"},
		{field_at(&kept_module_table, module, "the length of a module's image"), 1, 4,
			"has an image"},
		{field_at(&kept_module_table, module, "a module's source"), SNAPSHOT_SOURCE_NONE, 1,
			"has parts of one"},
		{parts, SAMPLE_FILE_LEN - 1, 8, "do not fit into it"},
		{parts, UINT64_C(1) << 33, 8, "too large"},
		{part, SAMPLE_FILE_LEN, 8, "do not fit into it"},
		{part + 8, UINT64_C(1) << 60, 8, "do not fit into it"},
		{map, 0x3122334455667799, 8, "not above"},
		{map + 8, 0x3122334455667788, 8, "not above"},
		{map + 8, 0x312233445566779a, 8, "not above"},
		{field_at(&kept_map_table, map, "a mapping's module"), 4, 4, "module is 4"},
		{field_at(&kept_map_table, map, "a mapping's module"), UINT32_MAX - 1, 4,
			"module is -2"},
		{field_at(&kept_thread_table, thread, "where a thread's stack is"), 17, 8,
			"not among the stacks"},
		{field_at(&kept_thread_table, thread, "the length of a thread's stack"), INT64_MAX,
			8, "not among the stacks"},
		{field_at(&kept_thread_table, thread, "where a thread's left stack is"), 33, 8,
			"not among the stacks"},
		{field_at(&kept_thread_table, thread, "where a thread's arguments are"), 25, 8,
			"arguments are not among"},
		{field_at(&kept_thread_table, thread, "a thread's restarted call"), __NR_read, 8,
			"arguments are not among"},
		{field_at(&kept_thread_table, thread, "a thread's fds"), 2, 4, "wait for is not"},
		{field_at(&kept_thread_table, thread, "the holders of a thread's lock"), 1, 4,
			"wait for is not"},
		{field_at(&kept_file_table, file, "the watched fds"), 2, 4, "wait for is not"},
		{field_at(&kept_file_table, file, "the watched fds"), 0, 4, "wait for is not"},
		{field_at(&kept_file_table, file, "an fd's peers"), UINT32_MAX, 4,
			"wait for is not"},
		{text - 1, 'x', 1, "wait for is not"},
		{text + sizeof(sample_texts) - 2, 'x', 1, "wait for is not"},
		{field_at(&kept_process_table, process, "the number of fds"), 1 << 26, 4,
			"fds do not fit"},
		{field_at(&kept_process_table, process, "the number of peers"), 1 << 26, 4,
			"peers do not fit"},
		{field_at(&kept_process_table, process, "the length of texts"), 1 << 26, 4,
			"texts do not fit"},
		{memory, 0x5122334455667790, 8, "not where it can be"},
		{field_at(&kept_memory_table, memory, "where copied memory is"), 38, 8,
			"not where it can be"},
		{field_at(&kept_memory_table, memory, "the length of copied memory"), 9, 8,
			"not where it can be"},
		{field_at(&kept_process_table, process, "the number of goroutines"), GOROUTINES_MAX,
			4, "goroutines do not fit"},
		{field_at(&kept_process_table, process, "the length of goroutines' stacks"),
			PARKED_STACKS_MAX, 8, "of goroutines' stacks do not fit"},
		{field_at(&kept_process_table, process, "the length of goroutines' stacks"), 31, 8,
			"not among their stacks"},
		{field_at(&kept_process_table, process, "whether there are goroutines"), 0, 1,
			"where there can be none"},
		{go - 4, PARKED_REASON_SIZE, 4, "why goroutines are not known"},
		{go, INT64_MAX, 8, "not above the one before"},
		{field_at(&kept_parked_table, go, "where a goroutine's stack is"), 4, 8,
			"not among their stacks"},
		{field_at(&kept_parked_table, go, "where a goroutine's stack is"), INT64_MAX, 8,
			"not among their stacks"},
		{field_at(&kept_parked_table, go, "the length of a goroutine's stack"), 30, 8,
			"not among their stacks"},
		{wait, GOROUTINE_WAIT_SIZE, 4, "what a goroutine waits for"},
		{wait + 4, 0, 1, "NUL"},
		{find(SAMPLE_DEBUG_LEN, 8) - 4, 5, 4, "module is 5"},
		{find(5, 4), UINT32_MAX, 4, "the policy"}, // "never"
		{find(5, 4) + 4, 'A', 1, "no word"},
		{find(9, 4) - 1, 2, 1, "whether the executable"}, // "/bin/some"
		{find(9, 4) - 1, 0, 1, "whether the executable"},
		{find(9, 4), 1 << 20, 4, "the executable's path"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_value_refused(rows[i].at, rows[i].value, rows[i].width, rows[i].why);
	// The parts of one file fit, but are more than may be.
	put(parts, UINT64_C(1) << 31, 8);
	put(part + 16, 1 << 20, 8);
	put(part + 24, KEPT_PARTS_MAX, 8);
	check_refused(bytes_len, "too large");
}

Test(kept, something_behind_the_end, .init = write_sample)
{
	bytes = realloc(bytes, bytes_len + 1);
	bytes[bytes_len] = 0;
	check_refused(bytes_len + 1, "something follows");
}

Test(kept, cut_off_anywhere, .init = write_sample)
{
	struct error err;

	for (size_t len = 0; len < bytes_len; len++)
		cr_assert(read_all(len, &err) == -EBADMSG, "%zu bytes: %s", len, err.message);
	free(bytes);
	check_no_leak();
}

// Whatever one byte is, the file is read or refused; which is which, read_all() checks.
Test(kept, each_byte_damaged, .init = write_sample)
{
	static const unsigned char masks[] = {0x01, 0x80, 0xff, 0x7f, 0x10};
	size_t refused = 0;
	struct error err;

	for (size_t at = 0; at < bytes_len; at++)
		for (size_t i = 0; i < sizeof(masks); i++) {
			bytes[at] ^= masks[i];
			refused += read_all(bytes_len, &err) < 0;
			bytes[at] ^= masks[i];
		}
	check_true(refused > bytes_len / 2);
	free(bytes);
	check_no_leak();
}

Test(kept, what_could_not_be_read_is_not_written)
{
	struct kept_process sent = sample_process();
	const struct {
		void *at;
		uint64_t value;
		int r;
	} rows[] = {
		{&sent.snapshot.paused_us, UINT64_MAX, -EOVERFLOW},
		{&sent.files[0].rows[1].len, KEPT_PARTS_MAX + 1, -EFBIG},
		{&sent.files[0].file_len, KEPT_FILES_MAX + 1, -EFBIG},
		{&sent.debugs[0].parts.file_len, KEPT_FILES_MAX, -EFBIG},
		{&sent.snapshot.stacks_len, KEPT_STACKS_MAX + 1, -EFBIG},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int fd = memfd_create("kept", MFD_CLOEXEC);
		struct kept_writer *writer = kept_write_begin(fd, &sample_origin);
		uint64_t saved;
		memcpy(&saved, rows[i].at, sizeof(saved));
		memcpy(rows[i].at, &rows[i].value, sizeof(saved));
		if (rows[i].r == -EFBIG || i == 0)
			check_int(kept_write_process(writer, &sent), rows[i].r);
		check_int(kept_write_end(writer), rows[i].r);
		memcpy(rows[i].at, &saved, sizeof(saved));
		kept_write_free(writer);
		close(fd);
	}
	kept_process_fini(&sent);
	check_no_leak();
}

Test(kept, some_fds_are_left)
{
	struct kept_process sent = sample_process(), got = {0};
	struct error err = {0};
	int fd = sample_write(&sent, 1);
	struct kept_reader *reader = sample_open(fd, &err);
	struct rlimit limit;

	check_int(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = 66;
	check_int(setrlimit(RLIMIT_NOFILE, &limit), 0);
	check_int(kept_read_process(reader, &got, &err), 1);
	check_int(got.snapshot.modules[0].source, SNAPSHOT_SOURCE_NONE);
	check_str(got.snapshot.modules[0].note, "more files are kept than may be opened");
	check_int(got.debugs[0].fd, -EBADF);
	kept_process_fini(&got);
	kept_process_fini(&sent);
	kept_read_free(reader);
	close(fd);
	check_no_leak();
}

Test(kept, a_file_that_shrinks_is_zeros)
{
	struct kept_process sent = sample_process(), got = {0};
	struct error err = {0};
	unsigned char byte = 1;

	check_int(ftruncate(sent.snapshot.modules[0].fd, 0x11 + 1), 0);
	int fd = sample_write(&sent, 1);
	struct kept_reader *reader = sample_open(fd, &err);
	check_int(kept_read_process(reader, &got, &err), 1);
	check_int(pread(got.snapshot.modules[0].fd, &byte, 1, 0x11), 1);
	check_int(byte, sample_byte(0x11, 3));
	check_int(pread(got.snapshot.modules[0].fd, &byte, 1, 0x12), 1);
	check_int(byte, 0);
	kept_process_fini(&got);
	kept_process_fini(&sent);
	kept_read_free(reader);
	close(fd);
	check_no_leak();
}

Test(kept, a_full_disk)
{
	struct kept_process sent = sample_process();
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct kept_writer *writer = kept_write_begin(fd, &sample_origin);

	kept_write_process(writer, &sent);
	check_int(kept_write_end(writer), -ENOSPC);
	check_int(kept_write_process(writer, &sent), -ENOSPC);
	kept_write_free(writer);
	kept_process_fini(&sent);
	close(fd);
	check_no_leak();
}
