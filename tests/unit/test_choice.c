// SPDX-License-Identifier: GPL-2.0-or-later
#include "choice.h"
#include "elf_image.h"
#include "scratch_root.h"

static const char script[] = "#!/bin/interpreter\n", binary[] = "no interpreter is named here",
		  orphan[] = "#!/no/interpreter -x\n";

static void add(const struct scratch_root *root, const char *path, const char *text, mode_t mode)
{
	scratch_root_write(root, path, text, strlen(text), mode);
}

static void add_dynamic(const struct scratch_root *root, const char *path, const char *loader)
{
	struct elf_image image = elf_image_with(PT_INTERP, loader, strlen(loader) + 1);

	scratch_root_write(root, path, image.bytes, sizeof(image.bytes), 0755);
}

static struct scratch_root container(void)
{
	struct scratch_root root = scratch_root_new();

	setenv("PATH", "/usr/bin:/bin", 1);
	setenv("SHELL", "/bin/sh", 1);
	check_int(mkdirat(root.fd, "bin", 0755), 0);
	check_int(mkdirat(root.fd, "sbin", 0755), 0);
	check_int(mkdirat(root.fd, "etc", 0755), 0);
	check_int(mkdirat(root.fd, "bin/dir", 0755), 0);
	add(&root, "bin/interpreter", binary, 0755);
	add(&root, "bin/plain", binary, 0755);
	add(&root, "bin/script", script, 0755);
	add(&root, "bin/orphan", orphan, 0755);
	add(&root, "bin/below-orphan", "#!/bin/orphan\n", 0755);
	add(&root, "bin/refused", binary, 0644);
	add_dynamic(&root, "bin/dynamic", "/bin/loader");
	check_int(mkfifoat(root.fd, "bin/fifo", 0755), 0);
	check_int(symlinkat("/bin/plain", root.fd, "bin/absolute"), 0);
	check_int(symlinkat("../../../../../bin/sh", root.fd, "bin/climbing"), 0);
	check_int(symlinkat("loop", root.fd, "bin/loop"), 0);
	return root;
}

// The choice for WORD, NULL for a shell, in ROOT with PATH.
static struct choice choose(const struct scratch_root *root, const char *path, const char *word)
{
	char copy[100];
	char *argv[] = {copy, NULL};
	struct envblock env;
	struct choice choice;
	struct error err = {0};
	char text[100] = "PATH=";

	strcat(text, path);
	check_int(envblock_parse(text, strlen(text) + 1, &env), 0);
	snprintf(copy, sizeof(copy), "%s", word ? word : "");
	int self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct choice_request request = {.argv = word ? argv : NULL,
		.env = &env,
		.root_fd = root->fd,
		.self_fd = self,
		.joins_user = true};
	check_int(choice_make(&request, &choice, &err), 0);
	check_int(err.kind, ERROR_NONE);
	close(self);
	envblock_fini(&env);
	return choice;
}

// Programs of names that the host has too, so that only the container's side decides.
static void name_as_host(const struct scratch_root *root, const char *program)
{
	unlinkat(root->fd, "bin/true", 0);
	check_int(linkat(root->fd, program, root->fd, "bin/true", 0), 0);
}

Test(choice, of_the_container)
{
	static const char *const programs[] = {
		"bin/plain", "bin/script", "bin/refused", "bin/fifo", "bin/absolute", "bin/loop"};
	struct scratch_root root = container();

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		name_as_host(&root, programs[i]);
		cr_assert(!choose(&root, "/bin", "true").host, "%s", programs[i]);
		cr_assert(!choose(&root, "/bin", "/bin/true").host, "%s", programs[i]);
	}
	scratch_root_fini(&root);
}

Test(choice, of_the_host)
{
	static const struct {
		const char *program, *missing;
	} rows[] = {
		{"bin/climbing", "is not in the container"},
		{"bin/orphan", "cannot be started in the container (there is no /no/interpreter)"},
		{"bin/below-orphan",
			"cannot be started in the container (there is no /no/interpreter)"},
		{"bin/dynamic", "cannot be started in the container (there is no /bin/loader)"},
	};
	struct scratch_root root = container();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		name_as_host(&root, rows[i].program);
		struct choice choice = choose(&root, "/bin", "true");
		cr_assert(choice.host, "%s", rows[i].program);
		check_str(choice.subject, "true");
		check_str(choice.missing, rows[i].missing);
		check_true(choose(&root, "/bin", "/bin/true").host);
	}
	unlinkat(root.fd, "bin/true", 0);
	check_true(choose(&root, "/bin", "true").host);
	check_true(choose(&root, "/nowhere:relative:", "true").host);

	// The loader comes: the same program is the container's.
	add(&root, "bin/loader", binary, 0755);
	name_as_host(&root, "bin/dynamic");
	check_false(choose(&root, "/bin", "true").host);
	scratch_root_fini(&root);
}

// The first in PATH that can be executed decides, as it will when it is executed.
Test(choice, order_of_path)
{
	struct scratch_root root = container();

	check_int(linkat(root.fd, "bin/orphan", root.fd, "sbin/true", 0), 0);
	name_as_host(&root, "bin/plain");
	check_true(choose(&root, "/sbin:/bin", "true").host);
	check_false(choose(&root, "/bin:/sbin", "true").host);
	check_int(unlinkat(root.fd, "sbin/true", 0), 0);
	check_int(mkdirat(root.fd, "sbin/true", 0755), 0);
	check_false(choose(&root, "/sbin:/bin", "true").host);
	unlinkat(root.fd, "bin/true", 0);
	check_true(choose(&root, "/sbin:/bin", "true").host); // only a directory
	scratch_root_fini(&root);
}

Test(choice, nowhere)
{
	struct scratch_root root = container();
	struct choice choice = choose(&root, "/bin", "no-such-program");

	check_false(choice.host);
	check_int(choice.other.kind, ERROR_NOT_FOUND);
	check_true(strstr(choice.other.message, "among the host's tools: searched /usr/bin, /bin"));
	// Files of the host that are no tools are not shown, so not searched either.
	choice = choose(&root, "/bin", "/etc/init.d/../passwd");
	check_false(choice.host);
	check_int(choice.other.kind, ERROR_NOT_FOUND);
	// From the working directory, which is the container's.
	check_false(choose(&root, "/bin", "./true").host);
	check_false(choose(&root, "/bin", "../bin/true").host);
	check_false(choose(&root, "/bin", "").host);
	check_int(choose(&root, "/bin", "./true").other.kind, ERROR_NONE);
	scratch_root_fini(&root);
}

Test(choice, shell)
{
	struct scratch_root root = container();
	struct choice choice = choose(&root, "/bin", NULL);

	check_true(choice.host);
	check_str(choice.subject, "a shell");
	add(&root, "etc/passwd", "root:x:0:0::/:/bin/plain\n", 0644);
	check_false(choose(&root, "/bin", NULL).host);
	add(&root, "etc/passwd", "root:x:0:0::/:/bin/dynamic\n", 0644);
	check_true(choose(&root, "/bin", NULL).host);
	add(&root, "etc/passwd", "root:x:0:0::/:/bin/zsh\n", 0644);
	check_true(choose(&root, "/bin", NULL).host);
	add(&root, "bin/sh", binary, 0755);
	check_false(choose(&root, "/bin", NULL).host);
	check_int(unlinkat(root.fd, "etc/passwd", 0), 0);
	check_int(mkfifoat(root.fd, "etc/passwd", 0644), 0);
	check_false(choose(&root, "/bin", NULL).host);
	scratch_root_fini(&root);
}
