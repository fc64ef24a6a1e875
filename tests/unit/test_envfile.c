// SPDX-License-Identifier: GPL-2.0-or-later
#include "envfile.h"
#include "unit.h"

// Reads all of TEXT, in memory of just its size, into OUT as "N=V;", a name alone as "N;". Returns
// what the last envfile_next() returned; *FILE is then as that left it.
static int read_all(const char *text, size_t len, struct envfile *file, char *out, size_t size)
{
	char *exact = malloc(len ? len : 1);
	struct envfile_entry entry;
	int r;

	memcpy(exact, text, len);
	envfile_init(exact, len, file);
	out[0] = '\0';
	while ((r = envfile_next(file, &entry)) > 0) {
		size_t used = strlen(out);
		check_u64(entry.line, file->line);
		snprintf(out + used, size - used, "%.*s%s%.*s;", (int)entry.name_len, entry.name,
			entry.value ? "=" : "", (int)entry.value_len,
			entry.value ? entry.value : "");
	}
	free(exact);
	return r;
}

Test(envfile, lines)
{
	static const struct {
		const char *text, *wanted;
	} cases[] = {
		{"", ""},
		{"\n\n \n\t\n\r\n", ""},
		{"A=1", "A=1;"},
		{"A=1\nB=2\n", "A=1;B=2;"},
		{"# A=1\n#\n  # x\nB=2", "B=2;"},
		{"A=1 # kept\nB=#x\n", "A=1 # kept;B=#x;"},
		{"  A= two words \n\tB=\n", "A= two words ;B=;"},
		{"A=b=c==\n", "A=b=c==;"},
		{"A=\"quoted\"\nB='x'\nC=$A\nD=\\n\n", "A=\"quoted\";B='x';C=$A;D=\\n;"},
		{"HOME\nA=1\nUSER", "HOME;A=1;USER;"},
		{"A=1\r\nB\r\n", "A=1;B;"},
		{"A=1\r\r\n", "A=1\r;"},
		{"\xef\xbb\xbf# bom\nA=1\n", "A=1;"},
		{"\xef\xbb\xbf"
		 "A=1\n",
			"A=1;"},
		{"odd.name-1=x\n\xc3\xa4=\xff\n", "odd.name-1=x;\xc3\xa4=\xff;"},
		{"export=x\n", "export=x;"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct envfile file;
		char out[300];
		int r = read_all(cases[i].text, strlen(cases[i].text), &file, out, sizeof(out));
		cr_assert(r == 0, "\"%s\" fails", cases[i].text);
		cr_assert(strcmp(out, cases[i].wanted) == 0, "\"%s\" gives \"%s\"", cases[i].text,
			out);
	}
	check_no_leak();
}

Test(envfile, no_line)
{
	static const struct {
		const char *text;
		size_t len, line;
		const char *why;
	} cases[] = {
		{"=x", 2, 1, "name before"},
		{"\n# c\n  =x\nA=1\n", 14, 3, "name before"},
		{"A=1\nA B=2\n", 10, 2, "blank in the name"},
		{"export A=2\n", 11, 1, "blank in the name"},
		{"A =2\n", 5, 1, "blank in the name"},
		{"A B\n", 4, 1, "blank in the name"},
		{"A=1\0\n", 5, 1, "NUL"},
		{"A=1\nB\0=2\n", 9, 2, "NUL"},
		{"\0", 1, 1, "NUL"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct envfile file;
		char out[100];
		int r = read_all(cases[i].text, cases[i].len, &file, out, sizeof(out));
		cr_assert(r == -EINVAL, "\"%s\" gives %d", cases[i].text, r);
		check_u64(file.line, cases[i].line);
		cr_assert(strstr(file.why, cases[i].why), "\"%s\": %s", cases[i].text, file.why);
	}
	check_no_leak();
}

Test(envfile, every_truncation)
{
	static const char text[] = "\xef\xbb\xbf  # c\r\n\tNAME=value of it\nBARE\r\nX=";

	for (size_t len = 0; len < sizeof(text); len++) {
		struct envfile file;
		char out[100];
		int r = read_all(text, len, &file, out, sizeof(out));
		check_int(r, 0);
	}
	check_no_leak();
}
