// SPDX-License-Identifier: GPL-2.0-or-later
// Copying security labels.
#include "lsm.h"

#include "cleanup.h"
#include "fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *current;
	const char *exec;
	int (*parse)(const char *text, size_t len, struct lsm_label *ret);
} lsm_files[LSM_LABELS] = {
	{"attr/apparmor/current", "attr/apparmor/exec", lsm_label_parse_apparmor},
	{"attr/current", "attr/exec", lsm_label_parse_current},
};

// The kernel's answers where no module stands behind the file.
static bool is_absent(ssize_t r)
{
	return r == -ENOENT || r == -EINVAL || r == -EOPNOTSUPP;
}

static int read_label(int dir_fd, int i, struct lsm_labels *ret)
{
	char text[LSM_LABEL_SIZE];
	ssize_t len = fd_read_small_at(dir_fd, lsm_files[i].current, text, sizeof(text));

	if (is_absent(len) || len == 0)
		return 0;
	if (len < 0)
		return (int)len;
	if (!ret->label && !(ret->label = calloc(LSM_LABELS, sizeof(*ret->label))))
		return -ENOMEM;
	return lsm_files[i].parse(text, (size_t)len, &ret->label[i]);
}

int lsm_read_at(int dir_fd, struct lsm_labels *ret)
{
	auto_lsm_labels struct lsm_labels labels = {0};

	for (int i = 0; i < LSM_LABELS; i++) {
		int r = read_label(dir_fd, i, &labels);
		if (r < 0)
			return r;
	}
	// Older interfaces show AppArmor's label in both places.
	if (labels.label && labels.label[0].kind == LSM_APPARMOR &&
		labels.label[1].kind == LSM_APPARMOR)
		labels.label[1].kind = LSM_NONE;
	*ret = labels;
	labels.label = NULL;
	return 0;
}

int lsm_read(const struct target *target, struct lsm_labels *ret, struct error *err)
{
	int r = lsm_read_at(target->task_fd, ret);

	if (r == 0)
		return 0;
	fail_sys(err, -r, "read", "the security label of process %d", target->pid);
	error_hint(err, "--privileged keeps our own label");
	return r;
}

static int set_exec(const struct lsm_label *label, int i, int self_fd, struct error *err)
{
	char text[LSM_LABEL_SIZE + 8];
	bool is_apparmor = label->kind == LSM_APPARMOR;
	int len = snprintf(text, sizeof(text), "%s%s", is_apparmor ? "exec " : "", label->text);

	if (label->kind == LSM_OTHER) {
		fail(err, ERROR_SYSTEM, EOPNOTSUPP,
			"the target's security label %s belongs to a module that cannot give it to "
			"a command",
			label->text);
		error_hint(err, "--privileged keeps our own label");
		return -EOPNOTSUPP;
	}
	auto_fd int fd = openat(self_fd, lsm_files[i].exec, O_WRONLY | O_CLOEXEC);
	int r = fd < 0 ? -errno : fd_write_all(fd, text, (size_t)len);
	if (r < 0) {
		fail_sys(err, -r, "taking the target's security label", "%s", label->text);
		error_hint(err, "--privileged keeps our own label");
	}
	return r;
}

int lsm_set_exec(const struct lsm_labels *labels, int self_fd, const struct notice *notice,
	struct error *err)
{
	auto_lsm_labels struct lsm_labels ours = {0};
	int r;

	if (!labels->label)
		return 0;
	if ((r = lsm_read_at(self_fd, &ours)) < 0)
		return fail_sys(err, -r, "read", "our own security label");
	for (int i = 0; i < LSM_LABELS; i++) {
		const struct lsm_label *label = &labels->label[i];
		if (label->kind == LSM_NONE ||
			(ours.label && strcmp(label->text, ours.label[i].text) == 0))
			continue;
		if ((r = set_exec(label, i, self_fd, err)) < 0)
			return r;
		notice_step(notice, "security label: %s", label->text);
	}
	return 0;
}

void lsm_labels_fini(struct lsm_labels *labels)
{
	free(labels->label);
	labels->label = NULL;
}
