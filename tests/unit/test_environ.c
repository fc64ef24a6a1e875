// SPDX-License-Identifier: GPL-2.0-or-later
#include "environ.h"
#include "unit.h"

static int add(struct environ_request *request, const char *name, const char *value)
{
	return environ_request_add(request, name, strlen(name), value, value ? strlen(value) : 0);
}

// The environment that REQUEST makes of BASE, for LOGIN.
static struct envblock make(const struct environ_request *request, const struct login *login,
	bool inside, const char *base, size_t len)
{
	static const struct notice notice = {.steps = false};
	struct envblock env = {0};
	struct error err = {0};

	check_int(envblock_parse(base, len, &env), 0);
	check_int(environ_complete(request, login, inside, &env, &notice, &err), 0);
	return env;
}

static const char base[] = "A=1\0B=2\0HOME=/wrong\0USER=wrong\0TERM=wrong";

Test(environ, changes_come_last_and_in_their_order)
{
	struct environ_request request = {0};
	struct login login = {0};

	check_int(add(&request, "A", "first"), 0);
	check_int(add(&request, "A", "second"), 0);
	check_int(add(&request, "B", NULL), 0);
	check_int(add(&request, "C", "3"), 0);
	check_int(add(&request, "C", NULL), 0);
	check_int(add(&request, "D", NULL), 0);
	check_int(add(&request, "D", "4"), 0);
	check_int(add(&request, "HOME", "/asked"), 0);
	check_int(add(&request, "PATH", NULL), 0);
	check_int(environ_request_add(&request, "EVERYTHING", 1, "x=y of it", 3), 0);
	setenv("TERM", "ours", 1);
	struct envblock env = make(&request, &login, true, base, sizeof(base));
	check_str(envblock_get(&env, "A"), "second");
	check_true(envblock_get(&env, "B") == NULL);
	check_true(envblock_get(&env, "C") == NULL);
	check_str(envblock_get(&env, "D"), "4");
	check_str(envblock_get(&env, "E"), "x=y");
	check_str(envblock_get(&env, "HOME"), "/asked");
	check_str(envblock_get(&env, "TERM"), "ours");
	check_true(envblock_get(&env, "PATH") == NULL);
	check_true(envblock_get(&env, "USER") == NULL);
	check_str(envblock_get(&env, "SHELL"), "/bin/sh");
	envblock_fini(&env);
	environ_request_fini(&request);
	check_true(request.changes == NULL && request.count == 0);
	check_no_leak();
}

Test(environ, user)
{
	static char name[] = "app", home[] = "/srv", shell[] = "/bin/ash", odd[] = "relative";
	struct environ_request request = {0};
	struct login login = {.name = name, .home = home, .shell = shell};

	unsetenv("TERM");
	struct envblock env = make(&request, &login, true, base, sizeof(base));
	check_str(envblock_get(&env, "USER"), "app");
	check_str(envblock_get(&env, "LOGNAME"), "app");
	check_str(envblock_get(&env, "HOME"), "/srv");
	check_str(envblock_get(&env, "SHELL"), "/bin/ash");
	check_true(envblock_get(&env, "TERM") == NULL);
	check_true(envblock_get(&env, "PATH") != NULL);
	envblock_fini(&env);

	login.home = odd;
	env = make(&request, &login, true, base, sizeof(base));
	check_str(envblock_get(&env, "HOME"), "/");
	envblock_fini(&env);
	check_no_leak();
}

// For a program of the host nothing is made up.
Test(environ, host)
{
	struct environ_request request = {0};
	struct login login = {0};

	check_int(add(&request, "A", "asked"), 0);
	struct envblock env = make(&request, &login, false, base, sizeof(base));
	check_str(envblock_get(&env, "A"), "asked");
	check_str(envblock_get(&env, "HOME"), "/wrong");
	check_str(envblock_get(&env, "TERM"), "wrong");
	check_true(envblock_get(&env, "SHELL") == NULL);
	check_u64(env.count, 5);
	envblock_fini(&env);
	environ_request_fini(&request);
	check_no_leak();
}

Test(environ, bases)
{
	struct environ_request request = {.base = ENVIRON_CLEAN};
	struct envblock env = {0};
	struct error err = {0};

	clearenv();
	setenv("TERM", "t", 1);
	setenv("LANG", "l", 1);
	setenv("HOME", "h", 1);
	setenv("PATH", "p", 1);
	setenv("SECRET", "s", 1);
	check_int(environ_read(&request, NULL, true, &env, &err), 0);
	check_u64(env.count, 0);
	envblock_fini(&env);
	check_int(environ_read(&request, NULL, false, &env, &err), 0);
	check_u64(env.count, 4);
	check_true(envblock_get(&env, "SECRET") == NULL);
	envblock_fini(&env);

	request.base = ENVIRON_HOST;
	check_int(environ_read(&request, NULL, true, &env, &err), 0);
	check_u64(env.count, 5);
	envblock_fini(&env);
	request.base = ENVIRON_DEFAULT;
	check_int(environ_read(&request, NULL, false, &env, &err), 0);
	check_u64(env.count, 5);
	envblock_fini(&env);
	// Without a target there is nothing to take.
	check_int(environ_read(&request, NULL, true, &env, &err), 0);
	check_u64(env.count, 0);
	check_true(env.vars != NULL);
	envblock_fini(&env);
	check_no_leak();
}
