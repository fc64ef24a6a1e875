// SPDX-License-Identifier: GPL-2.0-or-later
// Reading the command lines of containers' monitors.
#include "monitor.h"

#include <string.h>

const char *isolation_name(enum isolation isolation)
{
	static const char *const names[] = {
		[ISOLATION_KATA] = "kata", [ISOLATION_GVISOR] = "gvisor", [ISOLATION_VM] = "vm"};

	return names[isolation];
}

// The words of a command line.
struct words {
	const char *next, *end;
};

static const char *next_word(struct words *words)
{
	const char *word = words->next;

	if (word >= words->end)
		return NULL;
	words->next = word + strlen(word) + 1;
	return word;
}

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool begins_with(const char *text, const char *word)
{
	return strncmp(text, word, strlen(word)) == 0;
}

// An option that is looked for: its forms, and where its value goes.
struct wanted {
	char letter;           // or 0
	const char *long_form; // or NULL
	const char **ret;      // NULL ends a list
};

// Takes WORD, and the one behind it, if it is an option of WANTED that has no value yet. FLAGS are
// the letters of options without a value, with which an option can stand together.
static void take_option(
	const struct wanted *wanted, const char *flags, const char *word, struct words *words)
{
	bool is_short = word[0] == '-' && word[1] != '-';

	while (is_short && word[1] != '\0' && word[2] != '\0' && strchr(flags, word[1]))
		word++;
	for (; wanted->ret; wanted++) {
		size_t len = is_short ? 2 : strlen(wanted->long_form);
		bool is_it = is_short ? word[1] != '\0' && word[1] == wanted->letter
				      : strncmp(word, wanted->long_form, len) == 0;
		if (!is_it || *wanted->ret)
			continue;
		if (word[len] == '\0')
			*wanted->ret = next_word(words);
		else if (is_short || word[len] == '=')
			*wanted->ret = word + len + !is_short;
		else
			continue;
		return;
	}
}

static void take_options(const struct wanted *wanted, const char *flags, struct words *words)
{
	for (const char *word; (word = next_word(words));)
		take_option(wanted, flags, word, words);
}

static enum isolation isolation_of_shim(const char *program)
{
	if (strstr(program, "kata"))
		return ISOLATION_KATA;
	return strstr(program, "runsc") ? ISOLATION_GVISOR : ISOLATION_NONE;
}

// containerd-shim-runc-v2 -namespace NAMESPACE -id ID -address SOCKET; the parser of its options
// takes one dash or two, and `=` too.
static void parse_shim(const char *program, struct words *words, struct monitor *monitor)
{
	static const struct {
		const char *name;
		size_t len;
	} names[] = {{"namespace", 9}, {"id", 2}};
	const char **values[] = {&monitor->space, &monitor->id};

	monitor->isolation = isolation_of_shim(program);
	for (const char *word; (word = next_word(words));) {
		word += word[0] == '-' && word[1] == '-';
		for (size_t i = 0; i < 2; i++) {
			size_t len = names[i].len;
			if (word[0] != '-' || strncmp(word + 1, names[i].name, len) != 0)
				continue;
			if (word[1 + len] == '=')
				*values[i] = word + len + 2;
			else if (word[1 + len] == '\0')
				*values[i] = next_word(words);
		}
	}
	bool is_docker = monitor->space && strcmp(monitor->space, "moby") == 0;
	monitor->runtime = is_docker ? runtime_find("docker", 6) : runtime_find("containerd", 10);
}

static void parse_conmon(struct words *words, struct monitor *monitor)
{
	const char *exits = NULL, *command = NULL;
	const struct wanted wanted[] = {
		{'c', "--cid", &monitor->id},
		{'n', "--name", &monitor->name},
		{'b', "--bundle", &monitor->bundle},
		{0, "--exit-dir", &exits},
		{0, "--exit-command", &command},
		{0},
	};

	take_options(wanted, "", words);
	bool is_crio = !command && exits && strstr(exits, "crio");
	monitor->runtime = is_crio ? runtime_find("crio", 4) : runtime_find("podman", 6);
}

static void parse_nspawn(struct words *words, struct monitor *monitor)
{
	const char *directory = NULL, *image = NULL;
	const struct wanted wanted[] = {
		{'M', "--machine", &monitor->name},
		{'D', "--directory", &directory},
		{'i', "--image", &image},
		{0},
	};

	take_options(wanted, "abhjnqxPU", words);
	monitor->runtime = runtime_find("machine", 7);
	if (!monitor->name && directory)
		monitor->name = base_of(directory);
	if (!monitor->name && image) {
		const char *name = base_of(image), *raw = strstr(name, ".raw");
		monitor->name = name;
		monitor->name_len = raw && raw[4] == '\0' ? (size_t)(raw - name) : 0;
	}
	if (monitor->name && monitor->name[0] == '\0')
		monitor->name = NULL;
}

// "[lxc monitor] DIRECTORY NAME": one word, which it wrote over its command line.
static void parse_lxc(const char *title, struct monitor *monitor)
{
	const char *space = strrchr(title, ' ');

	monitor->runtime = runtime_find("lxc", 3);
	if (strstr(title, "/lxd/"))
		monitor->runtime = runtime_find("lxd", 3);
	else if (strstr(title, "/incus/"))
		monitor->runtime = runtime_find("incus", 5);
	if (space && space[1] != '\0')
		monitor->name = space + 1;
}

bool monitor_parse(const char *text, size_t len, struct monitor *ret)
{
	static const char lxc[] = "[lxc monitor] ";
	struct monitor monitor = {0};
	struct words words = {text, text + len};

	if (len == 0 || text[len - 1] != '\0')
		return false;
	const char *program = next_word(&words);
	if (begins_with(program, lxc)) {
		parse_lxc(program + sizeof(lxc) - 1, &monitor);
		*ret = monitor;
		return true;
	}
	program = base_of(program);
	if (begins_with(program, "containerd-shim"))
		parse_shim(program, &words, &monitor);
	else if (strcmp(program, "conmon") == 0)
		parse_conmon(&words, &monitor);
	else if (strcmp(program, "systemd-nspawn") == 0)
		parse_nspawn(&words, &monitor);
	else
		return false;
	*ret = monitor;
	return true;
}

enum isolation monitor_isolation(const char *path)
{
	return strcmp(base_of(path), "runsc") == 0 ? ISOLATION_GVISOR : ISOLATION_NONE;
}
