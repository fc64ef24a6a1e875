// SPDX-License-Identifier: GPL-2.0-or-later
#include "error.h"
#include "unit.h"

Test(error, the_first_failure_is_the_cause)
{
	struct error err = {0};

	check_int(fail(&err, ERROR_TARGET, ESRCH, "there is no process %d", 5), -ESRCH);
	check_int(fail(&err, ERROR_SYSTEM, EIO, "later"), -EIO);
	check_int(fail_sys(&err, EPERM, "open", "/x"), -EPERM);
	check_int(err.kind, ERROR_TARGET);
	check_int(err.errnum, ESRCH);
	check_str(err.message, "there is no process 5");
	check_true(error_is_valid(&err));
}

Test(error, says_what_failed_on_what_and_why)
{
	struct error err = {0};

	check_int(fail_sys(&err, ENOENT, "open", "%s/%d", "/proc", 7), -ENOENT);
	check_int(err.kind, ERROR_SYSTEM);
	check_str(err.message, "open failed on /proc/7: No such file or directory");
	check_str(err.hint, "");
}

Test(error, hint)
{
	struct error err = {0};

	fail(&err, ERROR_SYSTEM, EPERM, "x");
	check_int(error_hint(&err, "needs %s", "CAP_SYS_ADMIN"), -EPERM);
	check_int(error_hint(&err, "another"), -EPERM);
	check_str(err.hint, "needs CAP_SYS_ADMIN");
}

Test(error, none)
{
	check_int(fail(NULL, ERROR_SYSTEM, EIO, "x"), -EIO);
	check_int(fail_sys(NULL, EIO, "read", "x"), -EIO);
	check_true(error_hint(NULL, "x") < 0);
}

Test(error, clear)
{
	struct error err = {0};

	fail(&err, ERROR_SYSTEM, EIO, "x");
	error_hint(&err, "y");
	error_clear(&err);
	check_int(err.kind, ERROR_NONE);
	check_int(err.errnum, 0);
	check_str(err.message, "");
	check_str(err.hint, "");
	fail(&err, ERROR_USAGE, EINVAL, "z");
	check_str(err.message, "z");
}

Test(error, long_messages_are_cut)
{
	static char text[8000];
	struct error err = {0};

	memset(text, 'm', sizeof(text) - 1);
	fail(&err, ERROR_SYSTEM, EIO, "%s", text);
	error_hint(&err, "%s", text);
	check_u64(strlen(err.message), sizeof(err.message) - 1);
	check_u64(strlen(err.hint), sizeof(err.hint) - 1);
	check_true(error_is_valid(&err));

	error_clear(&err);
	fail_sys(&err, EIO, "read", "%s", text);
	check_true(strstr(err.message, "read failed on mmm") == err.message);
	check_true(strstr(err.message, "m: Input/output error") != NULL);
}

// One that came through a pipe from a child that the container may have taken over.
Test(error, hostile)
{
	struct error good = {.kind = ERROR_NOT_FOUND, .errnum = ENOENT}, bad = good;

	check_true(error_is_valid(&good));
	bad.kind = ERROR_NONE;
	check_false(error_is_valid(&bad));
	bad.kind = (enum error_kind)(ERROR_NOT_FOUND + 1);
	check_false(error_is_valid(&bad));
	bad.kind = (enum error_kind) - 1;
	check_false(error_is_valid(&bad));
	bad = good;
	bad.errnum = 0;
	check_false(error_is_valid(&bad));
	bad.errnum = -ENOENT;
	check_false(error_is_valid(&bad));
	bad = good;
	memset(bad.message, 'x', sizeof(bad.message));
	check_false(error_is_valid(&bad));
	bad = good;
	memset(bad.hint, 'x', sizeof(bad.hint));
	check_false(error_is_valid(&bad));
	bad.hint[sizeof(bad.hint) - 1] = '\0';
	check_true(error_is_valid(&bad));
}

Test(error, append)
{
	struct error err = {0};

	check_int(fail(&err, ERROR_NOT_FOUND, ENOENT, "first"), -ENOENT);
	check_int(error_append(&err, "; %s", "second"), -ENOENT);
	check_str(err.message, "first; second");
	check_int(err.kind, ERROR_NOT_FOUND);
	for (int i = 0; i < 1000; i++)
		error_append(&err, "%s", " and more");
	check_int(strlen(err.message), sizeof(err.message) - 1);
	check_true(error_is_valid(&err));
	check_int(error_append(NULL, "nothing"), -1);
}
