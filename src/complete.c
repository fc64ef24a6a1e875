// SPDX-License-Identifier: GPL-2.0-or-later
// Completing our own command line.
#include "complete.h"

#include "cleanup.h"
#include "commands.h"
#include "fd.h"
#include "number.h"
#include "proc.h"
#include "table.h"
#include "text.h"

#include <ctype.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>

enum {
	SUMMARY_MAX = 60, // columns of what a word is
	NAMES_MS = 1000,  // the names of containers are waited for
	NAMES_MAX = 1 << 20,
};

// The words so far.
struct line {
	const struct option_set *set;
	char **words;
	size_t count, skipped;            // the name of the command is none of them
	const char *last;                 // the word at hand
	const struct option_row *pending; // the option whose value it is
	bool is_quoted;                   // behind `--'
	size_t word_count;                // that are no options
	size_t command_at;                // where somebody's command begins; or SIZE_MAX
};

static bool begins(const char *word, const char *with)
{
	return strncmp(word, with, strlen(with)) == 0;
}

static void put(const char *head, const char *word, const char *end, const char *what)
{
	size_t len = strcspn(what, "\n");

	if (len > SUMMARY_MAX)
		for (len = SUMMARY_MAX; len > 0 && what[len] != ' '; len--)
			;
	printf("%s%s%s\t%.*s\n", head, word, end, (int)len, what);
}

static int end_words(void)
{
	puts(":words");
	return options_printed();
}

static const struct option_row *find_long(const struct option_set *set, const char *word)
{
	size_t len = strcspn(word, "=");

	for (const struct option_group *group = set->groups; group->rows; group++)
		for (const struct option_row *row = group->rows; row->name; row++)
			if (strlen(row->name) == len && strncmp(row->name, word, len) == 0)
				return row;
	return NULL;
}

static const struct option_row *find_letter(const struct option_set *set, char letter)
{
	for (const struct option_group *group = set->groups; group->rows; group++)
		for (const struct option_row *row = group->rows; row->name; row++)
			if (row->letter == letter)
				return row;
	return NULL;
}

static bool needs_value(const struct option_row *row)
{
	return row && row->value && !row->is_optional;
}

// The option in WORD, "-abc", whose value is the word behind it; NULL: none's.
static const struct option_row *pending_letter(const struct option_set *set, const char *word)
{
	for (const char *p = word + 1; *p; p++) {
		const struct option_row *row = find_letter(set, *p);
		if (needs_value(row))
			return p[1] ? NULL : row;
	}
	return NULL;
}

static void read_word(struct line *line, size_t index)
{
	const char *word = line->words[index];
	const struct option_row *row;

	if (line->pending) {
		line->pending = NULL;
	} else if (!line->is_quoted && strcmp(word, "--") == 0) {
		line->is_quoted = true;
	} else if (!line->is_quoted && begins(word, "--")) {
		row = find_long(line->set, word + 2);
		line->pending = needs_value(row) && !strchr(word, '=') ? row : NULL;
	} else if (!line->is_quoted && word[0] == '-' && word[1]) {
		line->pending = pending_letter(line->set, word);
	} else if (++line->word_count == 2 && line->set->ends_with_command) {
		line->command_at = index;
	}
}

static void read_line(struct line *line)
{
	for (size_t i = 0; i + 1 < line->count && line->command_at == SIZE_MAX; i++)
		read_word(line, i);
}

static void put_options(const struct line *line)
{
	const char *typed = line->last[1] == '-' ? line->last + 2 : "";

	for (const struct option_group *group = line->set->groups; group->rows; group++)
		for (const struct option_row *row = group->rows; row->name; row++)
			if (!row->is_hidden && begins(row->name, typed))
				put("--", row->name, needs_value(row) ? "=" : "", row->summary);
	if (begins("help", typed))
		put("--", "help", "", "what there is");
}

// What stands in TEXT up to the last comma, with it, into HEAD. Returns what is behind.
static const char *split_list(const char *text, char *head, size_t size)
{
	const char *comma = strrchr(text, ',');
	const char *rest = comma ? comma + 1 : text + (text[0] == '+');

	snprintf(head, size, "%.*s", (int)(rest - text), text);
	return rest;
}

// Columns, in the case of letters in which TYPED is.
static void put_columns(const struct table_column *columns, const char *lead, const char *typed)
{
	char list[256], head[512], name[64];
	const char *part = split_list(typed, list, sizeof(list));
	bool is_upper = isupper((unsigned char)part[0]) != 0;

	snprintf(head, sizeof(head), "%s%s", lead, list);
	for (; columns->name; columns++) {
		size_t len = 0;
		for (; columns->name[len] && len < sizeof(name) - 1; len++)
			name[len] = is_upper ? columns->name[len]
					     : (char)tolower((unsigned char)columns->name[len]);
		name[len] = '\0';
		if (begins(name, part))
			put(head, name, "", columns->summary);
	}
	if (!list[0] && begins("help", typed))
		put(lead, "help", "", "lists the columns");
}

static void put_values(const struct option_row *row, const char *lead, const char *typed)
{
	char list[256] = "", head[512], value[64];

	if (row->is_list)
		typed = split_list(typed, list, sizeof(list));
	snprintf(head, sizeof(head), "%s%s", lead, list);
	for (const char *p = row->values; *p;) {
		size_t len = strcspn(p, ",");
		snprintf(value, sizeof(value), "%.*s", (int)len, p);
		if (begins(value, typed))
			put(head, value, "", "");
		p += len + (p[len] == ',');
	}
}

