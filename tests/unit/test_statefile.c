// SPDX-License-Identifier: GPL-2.0-or-later
// State files of runtimes, as they are and as they should not be; and children that read them.
#include "statefile.h"
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#define ID "173c40fb02961e5403015ab8243835b4c4d29747b10cab10b21653f1236f939b"

static struct state_record taken[8];
static size_t taken_count;

static void take(void *arg, const struct state_record *record)
{
	(void)arg;
	cr_assert(taken_count < 8, "too many records");
	check_true(state_record_is_valid(record));
	taken[taken_count++] = *record;
}

static void parse(enum state_kind kind, const char *text)
{
	taken_count = 0;
	statefile_parse(kind, 3, text, strlen(text), take, NULL);
	for (size_t i = 0; i < taken_count; i++)
		check_int(taken[i].file, 3);
}

// One record, which makes sense.
static const struct state_record *one(enum state_kind kind, const char *text)
{
	parse(kind, text);
	cr_assert(taken_count == 1, "%zu records of %s", taken_count, text);
	cr_assert(taken[0].trouble == STATE_FINE, "trouble %u of %s", taken[0].trouble, text);
	return &taken[0];
}

Test(statefile, docker)
{
	const struct state_record *record = one(STATE_DOCKER,
		"{\"State\":{\"Running\":true,\"Pid\":789},\"ID\":\"" ID "\",\"Name\":\"/web\"}");

	check_str(record->id, ID);
	check_str(record->name, "web");
	check_int(record->pid, 789);
	check_u64(record->start, 0);
	check_false(record->is_pod);
	record = one(STATE_DOCKER, "{\"State\":{\"Pid\":1},\"ID\":\"a\",\"Name\":"
				   "\"/k8s_app_web-1_default_2f-3_0\"}");
	check_str(record->name, "default/web-1/app");
	check_true(record->is_pod && !record->is_sandbox);
	record = one(STATE_DOCKER,
		"{\"State\":{\"Pid\":1},\"ID\":\"a\",\"Name\":\"/k8s_POD_web_default_2f_0\"}");
	check_str(record->name, "default/web");
	check_true(record->is_pod && record->is_sandbox);
	record = one(STATE_DOCKER, "{\"State\":{\"Pid\":1},\"ID\":\"a\",\"Name\":\"/k8s_a_b_c\"}");
	check_str(record->name, "k8s_a_b_c");
	check_false(record->is_pod);
	record = one(
		STATE_DOCKER, "{\"State\":{\"Pid\":1},\"ID\":\"a\",\"Name\":\"/k8s_a__c_d_0\"}");
	check_str(record->name, "k8s_a__c_d_0");
	check_false(record->is_pod);
}

Test(statefile, containers)
{
	parse(STATE_CONTAINERS, "[{\"id\":\"a\",\"names\":[\"web\",\"other\"],\"image\":1},"
				"{\"id\":\"b\"},{\"id\":\"c\",\"names\":null},{\"names\":[]},"
				"{\"id\":\"d\",\"names\":[\"k8s_app_web_default_u_0\"]},7]");
	check_int(taken_count, 6);
	check_str(taken[0].id, "a");
	check_str(taken[0].name, "web");
	check_str(taken[1].id, "b");
	check_str(taken[1].name, "");
	check_int(taken[2].trouble, STATE_FINE);
	check_int(taken[3].trouble, STATE_NO_SENSE);
	check_str(taken[4].name, "default/web/app");
	check_true(taken[4].is_pod);
	check_int(taken[5].trouble, STATE_NO_SENSE);
	parse(STATE_CONTAINERS, "[]");
	check_int(taken_count, 0);
}

Test(statefile, bundles)
{
	const struct state_record *record = one(STATE_BUNDLE,
		"{\"annotations\":{\"io.kubernetes.cri.container-type\":\"container\","
		"\"io.kubernetes.cri.sandbox-namespace\":\"default\","
		"\"io.kubernetes.cri.sandbox-name\":\"web\","
		"\"io.kubernetes.cri.container-name\":\"app\"}}");
	check_str(record->name, "default/web/app");
	check_true(record->is_pod && !record->is_sandbox);
	record = one(STATE_BUNDLE,
		"{\"annotations\":{\"io.kubernetes.cri.container-type\":\"sandbox\","
		"\"io.kubernetes.cri.sandbox-namespace\":\"default\","
		"\"io.kubernetes.cri.sandbox-name\":\"web\"}}");
	check_str(record->name, "default/web");
	check_true(record->is_pod && record->is_sandbox);
	record = one(STATE_BUNDLE,
		"{\"annotations\":{\"io.kubernetes.cri-o.ContainerType\":\"container\","
		"\"io.kubernetes.pod.namespace\":\"n\",\"io.kubernetes.pod.name\":\"p\","
		"\"io.kubernetes.container.name\":\"c\"}}");
	check_str(record->name, "n/p/c");
	record = one(STATE_BUNDLE, "{\"annotations\":{\"nerdctl/name\":\"web\"}}");
	check_str(record->name, "web");
	check_false(record->is_pod);
	check_str(one(STATE_BUNDLE, "{\"ociVersion\":\"1\"}")->name, "");
}

