// SPDX-License-Identifier: GPL-2.0-or-later
// Capabilities.
#include "caps.h"

#include "capname.h"
#include "cleanup.h"
#include "number.h"

#include <linux/capability.h>
#include <linux/securebits.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

enum { CAP_MAX = 64, CAP_NAME_SIZE = 64 };

int caps_get(struct caps *ret)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	*ret = (struct caps){
		.permitted = (uint64_t)data[1].permitted << 32 | data[0].permitted,
		.effective = (uint64_t)data[1].effective << 32 | data[0].effective,
		.inheritable = (uint64_t)data[1].inheritable << 32 | data[0].inheritable,
	};
	return 0;
}

int caps_set(const struct caps *caps)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		data[i] = (struct __user_cap_data_struct){
			.permitted = (uint32_t)(caps->permitted >> (32 * i)),
			.effective = (uint32_t)(caps->effective >> (32 * i)),
			.inheritable = (uint32_t)(caps->inheritable >> (32 * i)),
		};
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

// The bounding set.
static uint64_t bounding_get(void)
{
	uint64_t set = 0;

	for (int cap = 0; cap < CAP_MAX; cap++) {
		int is_set = prctl(PR_CAPBSET_READ, cap);
		if (is_set < 0)
			break; // past the last capability of this kernel
		set |= (uint64_t)is_set << cap;
	}
	return set;
}

// The capability that the LEN bytes at WORD name, or -1.
static int parse_cap(const char *word, size_t len)
{
	char name[CAP_NAME_SIZE];
	int cap;
	uint64_t number;

	if (len == 0 || len >= sizeof(name))
		return -1;
	memcpy(name, word, len);
	name[len] = '\0';
	if (number_parse_u64(name, &number) == 0) {
		cap = number < CAP_MAX ? (int)number : -1;
	} else {
		cap = capname_find(name);
	}
	return cap >= 0 && cap < CAP_MAX && prctl(PR_CAPBSET_READ, cap) >= 0 ? cap : -1;
}

int caps_request_parse(const char *word, struct caps_request *ret, struct error *err)
{
	struct caps_request request = {.choice = CAPS_LIST};

	if (strcmp(word, "target") == 0 || strcmp(word, "keep") == 0) {
		ret->choice = word[0] == 't' ? CAPS_TARGET : CAPS_KEEP;
		return 0;
	}
	while (*word) {
		size_t len = strcspn(word, ",");
		int cap = parse_cap(word, len);
		if (cap < 0 || (word[len] && !word[len + 1])) {
			fail(err, ERROR_USAGE, EINVAL,
				"--caps: this kernel has no capability '%.*s'",
				(int)(cap < 0 ? len : 0), word);
			return error_hint(err, "--caps takes `target', `keep', or names as in "
					       "capabilities(7), separated by commas");
		}
		request.list |= (uint64_t)1 << cap;
		word += len + (word[len] == ',');
	}
	*ret = request;
	return 0;
}

// Lowers the bounding set to KEEP. Fails with -EPERM without CAP_SETPCAP when something had to go.
static int lower_bounding(uint64_t keep)
{
	uint64_t set = bounding_get();

	for (int cap = 0; cap < CAP_MAX; cap++)
		if (set & ~keep & (uint64_t)1 << cap && prctl(PR_CAPBSET_DROP, cap) < 0)
			return -errno;
	return 0;
}

// Fails when one of WANTED is not ours, naming the first of them.
static int require(uint64_t wanted, const struct caps *caps, struct error *err)
{
	uint64_t missing = wanted & ~(caps->permitted & bounding_get());

	if (missing == 0)
		return 0;
	int cap = __builtin_ctzll(missing);
	const char *name = capname_of(cap);
	fail(err, ERROR_SYSTEM, EPERM, "%s was asked for, but it is not ours to give%s",
		name ? name : "a capability", missing & (missing - 1) ? ", nor are others" : "");
	return error_hint(err, "nspeek gives no more than its caller has");
}

