// SPDX-License-Identifier: GPL-2.0-or-later
#include "hosttools.h"
#include "unit.h"

Test(hosttools, shown_paths)
{
	static const char *const shown[] = {
		"/usr", "/usr/bin/gdb", "/bin/sh", "//usr//bin", "/lib64/x..y", "/usr/..x/a"};
	static const char *const hidden[] = {"", "usr/bin", "/", "/etc", "/etc/passwd", "/root/bin",
		"/usrx/bin", "/us", "/usr/../root/x", "/usr/bin/..", "/home/usr/bin", "/.."};

	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		cr_assert(hosttools_has(shown[i]), "%s", shown[i]);
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		cr_assert(!hosttools_has(hidden[i]), "%s", hidden[i]);
}

// No row may show a secret, or lead out of /etc.
Test(hosttools, etc_table)
{
	static const char *const secret[] = {"shadow", "gshadow", "ssh", "ssl/private", "sudoers",
		"ld.so.preload", "security", "krb5"};

	for (const char *const *row = hosttools_etc; *row; row++) {
		check_true(strlen(*row) > 0 && strlen(*row) < 200);
		check_true(**row != '/' && !strstr(*row, ".."));
		for (size_t i = 0; i < sizeof(secret) / sizeof(secret[0]); i++)
			cr_assert(strncmp(*row, secret[i], strlen(secret[i])) != 0, "%s", *row);
		// Two rows, one of which is a part of the other, could not both be mounted.
		for (const char *const *other = hosttools_etc; *other; other++)
			cr_assert(other == row || strncmp(*other, *row, strlen(*row)) != 0 ||
					  (*other)[strlen(*row)] != '/',
				"%s is in %s", *other, *row);
	}
}

Test(hosttools, environment)
{
	static char path[] = "PATH=/root/bin:/usr/bin:relative:/no/such:/bin:/usr/../etc",
		    term[] = "TERM=vt100", lang[] = "LANG=C", lc[] = "LC_ALL=de_DE",
		    home[] = "HOME=/x", preload[] = "LD_PRELOAD=/run/target/evil.so",
		    python[] = "PYTHONPATH=/run/target", bash[] = "BASH_ENV=/evil",
		    secret[] = "SECRET=x", odd[] = "TERMS=x", headless[] = "TERM";
	char *vars[] = {
		path, headless, preload, term, python, lang, bash, lc, secret, odd, home, NULL};
	struct envblock env;

	check_int(hosttools_env(vars, &env), 0);
	check_int(env.count, 5);
	check_str(envblock_get(&env, "PATH"), "/usr/bin:/bin");
	check_str(envblock_get(&env, "TERM"), "vt100");
	check_str(envblock_get(&env, "LANG"), "C");
	check_str(envblock_get(&env, "LC_ALL"), "de_DE");
	check_str(envblock_get(&env, "HOME"), HOSTTOOLS_HOME);
	envblock_fini(&env);
	check_no_leak();
}

Test(hosttools, environment_of_nothing)
{
	static char path[] = "PATH=/root/bin";
	char *vars[] = {NULL, NULL};
	struct envblock env;

	check_int(hosttools_env(vars, &env), 0);
	check_int(env.count, 2);
	check_true(strstr(envblock_get(&env, "PATH"), "/usr/bin") != NULL);
	envblock_fini(&env);

	vars[0] = path;
	check_int(hosttools_env(vars, &env), 0);
	check_true(strstr(envblock_get(&env, "PATH"), "/usr/bin") != NULL);
	check_false(strstr(envblock_get(&env, "PATH"), "/root") != NULL);
	envblock_fini(&env);
}

Test(hosttools, clean)
{
	static const char text[] =
		"LD_PRELOAD=x\0A=1\0LD_LIBRARY_PATH=y\0PYTHONHOME=z\0"
		"PYTHONSTARTUP=z\0B=2\0ENV=e\0ENVIRONMENT=kept\0BASH_FUNC_ls%%=() { x; }\0"
		"GCONV_PATH=g\0PERL5OPT=-Mx\0LD_AUDIT=l\0XLD_=kept\0BASH_ENV=b";
	struct envblock env;

	check_int(envblock_parse(text, sizeof(text) - 1, &env), 0);
	check_int(hosttools_clean_env(&env), 0);
	check_int(env.count, 4);
	check_str(envblock_get(&env, "A"), "1");
	check_str(envblock_get(&env, "B"), "2");
	check_str(envblock_get(&env, "ENVIRONMENT"), "kept");
	check_str(envblock_get(&env, "XLD_"), "kept");
	envblock_fini(&env);
	check_no_leak();
}