// What the value of ROW can be, of which TYPED is there, behind LEAD.
static int complete_value(
	const struct line *line, const struct option_row *row, const char *lead, const char *typed)
{
	if (line->set->columns && strcmp(row->name, "output") == 0)
		put_columns(line->set->columns, lead, typed);
	else if (row->values)
		put_values(row, lead, typed);
	else if (strcmp(row->value, "FILE") == 0)
		return puts(":files"), options_printed();
	else if (strcmp(row->value, "DIR") == 0)
		return puts(":dirs"), options_printed();
	return end_words();
}

static void put_process(int proc_fd, const char *name)
{
	char path[32], text[4096], comm[4 * PROC_NAME_SIZE];
	struct proc_status status;
	pid_t pid;

	if (number_parse_pid(name, &pid) < 0)
		return;
	snprintf(path, sizeof(path), "%d/status", pid);
	ssize_t len = fd_read_small_at(proc_fd, path, text, sizeof(text));
	if (len < 0 || proc_status_parse(text, (size_t)len, &status) < 0 || pid == getpid())
		return;
	// Kernel threads, and zombies, have no memory.
	if (status.rss_kb > 0)
		put("", name, "", text_escape(status.name, comm, sizeof(comm)));
}

static void put_processes(const char *typed)
{
	auto_dir DIR *dir = opendir("/proc");

	for (struct dirent *entry; dir && (entry = readdir(dir));)
		if (begins(entry->d_name, typed))
			put_process(dirfd(dir), entry->d_name);
}

// Becomes our own `list', with its output in FD.
static _Noreturn void become_list(int fd)
{
	char *const words[] = {(char[]){"nspeek"}, (char[]){"list"}, (char[]){"--noheadings"},
		(char[]){"-o"}, (char[]){"name"}, NULL};
	int null = open("/dev/null", O_WRONLY);

	if (dup2(fd, STDOUT_FILENO) < 0 || null < 0 || dup2(null, STDERR_FILENO) < 0)
		_exit(1);
	execv("/proc/self/exe", words);
	_exit(1);
}

// Reads FD until its end, for a time, into BUFFER of SIZE bytes, NUL-terminated.
static void read_for_a_time(int fd, char *buffer, size_t size)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	size_t len = 0;

	while (len < size - 1 && poll(&poll_fd, 1, NAMES_MS) > 0) {
		ssize_t n = read(fd, buffer + len, size - 1 - len);
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	buffer[len] = '\0';
}

// True for a name that no shell takes for anything but a word.
static bool is_plain(const char *name)
{
	return name[0] && name[0] != '-' &&
	       name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				 "._-@:/")] == '\0';
}

static void put_containers(const char *typed)
{
	auto_free char *text = malloc(NAMES_MAX);
	int ends[2];

	if (!text || !commands_find("list") || pipe2(ends, O_CLOEXEC) < 0)
		return;
	auto_fd int from = ends[0], to = ends[1];
	pid_t pid = fork();
	if (pid == 0)
		become_list(to);
	close_fd(&to);
	if (pid < 0)
		return;
	read_for_a_time(from, text, NAMES_MAX);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	char *rest = text;
	for (char *name; (name = strsep(&rest, "\n"));)
		if (is_plain(name) && begins(name, typed))
			put("", name, "", "container");
}

static void put_commands(const char *typed)
{
	for (const struct command *row = commands; row->name; row++)
		if (begins(row->name, typed))
			put("", row->name, "", row->summary);
}

static int complete_word(const struct line *line)
{
	const char *last = line->last, *equals = strchr(last, '=');
	const struct option_row *row;
	char lead[128];

	if (line->command_at != SIZE_MAX ||
		(line->set->ends_with_command && !line->pending && line->word_count > 0 &&
			(line->is_quoted || last[0] != '-'))) {
		size_t at = line->command_at != SIZE_MAX ? line->command_at : line->count - 1;
		printf(":command %zu\n", at + line->skipped);
		return options_printed();
	}
	if (line->pending)
		return complete_value(line, line->pending, "", last);
	if (!line->is_quoted && begins(last, "--") && equals) {
		row = find_long(line->set, last + 2);
		snprintf(lead, sizeof(lead), "%.*s", (int)(equals + 1 - last), last);
		return row && row->value ? complete_value(line, row, lead, equals + 1)
					 : end_words();
	}
	if (!line->is_quoted && last[0] == '-') {
		put_options(line);
	} else if (!line->set->takes_no_target) {
		put_containers(last);
		put_processes(last);
	}
	return end_words();
}

int complete_run(int count, char **words)
{
	if (count < 1)
		return end_words();
	const char *last = words[count - 1];
	const struct command *row = count > 1 ? commands_find(words[0]) : NULL;
	size_t skipped = row ? 1 : 0;
	struct line line = {.set = row ? row->options : commands[0].options,
		.words = words + skipped,
		.count = (size_t)count - skipped,
		.skipped = skipped,
		.last = last,
		.command_at = SIZE_MAX};

	if (count <= 2 && (count == 1 || strcmp(words[0], "help") == 0))
		put_commands(last);
	if (count == 2 && strcmp(words[0], "help") == 0)
		return end_words();
	if (count == 1 && begins("help", last))
		put("", "help", "", "what there is");
	if (count == 1 && begins("--version", last))
		put("", "--version", "", "which version this is");
	read_line(&line);
	return complete_word(&line);
}
