// SPDX-License-Identifier: GPL-2.0-or-later
// fuzz_TARGET PATH...: gives each file, or each file of a folder, to the target, without a fuzzer:
// what it once found stays found.
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_SIZE = 4096 };

static size_t run_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	struct stat st;

	if (!file || fstat(fileno(file), &st) < 0) {
		perror(path);
		exit(1);
	}
	size_t len = (size_t)st.st_size;
	// Of exactly that length, so that reading behind it is seen.
	unsigned char *data = malloc(len + (len == 0));
	if (!data || fread(data, 1, len, file) != len) {
		perror(path);
		exit(1);
	}
	fclose(file);
	LLVMFuzzerTestOneInput(data, len);
	free(data);
	return 1;
}

static size_t run_folder(const char *path)
{
	struct dirent **names;
	char inner[PATH_SIZE];
	size_t count = 0;
	int n = scandir(path, &names, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		snprintf(inner, sizeof(inner), "%s/%s", path, names[i]->d_name);
		if (names[i]->d_name[0] != '.')
			count += run_file(inner);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return count;
}

int main(int argc, char **argv)
{
	size_t count = 0;
	struct stat st;

	for (int i = 1; i < argc; i++)
		count += stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode) ? run_folder(argv[i])
									: run_file(argv[i]);
	printf("%zu inputs\n", count);
	return count == 0;
}
