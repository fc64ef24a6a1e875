// SPDX-License-Identifier: GPL-2.0-or-later
#include "nstype.h"
#include "sys.h"
#include "unit.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

// Each row against the running kernel: its file is there and of the type that the flag means.
Test(nstype, every_row_is_the_kernels)
{
	for (int i = 0; i < NSTYPE_COUNT; i++) {
		char path[100];
		snprintf(path, sizeof(path), "/proc/self/ns/%s", nstypes[i].file);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		cr_assert(fd >= 0, "%s: %s", path, strerror(errno));
		check_int(ioctl(fd, NS_GET_NSTYPE), nstypes[i].flag);
		close(fd);
		if (!nstypes[i].children)
			continue;
		snprintf(path, sizeof(path), "/proc/self/ns/%s", nstypes[i].children);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		cr_assert(fd >= 0, "%s: %s", path, strerror(errno));
		check_int(ioctl(fd, NS_GET_NSTYPE), nstypes[i].flag);
		close(fd);
	}
}

static bool table_has_file(const char *name)
{
	for (int i = 0; i < NSTYPE_COUNT; i++)
		if (strcmp(nstypes[i].file, name) == 0 ||
			(nstypes[i].children && strcmp(nstypes[i].children, name) == 0))
			return true;
	return false;
}

// And the kernel has no type that the table lacks.
Test(nstype, no_type_is_missing)
{
	DIR *dir = opendir("/proc/self/ns");
	cr_assert(dir);
	for (struct dirent *entry; (entry = readdir(dir));)
		if (entry->d_name[0] != '.')
			cr_assert(table_has_file(entry->d_name), "no row for %s", entry->d_name);
	closedir(dir);
}

Test(nstype, rows_are_whole_and_distinct)
{
	for (int i = 0; i < NSTYPE_COUNT; i++) {
		check_true(nstypes[i].name && nstypes[i].name[0]);
		check_true(nstypes[i].file && nstypes[i].file[0]);
		check_true(nstypes[i].summary && nstypes[i].summary[0]);
		check_true(isalpha((unsigned char)nstypes[i].option));
		for (int j = 0; j < i; j++) {
			check_true(strcmp(nstypes[i].name, nstypes[j].name) != 0);
			check_true(strcmp(nstypes[i].file, nstypes[j].file) != 0);
			check_true(nstypes[i].option != nstypes[j].option);
			check_true(nstypes[i].flag != nstypes[j].flag);
		}
	}
}

// The letters are the contract with the user, and those of nsenter(1).
Test(nstype, options)
{
	static const char letters[] = {[NSTYPE_USER] = 'U',
		[NSTYPE_CGROUP] = 'C',
		[NSTYPE_IPC] = 'i',
		[NSTYPE_UTS] = 'u',
		[NSTYPE_NET] = 'n',
		[NSTYPE_PID] = 'p',
		[NSTYPE_MNT] = 'm',
		[NSTYPE_TIME] = 'T'};

	for (int i = 0; i < NSTYPE_COUNT; i++)
		check_int(nstypes[i].option, letters[i]);
	check_str(nstypes[NSTYPE_NET].named_dir, "/run/netns");
}

// The order of joining: the mount namespace after all whose files are opened by path, time last.
Test(nstype, order)
{
	check_true(NSTYPE_MNT > NSTYPE_NET && NSTYPE_MNT > NSTYPE_PID);
	check_int(NSTYPE_TIME, NSTYPE_COUNT - 1);
}

Test(nstype, find)
{
	for (int i = 0; i < NSTYPE_COUNT; i++) {
		check_int(nstype_find(nstypes[i].name, strlen(nstypes[i].name)), i);
		check_int(nstype_find(nstypes[i].file, strlen(nstypes[i].file)), i);
		check_int(nstype_find(nstypes[i].name, strlen(nstypes[i].name) - 1), -EINVAL);
	}
	check_int(nstype_find("mnt", 3), NSTYPE_MNT);
	check_int(nstype_find("mount", 5), NSTYPE_MNT);
	check_int(nstype_find("mounts", 6), -EINVAL);
	check_int(nstype_find("netx", 3), NSTYPE_NET);
	check_int(nstype_find("Net", 3), -EINVAL);
	check_int(nstype_find("", 0), -EINVAL);
	check_int(nstype_find("pid_for_children", 16), -EINVAL);
}

