// SPDX-License-Identifier: GPL-2.0-or-later
#include "envblock.h"
#include "unit.h"

static struct envblock parse(const char *text, size_t len)
{
	struct envblock env = {0};
	char *exact = calloc(1, len + 1);

	memcpy(exact, text, len);
	check_int(envblock_parse(exact, len, &env), 0);
	free(exact);
	return env;
}

// ENV holds just the COUNT strings of WANTED, in any order, and ends with NULL.
static void check_vars(const struct envblock *env, size_t count, const char *const *wanted)
{
	check_u64(env->count, count);
	cr_assert(env->vars);
	check_true(env->vars[count] == NULL);
	for (size_t i = 0; i < count; i++) {
		bool found = false;
		for (size_t j = 0; j < count; j++)
			found |= strcmp(env->vars[j], wanted[i]) == 0;
		cr_assert(found, "%s is missing", wanted[i]);
	}
}

Test(envblock, parse)
{
	static const char text[] = "PATH=/bin\0EMPTY=\0WITH=a=b\0SPACE=two words\0LAST=x";
	static const char *const wanted[] = {
		"PATH=/bin", "EMPTY=", "WITH=a=b", "SPACE=two words", "LAST=x"};
	struct envblock env = parse(text, sizeof(text)); // with its last NUL

	check_vars(&env, 5, wanted);
	check_str(envblock_get(&env, "PATH"), "/bin");
	check_str(envblock_get(&env, "EMPTY"), "");
	check_str(envblock_get(&env, "WITH"), "a=b");
	check_true(envblock_get(&env, "PAT") == NULL);
	check_true(envblock_get(&env, "PATHS") == NULL);
	check_true(envblock_get(&env, "") == NULL);
	envblock_fini(&env);

	env = parse(text, sizeof(text) - 1); // and without
	check_vars(&env, 5, wanted);
	envblock_fini(&env);
	check_no_leak();
}

// What a target may have written over its environment.
Test(envblock, hostile)
{
	static const char text[] = "\0\0=nameless\0noequals\0GOOD=1\0=\0\xff\xfe=bytes\0GOOD=2\0";
	static const char *const wanted[] = {"GOOD=1", "\xff\xfe=bytes", "GOOD=2"};
	struct envblock env = parse(text, sizeof(text) - 1);

	check_vars(&env, 3, wanted);
	check_str(envblock_get(&env, "GOOD"), "1");
	envblock_unset(&env, "GOOD"); // both
	check_true(envblock_get(&env, "GOOD") == NULL);
	check_u64(env.count, 1);
	envblock_fini(&env);
	check_no_leak();
}

Test(envblock, empty)
{
	static const char *const none[] = {NULL};
	struct envblock env = parse("", 0);

	check_vars(&env, 0, none);
	envblock_unset(&env, "X");
	check_true(envblock_get(&env, "X") == NULL);
	check_int(envblock_set(&env, "X", "1", 1), 0);
	check_str(envblock_get(&env, "X"), "1");
	envblock_fini(&env);
	check_true(env.vars == NULL);
	check_u64(env.count, 0);
	envblock_fini(&env);
	check_no_leak();
}

Test(envblock, set)
{
	static const char text[] = "A=1\0B=2\0AB=3";
	static const char *const wanted[] = {"A=long", "B=2", "AB=3", "C="};
	struct envblock env = parse(text, sizeof(text));

	check_int(envblock_set(&env, "A", "longer", 4), 0);
	check_int(envblock_set(&env, "C", "", 0), 0);
	check_vars(&env, 4, wanted);
	envblock_unset(&env, "A");
	envblock_unset(&env, "A");
	check_vars(&env, 3, wanted + 1);
	envblock_fini(&env);
	check_no_leak();
}

Test(envblock, copy)
{
	static char a[] = "A=1", odd[] = "no equals sign";
	char *vars[] = {a, odd, NULL};
	static const char *const wanted[] = {"A=1", "no equals sign"};
	struct envblock env = {0};

	check_int(envblock_copy(vars, &env), 0);
	check_vars(&env, 2, wanted);
	check_true(env.vars[0] != a);
	envblock_fini(&env);
	check_no_leak();
}

// Every number of variables, with some taken out and put in again on the way.
Test(envblock, every_count)
{
	for (size_t count = 0; count < 70; count++) {
		struct envblock env = parse("", 0);
		char name[20];
		for (size_t i = 0; i < count; i++) {
			snprintf(name, sizeof(name), "V%zu", i);
			check_int(envblock_set(&env, name, "x", 1), 0);
			check_true(env.vars[env.count] == NULL);
			if (i % 3 == 0) {
				envblock_unset(&env, name);
				check_int(envblock_set(&env, name, "y", 1), 0);
			}
		}
		check_u64(env.count, count);
		for (size_t i = 0; i < count; i++) {
			snprintf(name, sizeof(name), "V%zu", i);
			check_str(envblock_get(&env, name), i % 3 == 0 ? "y" : "x");
			envblock_unset(&env, name);
		}
		check_u64(env.count, 0);
		envblock_fini(&env);
	}
	check_no_leak();
}
