// SPDX-License-Identifier: GPL-2.0-or-later
// `nspeek stack`: resolve, capture, inspect, report.
#include "cmd_stack.h"

#include "capture.h"
#include "cleanup.h"
#include "files.h"
#include "inspect.h"
#include "number.h"
#include "report_error.h"
#include "report_stack.h"
#include "target_word.h"

#include <limits.h>
#include <signal.h>
#include <string.h>

enum { EXIT_COMPLETE = 0, EXIT_INCOMPLETE = 1, EXIT_NONE = 2, EXIT_USAGE = 64 };

enum {
	MAX_FRAMES_DEFAULT = 1024,
	MAX_FRAMES_LIMIT = 1 << 20,
	TIMEOUT_DEFAULT = 5, // seconds
	TIMEOUT_LIMIT = 86400,
};

enum {
	OPTION_PAUSE = 256,
	OPTION_RAW,
	OPTION_UNIQUE,
	OPTION_NO_UNIQUE,
	OPTION_JSON,
	OPTION_TIMEOUT,
	OPTION_COLOR
};

enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

struct stack_options {
	char **targets;
	int target_count;
	pid_t *tids;
	size_t tid_count;
	uint64_t max_frames, timeout_s;
	bool raw, json, no_unique;
	enum color color;
};

static const struct argp_option option_table[] = {
	{"pause", OPTION_PAUSE, "POLICY", 0,
		"how threads are held while they are copied: all (at one instant, the default)", 0},
	{"thread", 't', "TID", 0, "only this thread (repeatable)", 0},
	{"max-frames", 'n', "N", 0, "frames of one stack at most (default 1024); cutting is said",
		0},
	{"timeout", OPTION_TIMEOUT, "SECONDS", 0,
		"what could not be had by then is reported as such (default 5)", 0},
	{"raw", OPTION_RAW, NULL, 0, "names as they are in the files, not demangled", 0},
	{"unique", OPTION_UNIQUE, NULL, 0,
		"identical stacks once, with the threads that share them (the default for text)",
		0},
	{"no-unique", OPTION_NO_UNIQUE, NULL, 0, "every thread by itself", 0},
	{"json", OPTION_JSON, NULL, 0, "one JSON document, schema nspeek.stack/1", 0},
	{"color", OPTION_COLOR, "WHEN", 0,
		"auto (the default: on a terminal, unless NO_COLOR is set), always or never", 0},
	{0},
};

// While the words are parsed.
struct parsing {
	struct stack_options *options;
	struct error *err;
};

static error_t parse_color(struct parsing *parsing, const char *word)
{
	static const struct {
		const char *word;
		enum color color;
	} words[] = {{"auto", COLOR_AUTO}, {"always", COLOR_ALWAYS}, {"never", COLOR_NEVER}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(word, words[i].word) == 0) {
			parsing->options->color = words[i].color;
			return 0;
		}
	fail(parsing->err, ERROR_USAGE, EINVAL, "--color takes auto, always or never, not '%s'",
		word);
	return EINVAL;
}

static error_t parse_pause(struct parsing *parsing, const char *word)
{
	static const char *const later[] = {"auto", "never", "each"};

	if (strcmp(word, "all") == 0)
		return 0;
	for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++)
		if (strcmp(word, later[i]) == 0)
			fail(parsing->err, ERROR_USAGE, EINVAL,
				"--pause=%s is not in this version, only --pause=all is", word);
	fail(parsing->err, ERROR_USAGE, EINVAL, "--pause takes all, not '%s'", word);
	return EINVAL;
}

static error_t add_thread(struct parsing *parsing, const char *word)
{
	struct stack_options *options = parsing->options;
	pid_t tid;

	if (number_parse_pid(word, &tid) < 0) {
		fail(parsing->err, ERROR_USAGE, EINVAL, "--thread takes a thread id, not '%s'",
			word);
		return EINVAL;
	}
	for (size_t i = 0; i < options->tid_count; i++)
		if (options->tids[i] == tid)
			return 0;
	pid_t *grown = reallocarray(options->tids, options->tid_count + 1, sizeof(*grown));
	if (!grown) {
		fail(parsing->err, ERROR_SYSTEM, ENOMEM, "no memory for the options");
		return ENOMEM;
	}
	options->tids = grown;
	options->tids[options->tid_count++] = tid;
	return 0;
}