Test(statefile, runc_and_crun)
{
	const struct state_record *record =
		one(STATE_RUNC, "{\"id\":\"web\",\"init_process_pid\":7,\"init_process_start\":"
				"60856,\"config\":{}}");

	check_str(record->id, "web");
	check_int(record->pid, 7);
	check_u64(record->start, 60856);
	record = one(STATE_CRUN, "{\n\"pid\": 8,\n\"process-start-time\": 5\n}\n");
	check_str(record->id, "");
	check_int(record->pid, 8);
	check_u64(record->start, 5);
}

static const struct {
	enum state_kind kind;
	const char *text;
	enum state_trouble trouble;
} bad[] = {
	{STATE_DOCKER, "", STATE_NO_JSON},
	{STATE_DOCKER, "{\"ID\":\"a\",\"Na", STATE_NO_JSON},
	{STATE_DOCKER, "{\"ID\":\"a\"}garbage", STATE_NO_JSON},
	{STATE_DOCKER, "{\"ID\":\"a\",\"ID\":\"b\"}", STATE_NO_JSON},
	{STATE_DOCKER, "{\"ID\":\"a\\u0000b\"}", STATE_NO_JSON},
	{STATE_DOCKER, "{\"ID\":\"\xff\"}", STATE_NO_JSON},
	{STATE_DOCKER, "[]", STATE_NO_SENSE},
	{STATE_DOCKER, "{}", STATE_NO_SENSE},
	{STATE_DOCKER, "{\"ID\":\"a\",\"Name\":\"/b\"}", STATE_NO_SENSE},
	{STATE_DOCKER, "{\"ID\":\"a\",\"Name\":\"/b\",\"State\":7}", STATE_NO_SENSE},
	{STATE_DOCKER, "{\"ID\":\"a\",\"Name\":\"/b\",\"State\":{\"Pid\":\"7\"}}", STATE_NO_SENSE},
	{STATE_DOCKER, "{\"ID\":\"a\",\"Name\":\"/b\",\"State\":{\"Pid\":-7}}", STATE_NO_SENSE},
	{STATE_DOCKER, "{\"ID\":\"a\",\"Name\":\"/b\",\"State\":{\"Pid\":4294967297}}",
		STATE_NO_SENSE},
	{STATE_DOCKER, "{\"ID\":\"a\",\"Name\":[\"/b\"],\"State\":{\"Pid\":7}}", STATE_NO_SENSE},
	{STATE_CONTAINERS, "{}", STATE_NO_SENSE},
	{STATE_CONTAINERS, "[{\"id\":\"a\",\"names\":\"b\"}]", STATE_NO_SENSE},
	{STATE_CONTAINERS, "[{\"id\":\"a\",\"names\":[7]}]", STATE_NO_SENSE},
	{STATE_BUNDLE, "[]", STATE_NO_SENSE},
	{STATE_BUNDLE, "{\"annotations\":[]}", STATE_NO_SENSE},
	{STATE_BUNDLE, "{\"annotations\":{\"io.kubernetes.cri.container-type\":\"sandbox\"}}",
		STATE_NO_SENSE},
	{STATE_BUNDLE,
		"{\"annotations\":{\"io.kubernetes.cri.container-type\":\"sandbox\","
		"\"io.kubernetes.cri.sandbox-namespace\":\"a/b\","
		"\"io.kubernetes.cri.sandbox-name\":\"web\"}}",
		STATE_NO_SENSE},
	{STATE_BUNDLE, "{\"annotations\":{\"nerdctl/name\":7}}", STATE_NO_SENSE},
	{STATE_RUNC, "{\"id\":\"web\",\"init_process_pid\":7}", STATE_NO_SENSE},
	{STATE_RUNC, "{\"id\":\"web\",\"init_process_pid\":7,\"init_process_start\":-1}",
		STATE_NO_SENSE},
	{STATE_CRUN, "{\"process-start-time\":7}", STATE_NO_SENSE},
	{STATE_MACHINE, "{}", STATE_NO_SENSE},
	{STATE_KINDS, "{}", STATE_NO_SENSE},
};

