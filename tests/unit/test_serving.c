// SPDX-License-Identifier: GPL-2.0-or-later
// Workers that ask for files, and what is kept of these.
#include "serving.h"

#include "no_file.h"
#include "self_snapshot.h"

#include <sys/mman.h>
#include <unistd.h>

static struct snapshot_thread threads[1] = {{.status = SNAPSHOT_THREAD_CAPTURED}};
static struct snapshot snapshot = {.threads = threads, .thread_count = 1};

// Asks for the file of module 7, of which there is none.
static int ask_for_nothing(const struct work *work)
{
	struct wire_record record = {.type = WIRE_REQUEST, .index = 7};

	wire_send(work->socket, &record, -EBADF);
	pause();
	return 1;
}

// Asks for the debug file of module 1 twice, and says what is needed of the second.
static int ask(const struct work *work)
{
	static struct wire_record record;
	static struct wire_in in;
	int fd;

	wire_in_init(&in, work->socket);
	for (int i = 0; i < 2; i++) {
		record = (struct wire_record){.type = WIRE_REQUEST, .index = 1};
		wire_send(work->socket, &record, -EBADF);
		do
			if (wire_receive(&in, &record, &fd) <= 0)
				return 1;
		while (record.type != WIRE_FILE || (i == 1 && fd < 0));
	}
	record = (struct wire_record){.type = WIRE_PARTS,
		.kind = WIRE_PARTS_ASKED,
		.index = 1,
		.count = 1,
		.parts = {{2, 3}}};
	wire_send(work->socket, &record, -EBADF);
	record = (struct wire_record){.type = WIRE_DONE};
	return wire_send(work->socket, &record, -EBADF) < 0;
}

// The second time there is one.
static int second_file(void *arg, const struct inspect_request *request, unsigned *ret_place)
{
	int *asked = arg;

	*ret_place = request->place;
	check_int(request->module, 1);
	if ((*asked)++ == 0)
		return -ENOENT;
	int fd = memfd_create("debug", MFD_CLOEXEC);
	check_int(ftruncate(fd, 10), 0);
	return fd;
}

Test(serving, what_nobody_can_ask_for)
{
	struct inspect_options options = {.worker = {.max_frames = 8},
		.timeout_ms = 5000,
		.open_file = no_file,
		.live = ask_for_nothing};
	struct stacks stacks = {0};
	struct error err = {0};

	check_int(inspect_run(&snapshot, &options, &stacks, &err), 0);
	check_str(stacks.stacks[0].end.reason,
		"the unwinding process gave an answer that is not well formed");
	stacks_fini(&stacks);
	check_no_leak();
}

Test(serving, what_is_asked_for_can_be_kept)
{
	struct snapshot_module modules[2] = {{.fd = -EBADF}, {.fd = -EBADF}};
	struct stacks stacks = {0};
	struct error err = {0};
	int asked = 0;
	struct inspect_options options = {.worker = {.max_frames = 8, .keep = true},
		.timeout_ms = 5000,
		.open_file = second_file,
		.open_file_arg = &asked,
		.live = ask};

	snapshot.modules = modules;
	snapshot.module_count = 2;
	check_int(inspect_run(&snapshot, &options, &stacks, &err), 0);
	check_str(stacks.stacks[0].end.reason, "the unwinding process left it out");
	check_int(asked, 2);
	check_int(stacks.debug_count, 2);
	check_int(stacks.debugs[0].fd, -EBADF);
	check_int(stacks.debugs[0].parts.count, 0);
	check_int(stacks.debugs[1].module, 1);
	check_u64(stacks.debugs[1].parts.file_len, 10);
	check_u64(stacks.debugs[1].parts.rows[0].offset, 2);
	check_int(lseek(stacks.debugs[1].fd, 0, SEEK_END), 10);
	stacks_fini(&stacks);
	check_no_leak();
}

// What is done while a worker is busy with the file that it got.
struct business {
	volatile int asked;             // the file was
	volatile int done, done_before; // times: in all, and when the file was opened
};

static struct business *business;

static void do_business(void *arg)
{
	(void)arg;
	business->done++;
}

static int file_before_business(
	void *arg, const struct inspect_request *request, unsigned *ret_place)
{
	business->done_before = business->done;
	return no_file(arg, request, ret_place);
}

// Asks for a file, and does not end until what else there is was done.
static int ask_and_wait(const struct work *work)
{
	static struct wire_record record = {.type = WIRE_REQUEST};
	static struct wire_in in;
	int fd;

	wire_in_init(&in, work->socket);
	wire_send(work->socket, &record, -EBADF);
	business->asked = 1;
	do
		if (wire_receive(&in, &record, &fd) <= 0)
			return 1;
	while (record.type != WIRE_FILE);
	while (business->done == 0)
		usleep(1000);
	record = (struct wire_record){.type = WIRE_DONE};
	return wire_send(work->socket, &record, -EBADF) < 0;
}

Test(serving, comes_before_what_else_there_is)
{
	struct snapshot_module module = {.fd = -EBADF};
	struct inspect_options options = {.worker = {.max_frames = 8},
		.timeout_ms = 5000,
		.open_file = file_before_business,
		.live = ask_and_wait};
	const struct inspect_meanwhile meanwhile = {do_business, NULL};
	struct inspection *inspection = NULL;
	struct stacks stacks = {0};
	struct error err = {0};

	business = mmap(
		NULL, sizeof(*business), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	snapshot.modules = &module;
	snapshot.module_count = 1;
	check_int(inspect_open(&options, &inspection, &err), 0);
	inspect_modules(inspection, &snapshot);
	inspect_threads(inspection, &snapshot);
	while (!business->asked)
		usleep(1000);
	check_int(inspect_finish(inspection, &snapshot, &meanwhile, &stacks, &err), 0);
	check_str(stacks.stacks[0].end.reason, "the unwinding process left it out"); // it has ended
	check_int(business->done, 1);
	check_int(business->done_before, 0);
	inspect_close(inspection);
	stacks_fini(&stacks);
	munmap(business, sizeof(*business));
	check_no_leak();
}

// The true one says what is needed of each file, whether or not a thread is in it.
Test(serving, what_is_needed_of_files)
{
	struct snapshot self = {0};
	struct stacks stacks = {0};
	struct error err = {0};
	struct inspect_options options = {.worker = {.max_frames = 8, .keep = true},
		.timeout_ms = 20000,
		.open_file = no_file,
		.live = worker_live};
	size_t files = 0;

	self_maps(&self);
	self.threads = calloc(1, sizeof(*self.threads));
	check_int(inspect_run(&self, &options, &stacks, &err), 0);
	for (size_t i = 0; i < self.module_count; i++) {
		const struct file_parts *needed = &stacks.modules[i].needed;
		if (self.modules[i].fd < 0)
			continue;
		files++;
		cr_assert(needed->count > 0, "%s", self.modules[i].path);
		check_u64(needed->rows[0].offset, 0);
		check_u64(needed->file_len, lseek(self.modules[i].fd, 0, SEEK_END));
	}
	check_true(files >= 3);
	options.worker.keep = false;
	stacks_fini(&stacks);
	check_int(inspect_run(&self, &options, &stacks, &err), 0);
	for (size_t i = 0; i < self.module_count; i++)
		check_true(!stacks.modules[i].needed.rows);
	stacks_fini(&stacks);
	snapshot_fini(&self);
	check_no_leak();
}