// A number from 1 to MAX for option NAME, into *RET.
static error_t parse_count(
	struct parsing *parsing, const char *name, const char *word, uint64_t max, uint64_t *ret)
{
	uint64_t value = 0;

	if (number_parse_u64(word, &value) < 0 || value == 0 || value > max) {
		fail(parsing->err, ERROR_USAGE, EINVAL,
			"--%s takes a number from 1 to %llu, not '%s'", name,
			(unsigned long long)max, word);
		return EINVAL;
	}
	*ret = value;
	return 0;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct parsing *parsing = state->input;
	struct stack_options *options = parsing->options;

	switch (key) {
	case ARGP_KEY_INIT:
		state->err_stream = NULL; // getopt's one line is enough: no "Try ..." after it
		return 0;
	case OPTION_PAUSE:
		return parse_pause(parsing, arg);
	case 't':
		return add_thread(parsing, arg);
	case 'n':
		return parse_count(
			parsing, "max-frames", arg, MAX_FRAMES_LIMIT, &options->max_frames);
	case OPTION_TIMEOUT:
		return parse_count(parsing, "timeout", arg, TIMEOUT_LIMIT, &options->timeout_s);
	case OPTION_RAW:
		options->raw = true;
		return 0;
	case OPTION_UNIQUE:
		options->no_unique = false;
		return 0;
	case OPTION_NO_UNIQUE:
		options->no_unique = true;
		return 0;
	case OPTION_JSON:
		options->json = true;
		return 0;
	case OPTION_COLOR:
		return parse_color(parsing, arg);
	case ARGP_KEY_ARGS:
		options->targets = state->argv + state->next;
		options->target_count = state->argc - state->next;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp cmd_stack_argp = {
	.options = option_table,
	.parser = parse_option,
	.args_doc = "TARGET...",
	.doc = "Print the stack of every thread of a process, with names from the files that it "
	       "has mapped, "
	       "whatever the host has at the same paths.\v"
	       "TARGET is a PID, or PID:INODE with the inode of its pidfd.\n\n"
	       "Exit status: 0 every stack is complete, 1 some are not, 2 there is none, 64 usage.",
};

static bool use_color(const struct stack_options *options)
{
	const char *no_color = getenv("NO_COLOR");

	if (options->color == COLOR_AUTO)
		return isatty(STDOUT_FILENO) && !(no_color && no_color[0]);
	return options->color == COLOR_ALWAYS;
}

// Opens what the worker asks for.
static int open_file(void *arg, const struct inspect_request *request)
{
	return files_open_debug(arg, request->build_id);
}

// The exit status for REPORT. A thread that has exited has no stack to miss.
static int judge(const struct stack_report *what)
{
	size_t wanted = 0, complete = 0, any = 0;

	for (size_t i = 0; i < what->stacks->stack_count; i++) {
		wanted += what->snapshot->threads[i].status != SNAPSHOT_THREAD_GONE;
		complete += what->stacks->stacks[i].end.status == STACK_COMPLETE;
		any += what->stacks->stacks[i].frame_count > 0;
	}
	if (any == 0)
		return EXIT_NONE;
	return complete == wanted && !what->threads_missed ? EXIT_COMPLETE : EXIT_INCOMPLETE;
}

// Says in ERR why WHAT, of TARGET, has no stack at all.
static int explain_none(
	const struct target *target, const struct stack_report *what, struct error *err)
{
	const struct snapshot_thread *threads = what->snapshot->threads;
	struct proc_status status;
	char reason[STACK_REASON_SIZE];
	size_t index = 0;

	while (index + 1 < what->snapshot->thread_count &&
		threads[index].status == SNAPSHOT_THREAD_GONE)
		index++;
	if (what->snapshot->thread_count == 0)
		return fail(err, ERROR_TARGET, ESRCH, "process %d has no threads any more",
			target->pid);
	stack_report_reason(what, index, reason, sizeof(reason));
	fail(err, ERROR_TARGET, EIO, "no stack of process %d could be taken: thread %d: %s",
		target->pid, threads[index].tid, reason);
	if (threads[index].status != SNAPSHOT_THREAD_DENIED ||
		(threads[index].errnum != EPERM && threads[index].errnum != EACCES))
		return -EIO;
	if (target_read_status(target, threads[index].tid, &status) == 0 && status.tracer_pid > 0)
		return error_hint(err, "process %d traces it already", status.tracer_pid);
	return error_hint(err,
		"CAP_SYS_PTRACE in its user namespace is needed, and no seccomp filter or "
		"/proc/sys/kernel/yama/ptrace_scope in the way");
}

static int report(const struct stack_options *options, const struct stack_report *what, bool first)
{
	bool merge = !options->no_unique && what->snapshot->thread_count > 1;

	if (options->json)
		return report_stack_json(stdout, what, first);
	if (!first)
		putchar('\n');
	return report_stack_text(stdout, what, merge, use_color(options));
}

// Does all for TARGET. FIRST is set when nothing was reported before. Returns the exit status.
static int show_target(
	struct target *target, const struct stack_options *options, bool *first, struct error *err)
{
	auto_snapshot struct snapshot snapshot = {0};
	auto_stacks struct stacks stacks = {0};
	uint32_t timeout_ms = (uint32_t)options->timeout_s * 1000;
	struct capture_options capture = {options->tids, options->tid_count, timeout_ms};
	struct inspect_options inspect = {
		{options->max_frames, options->raw}, timeout_ms, open_file, target};
	struct stack_report what = {.snapshot = &snapshot, .stacks = &stacks, .pause = "all"};

	if (capture_take(target, &capture, &snapshot, &what.threads_missed, err) < 0 ||
		inspect_run(&snapshot, &inspect, &stacks, err) < 0)
		return EXIT_NONE;
	if (report(options, &what, *first) < 0) {
		fail(err, ERROR_SYSTEM, ENOMEM, "no memory for the report of process %d",
			target->pid);
		return EXIT_NONE;
	}
	*first = false;
	int status = judge(&what);
	if (status == EXIT_NONE)
		explain_none(target, &what, err);
	return status;
}

static int run_target(const char *word, const struct stack_options *options, bool *first)
{
	auto_target struct target target = TARGET_EMPTY;
	struct error err = {0};
	int status = EXIT_NONE;

	if (target_word_open(word, &target, &err) == 0)
		status = show_target(&target, options, first, &err);
	if (err.kind == ERROR_NONE)
		return status;
	report_error(&err);
	return err.kind == ERROR_USAGE ? EXIT_USAGE : EXIT_NONE;
}

// The status of all targets together: all as one, else "some".
static int combine(int sum, int status, bool first)
{
	if (first)
		return status;
	if (sum == EXIT_USAGE || status == EXIT_USAGE)
		return EXIT_USAGE;
	return sum == status ? sum : EXIT_INCOMPLETE;
}

// Parses the words. Returns 0, or the exit status after a message.
static int parse(int argc, char **argv, struct stack_options *options)
{
	struct error err = {0};
	struct parsing parsing = {options, &err};
	error_t r = argp_parse(&cmd_stack_argp, argc, argv, 0, NULL, &parsing);

	if (r == 0 && err.kind == ERROR_NONE && options->target_count == 0) {
		fail(&err, ERROR_USAGE, EINVAL, "which TARGET? a PID is needed");
		error_hint(&err, "nspeek help stack");
	}
	if (err.kind != ERROR_NONE)
		report_error(&err);
	return r != 0 || err.kind != ERROR_NONE ? EXIT_USAGE : 0;
}

int cmd_stack(int argc, char **argv)
{
	struct stack_options options = {
		.max_frames = MAX_FRAMES_DEFAULT, .timeout_s = TIMEOUT_DEFAULT};
	int status = parse(argc, argv, &options);
	bool first = true;

	if (status != 0) {
		free(options.tids);
		return status;
	}
	signal(SIGCHLD,
		SIG_DFL); // ignored by the caller, it would take our children's statuses away
	if (options.json)
		report_stack_json_begin(stdout);
	for (int i = 0; i < options.target_count; i++)
		status = combine(status, run_target(options.targets[i], &options, &first), i == 0);
	if (options.json)
		report_stack_json_end(stdout);
	free(options.tids);

	if (fflush(stdout) != 0 || ferror(stdout)) {
		struct error err = {0};
		fail_sys(&err, errno, "write", "standard output");
		report_error(&err);
		return EXIT_NONE;
	}
	return status;
}