Test(statefile, malformed)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		parse(bad[i].kind, bad[i].text);
		cr_assert(taken_count == 1, "%zu records of %s", taken_count, bad[i].text);
		cr_assert(taken[0].trouble == bad[i].trouble, "trouble %u of %s", taken[0].trouble,
			bad[i].text);
		check_str(taken[0].name, "");
	}
}

Test(statefile, names_and_depths_without_end)
{
	static char text[1 << 16];

	snprintf(
		text, sizeof(text), "{\"State\":{\"Pid\":1},\"ID\":\"a\",\"Name\":\"%01000d\"}", 1);
	parse(STATE_DOCKER, text);
	check_int(taken[0].trouble, STATE_NO_SENSE);
	memset(text, '[', sizeof(text) - 1);
	parse(STATE_CONTAINERS, text);
	check_int(taken[0].trouble, STATE_NO_JSON);
}

// Files for a reader: each begins with a letter that the child below acts by.
static void add(struct state_reader *reader, const char *text, int expected)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);

	cr_assert(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	lseek(fd, 0, SEEK_SET);
	check_int(state_reader_add(reader, STATE_DOCKER, fd), expected);
	close(fd);
}

// A child as a hostile file may make it: it dies, and it lies.
static int live_badly(struct state_work *work)
{
	for (uint32_t i = work->first; i < work->count; i++) {
		struct state_record record = {.file = i};
		work->current = i;
		switch (work->data[work->files[i].at]) {
		case 'd':
			work->records[work->record_count++] = record;
			raise(SIGKILL);
			break;
		case 'l':
			work->current = UINT32_MAX;
			return 1;
		case 'm':
			record.file = 1000; // of a file that was not given
			break;
		case 's':
			memset(record.name, 'x', sizeof(record.name)); // without an end
			break;
		case 'c':
			work->record_count = UINT32_MAX;
			return 0;
		default:
			snprintf(record.name, sizeof(record.name), "%c",
				work->data[work->files[i].at]);
		}
		work->records[work->record_count++] = record;
	}
	return 0;
}

static void read_all(struct state_reader *reader)
{
	struct error err = {0};

	taken_count = 0;
	cr_assert(state_reader_run(reader, take, NULL, &err) == 0, "%s", err.message);
}

Test(stateread, a_child_that_dies_costs_its_file)
{
	struct state_reader reader;
	struct error err = {0};

	check_int(state_reader_open(live_badly, &reader, &err), 0);
	add(&reader, "a", 0);
	add(&reader, "d", 1);
	add(&reader, "b", 2);
	read_all(&reader);
	check_int(taken_count, 3);
	check_str(taken[0].name, "a");
	check_int(taken[1].file, 1);
	check_int(taken[1].trouble, STATE_NO_SENSE);
	check_str(taken[2].name, "b");
	check_int(taken[2].file, 2);
	// And is ready for others.
	add(&reader, "e", 0);
	read_all(&reader);
	check_int(taken_count, 1);
	check_str(taken[0].name, "e");
	state_reader_close(&reader);
	state_reader_close(&reader);
}

Test(stateread, a_child_that_lies)
{
	struct state_reader reader;
	struct error err = {0};

	check_int(state_reader_open(live_badly, &reader, &err), 0);
	add(&reader, "m", 0);
	add(&reader, "s", 1);
	read_all(&reader);
	check_int(taken_count, 0);
	add(&reader, "l", 0);
	add(&reader, "l", 1);
	read_all(&reader);
	check_int(taken_count, 2);
	check_int(taken[0].trouble, STATE_NO_SENSE);
	check_int(taken[1].trouble, STATE_NO_SENSE);
	state_reader_close(&reader);
}

Test(stateread, the_real_child)
{
	struct state_reader reader;
	struct error err = {0};

	check_int(state_reader_open(statefile_live, &reader, &err), 0);
	add(&reader, "{\"State\":{\"Pid\":1},\"ID\":\"a\",\"Name\":\"/web\"}", 0);
	add(&reader, "{", 1);
	read_all(&reader);
	check_int(taken_count, 2);
	check_str(taken[0].name, "web");
	check_int(taken[1].trouble, STATE_NO_JSON);
	state_reader_close(&reader);
}
