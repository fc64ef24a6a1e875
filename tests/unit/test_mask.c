// SPDX-License-Identifier: GPL-2.0-or-later
#include "mask.h"
#include "unit.h"

static struct masks masks;

static int parse(const char *text)
{
	return masks_parse(text, strlen(text), &masks);
}

// The only mask at POINT, or NULL.
static const struct mask *find(const char *point)
{
	const struct mask *found = NULL;

	for (size_t i = 0; i < masks.count; i++) {
		if (strcmp(masks.items[i].point, point) != 0)
			continue;
		cr_assert(!found, "%s stands there twice", point);
		found = &masks.items[i];
	}
	return found;
}

static void check_mask(const char *point, enum mask_kind kind)
{
	const struct mask *mask = find(point);

	cr_assert(mask, "%s is not masked", point);
	check_int(mask->kind, kind);
}

#define ROOT "10 1 0:30 / / ro,relatime - overlay overlay rw,lowerdir=/a\n"
#define PROC "11 10 0:40 / /proc rw,nosuid - proc proc rw\n"
#define SYS  "12 10 0:41 / /sys ro,nosuid - sysfs sysfs ro\n"

Test(mask, of_a_container)
{
	check_int(parse(ROOT PROC SYS
			  "13 11 0:42 /null /proc/kcore rw,nosuid - tmpfs tmpfs rw,size=65536k\n"
			  "14 11 0:6 /null /proc/keys rw - devtmpfs udev rw\n"
			  "15 11 0:43 / /proc/acpi ro,relatime - tmpfs tmpfs ro\n"
			  "16 11 0:40 /sys /proc/sys ro,nosuid - proc proc rw\n"
			  "17 11 0:40 /bus /proc/bus rw,nosuid - proc proc rw\n"
			  "18 11 0:44 /proc/cpuinfo /proc/cpuinfo rw - fuse.lxcfs lxcfs rw\n"
			  "19 12 0:45 / /sys/fs/cgroup ro - cgroup2 cgroup rw\n"
			  "20 12 0:46 / /sys/firmware ro - tmpfs tmpfs ro\n"),
		0);
	check_true(masks.root_read_only);
	check_mask("/proc/kcore", MASK_HIDDEN);
	check_mask("/proc/keys", MASK_HIDDEN);
	check_mask("/proc/acpi", MASK_HIDDEN);
	check_mask("/proc/sys", MASK_READ_ONLY);
	check_mask("/proc/cpuinfo", MASK_REPLACED);
	check_str(find("/proc/cpuinfo")->type, "fuse.lxcfs");
	check_mask("/sys", MASK_READ_ONLY);
	check_mask("/sys/firmware", MASK_HIDDEN);
	check_int(masks.count, 7);
	check_str(masks.options, "");
	check_false(masks.more);
}

Test(mask, of_a_host)
{
	check_int(parse("10 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n"
			"11 10 0:40 / /proc rw - proc proc rw,hidepid=invisible,subset=pid\n"
			"12 10 0:41 / /sys rw - sysfs sysfs rw\n"
			"13 12 0:42 / /sys/fs/cgroup ro - tmpfs tmpfs ro\n"
			"14 13 0:43 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
			"15 12 0:44 / /sys/kernel/debug rw - debugfs debugfs rw\n"
			"16 11 0:45 / /proc/sys/fs/binfmt_misc rw - autofs systemd-1 rw\n"
			"17 10 0:46 / /proceedings ro - tmpfs tmpfs ro\n"
			"18 10 0:46 / /tmp ro - tmpfs tmpfs ro\n"),
		0);
	check_false(masks.root_read_only);
	check_int(masks.count, 0);
	check_str(masks.options, "hidepid=invisible,subset=pid");
}

Test(mask, what_is_covered_does_not_count)
{
	// A new procfs over one that was masked.
	check_int(parse(ROOT PROC "13 11 0:42 /null /proc/kcore rw - tmpfs tmpfs rw\n"
				  "14 11 0:50 / /proc rw - proc proc rw\n"
				  "15 14 0:42 /null /proc/keys rw - tmpfs tmpfs rw\n"),
		0);
	check_int(masks.count, 1);
	check_mask("/proc/keys", MASK_HIDDEN);
	// One mask over another, and what takes it back.
	check_int(parse(ROOT PROC "13 11 0:42 /null /proc/kcore rw - tmpfs tmpfs rw\n"
				  "14 13 0:43 /f /proc/kcore rw - ext4 /dev/a rw\n"
				  "15 11 0:42 /null /proc/keys rw - tmpfs tmpfs rw\n"
				  "16 15 0:40 /keys /proc/keys rw - proc proc rw\n"),
		0);
	check_int(masks.count, 1);
	check_mask("/proc/kcore", MASK_REPLACED);
	// Something else at /proc.
	check_int(parse(ROOT "11 10 0:40 / /proc rw - tmpfs tmpfs rw\n"
			     "13 11 0:42 /null /proc/kcore rw - tmpfs tmpfs rw\n"),
		0);
	check_int(masks.count, 0);
}

Test(mask, another_file_of_procfs_replaces)
{
	check_int(parse(ROOT PROC "13 11 0:40 /version /proc/kcore rw - proc proc rw\n"), 0);
	check_mask("/proc/kcore", MASK_REPLACED);
}

Test(mask, many)
{
	char *text = NULL;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	fputs(ROOT PROC, file);
	for (int i = 0; i < 20000; i++)
		fprintf(file, "%d 11 0:42 / /proc/%d rw - tmpfs tmpfs rw\n", 100 + i, i);
	fclose(file);
	check_int(masks_parse(text, len, &masks), 0);
	check_int(masks.count, MASK_COUNT);
	check_true(masks.more);
	free(text);
	check_no_leak();
}

Test(mask, malformed)
{
	check_int(parse(ROOT "nonsense\n"), -EINVAL);
	check_int(parse(""), 0);
	check_int(masks.count, 0);
	check_int(parse("10 1 0:30 / / ro,relatime - overlay\n"), -EINVAL);
	// Names with escapes, and one that is too long to be kept.
	char text[1024], point[400];
	memset(point, 'x', sizeof(point) - 1);
	point[sizeof(point) - 1] = '\0';
	snprintf(text, sizeof(text),
		ROOT PROC "13 11 0:42 / /proc/a\\040b rw - tmpfs tmpfs rw\n"
			  "14 11 0:42 / /proc/%s rw - tmpfs tmpfs rw\n",
		point);
	check_int(parse(text), 0);
	check_mask("/proc/a b", MASK_HIDDEN);
	check_int(masks.count, 1);
	check_true(masks.more);
}