// Adds CAPS, which are inheritable, to the ambient set.
static int raise_ambient(uint64_t caps, struct error *err)
{
	for (unsigned long cap = 0; cap < CAP_MAX; cap++)
		if (caps >> cap & 1 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return fail_sys(err, errno, "prctl", "ambient capability %lu", cap);
	return 0;
}

// The ambient set needs no clearing: the kernel takes from it what is not inheritable any more.
static int lower_sets(const struct caps_plan *plan, struct caps *caps, struct error *err)
{
	caps->permitted &= plan->keep;
	caps->effective &= plan->keep;
	caps->inheritable = plan->ambient ? caps->permitted : 0;
	int r = caps_set(caps);
	if (r < 0)
		return fail_sys(err, -r, "capset", "the command's capabilities");
	return plan->ambient ? raise_ambient(caps->permitted, err) : 0;
}

static int verify(const struct caps_plan *plan, struct error *err)
{
	struct caps caps = {0};
	int r = caps_get(&caps);

	if (r < 0)
		return fail_sys(err, -r, "capget", "nspeek");
	if (((caps.permitted | caps.effective | caps.inheritable) & ~plan->keep) != 0 ||
		((bounding_get() & ~plan->bounding) != 0 &&
			prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1))
		return fail(err, ERROR_SYSTEM, EPERM,
			"the command's capabilities could not be cut to %s", plan->reason);
	if (plan->required && (caps.permitted & caps.effective) != plan->keep)
		return fail(
			err, ERROR_SYSTEM, EPERM, "the command's capabilities did not take effect");
	return 0;
}

int caps_cut(const struct caps_plan *plan, const struct notice *notice, struct error *err)
{
	bool no_new_privs = plan->no_new_privs;
	struct caps caps = {0};
	int r = caps_get(&caps);

	if (r < 0)
		return fail_sys(err, -r, "capget", "nspeek");
	if (plan->required && (r = require(plan->keep, &caps, err)) < 0)
		return r;
	if ((r = lower_bounding(plan->bounding)) < 0 && r != -EPERM)
		return fail_sys(err, -r, "prctl", "the bounding set");
	if (r < 0) {
		no_new_privs = true;
		notice_step(notice, "the bounding set cannot be lowered without CAP_SETPCAP: "
				    "no_new_privs is set instead");
	}
	if ((r = lower_sets(plan, &caps, err)) < 0)
		return r;
	if (no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail_sys(err, errno, "prctl", "no_new_privs");
	if ((r = verify(plan, err)) < 0)
		return r;
	if (notice->steps) // to ask for the set takes a call for each capability
		notice_step(notice,
			"capabilities: cut to %s, %016llx of the bounding set %016llx%s",
			plan->reason, (unsigned long long)caps.permitted,
			(unsigned long long)bounding_get(), no_new_privs ? ", no_new_privs" : "");
	return 0;
}

int caps_keep(bool ambient, const struct notice *notice, struct error *err)
{
	struct caps caps = {0};
	int r = caps_get(&caps);

	if (r < 0)
		return fail_sys(err, -r, "capget", "nspeek");
	if (ambient) {
		caps.inheritable = caps.permitted;
		if ((r = caps_set(&caps)) < 0)
			return fail_sys(err, -r, "capset", "the inheritable capabilities");
		if ((r = raise_ambient(caps.permitted, err)) < 0)
			return r;
	}
	notice_step(
		notice, "capabilities: ours are kept, %016llx", (unsigned long long)caps.permitted);
	return 0;
}

// Makes those of EFFECTIVE that are permitted, and no others, effective.
static int set_effective(uint64_t effective, struct error *err)
{
	struct caps caps = {0};
	int r = caps_get(&caps);

	if (r == 0) {
		caps.effective = caps.permitted & effective;
		r = caps_set(&caps);
	}
	return r < 0 ? fail_sys(err, -r, "capset", "nspeek") : 0;
}

int caps_rest(struct error *err)
{
	return set_effective(0, err);
}

int caps_wake(struct error *err)
{
	return set_effective(UINT64_MAX, err);
}

bool caps_root_is_special(void)
{
	int bits = prctl(PR_GET_SECUREBITS);

	return bits < 0 || !(bits & SECBIT_NOROOT);
}