static unsigned parse(const char *list)
{
	unsigned mask = 0;
	const char *bad = NULL;
	size_t bad_len = 0;

	check_int(nstype_parse_list(list, &mask, &bad, &bad_len), 0);
	check_true(bad == NULL);
	return mask;
}

Test(nstype, list)
{
	check_u64(parse("net"), 1u << NSTYPE_NET);
	check_u64(parse("mnt,mount"), 1u << NSTYPE_MNT);
	check_u64(parse("time,user"), 1u << NSTYPE_TIME | 1u << NSTYPE_USER);
	check_u64(parse("user,cgroup,ipc,uts,net,pid,mount,time"), (1u << NSTYPE_COUNT) - 1);
}

static void check_bad(const char *list, const char *word)
{
	unsigned mask = 77;
	const char *bad = NULL;
	size_t bad_len = 99;

	check_int(nstype_parse_list(list, &mask, &bad, &bad_len), -EINVAL);
	check_u64(mask, 77);
	check_bytes(bad, bad_len, word);
	check_true(bad >= list && bad <= list + strlen(list));
}

Test(nstype, list_with_a_bad_word)
{
	check_bad("", "");
	check_bad(",", "");
	check_bad("net,", "");
	check_bad(",net", "");
	check_bad("net,,pid", "");
	check_bad("net,nte,pid", "nte");
	check_bad("all", "all");
	check_bad("net pid", "net pid");
	check_bad("net, pid", " pid");
}

Test(nstype, a_pidfd_gives_the_namespaces_that_procfs_shows)
{
	int pidfd = sys_pidfd_open(getpid(), 0);

	for (int i = 0; i < NSTYPE_COUNT; i++) {
		const char *files[] = {nstypes[i].file, nstypes[i].children};
		const int numbers[] = {nstypes[i].pidfd_number, nstypes[i].pidfd_children};
		for (int k = 0; k < 2 && files[k]; k++) {
			struct stat shown, given;
			char path[64];
			int fd = sys_pidfd_open_namespace(pidfd, numbers[k]);
			if (fd < 0 && errno == ENOTTY)
				return; // before Linux 6.11
			snprintf(path, sizeof(path), "/proc/self/ns/%s", files[k]);
			cr_assert_eq(stat(path, &shown), 0, "%s", path);
			cr_assert_eq(fstat(fd, &given), 0, "%s", path);
			cr_assert_eq(given.st_ino, shown.st_ino, "%s", path);
			close(fd);
		}
	}
	close(pidfd);
}

static int parse_link(const char *text, uint64_t *ret)
{
	return nstype_parse_link(text, strlen(text), ret);
}

Test(nstype, links)
{
	static const char *const texts[] = {"", "net", "net:", "net:[", "net:[]", "net:[1",
		"net:[1]x", "net:[x]", "net:1", "pidfd:[1]", ":[1]", "net:[99999999999999999999]",
		"/"};
	uint64_t id = 7;

	for (int i = 0; i < NSTYPE_COUNT; i++) {
		char path[64], text[64] = "";
		snprintf(path, sizeof(path), "/proc/self/ns/%s", nstypes[i].file);
		check_true(readlink(path, text, sizeof(text) - 1) > 0);
		check_int(parse_link(text, &id), i);
		struct stat st;
		check_int(stat(path, &st), 0);
		check_u64(id, st.st_ino);
	}
	id = 7;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_assert(parse_link(texts[i], &id) == -EINVAL, "\"%s\" is taken", texts[i]);
	check_u64(id, 7);
}
