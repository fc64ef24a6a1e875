// SPDX-License-Identifier: GPL-2.0-or-later
// Reading processes: of a tree that stands for /proc/PID, and children of ours.
#include "processes.h"

#include "scratch_root.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

static const char stat_line[] =
	"7 (a) b) S 1 7 7 0 -1 4194560 10 20 30 40 123 45 6 7 20 0 1 0 99 0\n";

static struct target target_in(const struct scratch_root *scratch)
{
	struct target target = TARGET_EMPTY;

	target.pid = target.tid = 7;
	target.proc_fd = target.task_fd = scratch->fd;
	target.status = (struct proc_status){.state = 'S', .rss_kb = 12};
	return target;
}

static void put(const struct scratch_root *scratch, const char *name, const char *text, size_t len)
{
	scratch_root_write(scratch, name, text, len, 0644);
}

Test(processes, row_of_a_tree)
{
	struct scratch_root scratch = scratch_root_new();
	struct target target = target_in(&scratch);
	struct process_row row = {0};

	check_int(process_row_read(&target, &row), -ENOENT);
	put(&scratch, "stat", "7 (a) S 1", 9);
	check_int(process_row_read(&target, &row), -EINVAL);
	check_int(row.pid, 0);
	put(&scratch, "stat", stat_line, strlen(stat_line));
	check_int(process_row_read(&target, &row), 0);
	check_int(row.pid, 7);
	check_u64(row.status.rss_kb, 12);
	check_u64(row.start_ticks, 99);
	check_u64(row.cpu_ticks, 168);
	check_u64(row.pidfd_inode, 0); // there is none
	check_u64(row.pid_ns, 0);
	check_int(row.words_known, PROCESS_WORDS_UNKNOWN);
	scratch_root_fini(&scratch);
}

static void check_words(const struct scratch_root *scratch, const char *text, size_t len,
	enum process_words known, size_t kept)
{
	struct target target = target_in(scratch);
	char buffer[8];
	uint32_t ret = 0;

	put(scratch, "cmdline", text, len);
	check_int(process_words_read(&target, buffer, sizeof(buffer), &ret), known);
	check_u64(ret, kept);
	check_true(memcmp(buffer, text, kept) == 0);
}

Test(processes, command_lines)
{
	struct scratch_root scratch = scratch_root_new();
	struct target target = target_in(&scratch);
	char buffer[8];
	uint32_t len = 5;

	check_int(process_words_read(&target, buffer, sizeof(buffer), &len), PROCESS_WORDS_UNKNOWN);
	check_words(&scratch, "", 0, PROCESS_WORDS_WHOLE, 0);
	check_words(&scratch, "a\0bc\0", 5, PROCESS_WORDS_WHOLE, 4);
	check_words(&scratch, "a\0\0b", 4, PROCESS_WORDS_WHOLE, 4);
	check_words(&scratch, "ab\0\0\0\0", 6, PROCESS_WORDS_WHOLE, 2);
	check_words(&scratch, "\0\0\0", 3, PROCESS_WORDS_WHOLE, 0);
	check_words(&scratch, "1234567\0", 8, PROCESS_WORDS_WHOLE, 7);
	check_words(&scratch, "12345678", 8, PROCESS_WORDS_WHOLE, 8);
	check_words(&scratch, "123456789", 9, PROCESS_WORDS_CUT, 8);
	check_words(&scratch, "1234567\0009", 9, PROCESS_WORDS_CUT, 8);
	scratch_root_fini(&scratch);
}

// A child that waits to be killed, or one that is dead.
static pid_t child(bool lives)
{
	pid_t pid = fork();

	if (pid == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (pid == 0 && lives)
		pause();
	if (pid == 0)
		_exit(0);
	check_true(pid > 0);
	siginfo_t info;
	if (!lives)
		check_int(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	return pid;
}

static int order(const void *a, const void *b)
{
	return *(const pid_t *)a - *(const pid_t *)b;
}

// A container that is our PID namespace, and lists PIDS.
static struct members members_of(pid_t *pids, size_t count)
{
	struct stat st;

	check_int(stat("/proc/self/ns/pid", &st), 0);
	qsort(pids, count, sizeof(*pids), order);
	return (struct members){
		.pids = pids, .count = count, .ns_dev = st.st_dev, .ns_inode = st.st_ino};
}

Test(processes, of_children)
{
	pid_t alive = child(true), dead = child(false), gone = child(false);
	pid_t pids[] = {alive, dead, gone};
	struct members members = members_of(pids, 3);
	struct processes processes;
	struct error err = {0};
	char words[4096]; // a child's are ours
	int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);

	check_true(read(fd, words, sizeof(words)) > 0);
	close(fd);
	check_int(waitpid(gone, NULL, 0), gone);
	check_int(processes_read(&members, &processes, &err), 0);
	check_u64(processes.count, 2);
	check_u64(processes.unread, 0);
	for (size_t i = 0; i < processes.count; i++) {
		const struct process_row *row = &processes.rows[i];
		bool is_alive = row->pid == alive;
		check_true(is_alive || row->pid == dead);
		check_true(i == 0 || row->pid > processes.rows[i - 1].pid);
		check_int(row->status.ppid, getpid());
		check_int(row->status.state == 'Z', !is_alive);
		check_int(row->status.rss_kb > 0, is_alive);
		check_true(row->start_ticks > 0);
		check_int(row->words_known, PROCESS_WORDS_WHOLE);
		check_int(row->words_len > 0, is_alive);
		check_true(!is_alive ||
			   memcmp(processes.texts + row->words_at, words, row->words_len) == 0);
	}
	processes_fini(&processes);
	processes_fini(&processes);
	kill(alive, SIGKILL);
	check_int(waitpid(alive, NULL, 0), alive);
	check_int(waitpid(dead, NULL, 0), dead);
	check_int(waitpid(-1, NULL, 0), -1); // no child of processes_read() is left
	check_no_leak();
}

// More than one child reads.
Test(processes, many)
{
	enum { COUNT = 600 };
	static pid_t pids[COUNT];
	struct processes processes;
	struct error err = {0};

	for (size_t i = 0; i < COUNT; i++)
		pids[i] = child(true);
	struct members members = members_of(pids, COUNT);
	check_int(processes_read(&members, &processes, &err), 0);
	check_u64(processes.count, COUNT);
	for (size_t i = 0; i < COUNT; i++) {
		check_int(processes.rows[i].pid, pids[i]);
		check_int(processes.rows[i].words_known, PROCESS_WORDS_WHOLE);
		check_true(processes.rows[i].words_len > 0);
	}
	processes_fini(&processes);
	for (size_t i = 0; i < COUNT; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
}

// Somebody else, who has the number of a process that was listed.
Test(processes, that_are_no_members)
{
	pid_t alive = child(true);
	struct members members = members_of(&alive, 1);
	struct processes processes;
	struct error err = {0};

	members.verdicts = calloc(256, sizeof(uint64_t) * 4);
	members.ns_inode++;
	check_int(processes_read(&members, &processes, &err), 0);
	check_u64(processes.count, 0);
	processes_fini(&processes);
	free(members.verdicts);
	kill(alive, SIGKILL);
	waitpid(alive, NULL, 0);
	check_no_leak();
}
