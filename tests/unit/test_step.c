// SPDX-License-Identifier: GPL-2.0-or-later
// Programs executed instruction by instruction, with their stack unwound at each: whatever happens
// above, the chain below never changes. NSPEEK_FIXTURES says where the programs are.
#include "cleanup.h"
#include "proc_maps.h"
#include "unit.h"
#include "unwind.h"
#include "verify.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FRAMES_MAX = 100, TRUTH_MAX = 10, STEPS_MAX = 200000, MAPS_MAX = 256, MODULES_MAX = 32 };
enum { VDSO_LOOKS = 500 }; // more instructions than a call of the vDSO has

struct stepped {
	pid_t pid;
	int mem;
	struct snapshot snapshot;
	struct snapshot_thread thread;
	struct unwind_frame frames[FRAMES_MAX];
	size_t count;
	struct stack_end end;
	int vdso_looks; // since it entered the vDSO
};

// What is known of a thread that was not stopped: see proc_pid_syscall(5).
static const uint64_t BLOCKED_REGS = UINT64_C(1) << ARCH_REG_PC | UINT64_C(1) << ARCH_REG_SP;

static uint64_t true_pcs[TRUTH_MAX]; // return addresses, the innermost first
static size_t true_count;

// The true chain out of what the program printed.
static void read_truth(int pipe_fd)
{
	char text[4096], *line = text;
	size_t len = 0;

	for (ssize_t n; !memmem(text, len, "READY\n", 6) &&
			(n = read(pipe_fd, text + len, sizeof(text) - 1 - len)) > 0;)
		len += (size_t)n;
	text[len] = '\0';
	for (true_count = 0; (line = strstr(line, "frame ")); line++) {
		unsigned long long pc;
		if (sscanf(line, "frame %*d %*s 0x%llx", &pc) == 1 && true_count < TRUTH_MAX)
			true_pcs[true_count++] = pc;
	}
	check_true(true_count >= 3);
}

static int add_module(struct stepped *stepped, const struct proc_map *map)
{
	struct snapshot *snapshot = &stepped->snapshot;
	bool vdso = map->path_len == 6 && memcmp(map->path, "[vdso]", 6) == 0;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%.*s", (int)map->path_len, map->path);
	for (size_t i = 0; i < snapshot->module_count; i++)
		if (strcmp(snapshot->modules[i].path, path) == 0)
			return (int)i;
	if (path[0] != '/' && !vdso)
		return SNAPSHOT_NO_MODULE;
	check_true(snapshot->module_count < MODULES_MAX);
	struct snapshot_module *module = &snapshot->modules[snapshot->module_count];
	*module = (struct snapshot_module){.path = strdup(path), .fd = -EBADF};
	module->source = vdso ? SNAPSHOT_SOURCE_MEMORY : SNAPSHOT_SOURCE_MAP_FILES;
	if (vdso) {
		module->image_len = map->end - map->start;
		module->image = malloc(module->image_len);
		check_int(pread(stepped->mem, module->image, module->image_len, (off_t)map->start),
			module->image_len);
	} else {
		module->fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	return (int)snapshot->module_count++;
}

static void read_maps(struct stepped *stepped)
{
	static char text[1 << 16];
	char path[32];
	struct snapshot *snapshot = &stepped->snapshot;
	struct proc_map map;
	size_t len = 0;

	snprintf(path, sizeof(path), "/proc/%d/maps", stepped->pid);
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	for (ssize_t n; (n = read(fd, text + len, sizeof(text) - len)) > 0;)
		len += (size_t)n;
	snapshot->maps = calloc(MAPS_MAX, sizeof(*snapshot->maps));
	snapshot->modules = calloc(MODULES_MAX, sizeof(*snapshot->modules));
	const char *cursor = text;
	while (proc_map_next(&cursor, text + len, &map) > 0 && snapshot->map_count < MAPS_MAX)
		snapshot->maps[snapshot->map_count++] = (struct snapshot_map){map.start, map.end,
			map.offset, add_module(stepped, &map), map.writable, map.executable};
}

// Starts PROGRAM and lets it run to its first stop.
static void start(struct stepped *stepped, const char *program)
{
	int ends[2], status;
	char path[32];

	*stepped = (struct stepped){.mem = -EBADF};
	check_int(pipe(ends), 0);
	stepped->pid = fork();
	if (stepped->pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		execl(program, program, (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	check_int(waitpid(stepped->pid, &status, 0), stepped->pid); // the execve
	check_true(WIFSTOPPED(status));
	ptrace(PTRACE_SETOPTIONS, stepped->pid, 0, PTRACE_O_EXITKILL);
	ptrace(PTRACE_CONT, stepped->pid, 0, 0);
	check_int(waitpid(stepped->pid, &status, 0), stepped->pid);
	check_true(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	read_truth(ends[0]);
	close(ends[0]);
	snprintf(path, sizeof(path), "/proc/%d/mem", stepped->pid);
	stepped->mem = open(path, O_RDONLY | O_CLOEXEC);
	read_maps(stepped);
	stepped->snapshot.threads = calloc(1, sizeof(*stepped->snapshot.threads));
	stepped->snapshot.stacks = calloc(1, 1 << 16);
}

static void finish(struct stepped *stepped)
{
	kill(stepped->pid, SIGKILL);
	waitpid(stepped->pid, NULL, 0);
	close(stepped->mem);
	snapshot_fini(&stepped->snapshot);
}

// Unwinds the program as it stands.
static void look(
	struct stepped *stepped, const struct unwinder *unwinder, void *engine, uint64_t known)
{
#if defined(__x86_64__)
	struct user_regs_struct regs;
	check_int(ptrace(PTRACE_GETREGS, stepped->pid, 0, &regs), 0);
	const uint64_t values[ARCH_REG_COUNT] = {regs.rax, regs.rdx, regs.rcx, regs.rbx, regs.rsi,
		regs.rdi, regs.rbp, regs.rsp, regs.r8, regs.r9, regs.r10, regs.r11, regs.r12,
		regs.r13, regs.r14, regs.r15, regs.rip};
#endif
	struct snapshot_thread *thread = &stepped->snapshot.threads[0];

	*thread = (struct snapshot_thread){.status = SNAPSHOT_THREAD_CAPTURED, .regs_known = known};
	memcpy(thread->regs, values, sizeof(values));
	const struct snapshot_map *map =
		snapshot_find_map(&stepped->snapshot, thread->regs[ARCH_REG_SP]);
	check_true(map != NULL);
	size_t len = map->end - thread->regs[ARCH_REG_SP];
	thread->stack_len = len < 1 << 16 ? len : 1 << 16;
	check_int(pread(stepped->mem, stepped->snapshot.stacks, thread->stack_len,
			  (off_t)thread->regs[ARCH_REG_SP]),
		thread->stack_len);
	unwinder->unwind(
		engine, thread, stepped->frames, FRAMES_MAX, &stepped->count, &stepped->end);
}

// Whether PC is in its vDSO.
static bool is_in_vdso(const struct stepped *stepped, uint64_t pc)
{
	const struct snapshot_map *map = snapshot_find_map(&stepped->snapshot, pc);

	return map && map->module != SNAPSHOT_NO_MODULE &&
	       stepped->snapshot.modules[map->module].source == SNAPSHOT_SOURCE_MEMORY;
}

// Executes one instruction, and returns the signal that it stopped with. The vDSO starts over when
// the kernel has ticked while it read the clock, which is every time where a look takes long: so
// what is left of a call that has been looked at for long enough is executed in one go.
static int step_on(struct stepped *stepped)
{
	struct user_regs_struct regs;
	int status;

	do {
		check_int(ptrace(PTRACE_SINGLESTEP, stepped->pid, 0, 0), 0);
		check_int(waitpid(stepped->pid, &status, 0), stepped->pid);
		check_true(WIFSTOPPED(status));
		if (WSTOPSIG(status) != SIGTRAP)
			break;
		check_int(ptrace(PTRACE_GETREGS, stepped->pid, 0, &regs), 0);
		stepped->vdso_looks = is_in_vdso(stepped, regs.rip) ? stepped->vdso_looks + 1 : 0;
	} while (stepped->vdso_looks > VDSO_LOOKS);
	return WSTOPSIG(status);
}

// Where the true chain begins in the frames, or -1.
static int find_truth(const struct stepped *stepped)
{
	for (size_t first = 0; first + true_count <= stepped->count; first++) {
		size_t same = 0;
		while (same < true_count && stepped->frames[first + same].pc == true_pcs[same])
			same++;
		if (same == true_count)
			return (int)first;
	}
	return -1;
}

static void step_through(const char *name, const struct unwinder *unwinder)
{
	const char *fixtures = getenv("NSPEEK_FIXTURES");
	struct stepped stepped;
	struct space space;
	char program[PATH_MAX];
	int stop, steps = 0;

	cr_assert(fixtures, "NSPEEK_FIXTURES is not set");
	snprintf(program, sizeof(program), "%s/stepped/%s", fixtures, name);
	start(&stepped, program);
	check_int(space_init(&space, &stepped.snapshot), 0);
	void *engine = unwinder->open(&space);
	do {
		look(&stepped, unwinder, engine, UINT64_MAX);
		int first = find_truth(&stepped);
		if (first < 0 || stepped.end.status != STACK_COMPLETE)
			for (size_t i = 0; i < stepped.count; i++)
				fprintf(stderr, "#%zu 0x%llx via %d\n", i,
					(unsigned long long)stepped.frames[i].pc,
					(int)stepped.frames[i].via);
		cr_assert(first >= 0 && stepped.end.status == STACK_COMPLETE,
			"%s by %s, step %d at 0x%llx: %s", name, unwinder->name, steps,
			(unsigned long long)stepped.frames[0].pc, stepped.end.reason);
		check_true(steps++ < STEPS_MAX);
		stop = step_on(&stepped);
	} while (stop == SIGTRAP);
	check_int(stop, SIGSTOP);
	check_true(steps > 1000);
	unwinder->close(engine);
	space_fini(&space);
	finish(&stepped);
}

// With nothing known but the pc and the stack pointer a chain may end early, but never be another.
// Returns how many of a hundred are whole, outside of the vDSO.
static int step_through_blocked(const char *name)
{
	static struct unwind_frame whole[FRAMES_MAX];
	struct stepped stepped;
	struct space space;
	char program[PATH_MAX];
	int steps = 0, complete = 0;

	snprintf(program, sizeof(program), "%s/stepped/%s", getenv("NSPEEK_FIXTURES"), name);
	start(&stepped, program);
	check_int(space_init(&space, &stepped.snapshot), 0);
	void *engine = unwinder_rows.open(&space);
	do {
		look(&stepped, &unwinder_rows, engine, UINT64_MAX);
		memcpy(whole, stepped.frames, sizeof(whole));
		look(&stepped, &unwinder_rows, engine, BLOCKED_REGS);
		for (size_t i = 0; i < stepped.count; i++)
			cr_assert(stepped.frames[i].pc == whole[i].pc, "%s step %d frame %zu", name,
				steps, i);
		// The vDSO never blocks.
		if (!is_in_vdso(&stepped, stepped.snapshot.threads[0].regs[ARCH_REG_PC])) {
			steps++;
			complete += stepped.end.status == STACK_COMPLETE;
		}
	} while (step_on(&stepped) == SIGTRAP);
	unwinder_rows.close(engine);
	space_fini(&space);
	finish(&stepped);
	return 100 * complete / steps;
}

// Unwinds one program by two engines at each of its instructions: they never differ. Returns on how
// many of a hundred both come to the same end.
static int step_through_compared(const char *name)
{
	static struct unwind_frame other_frames[FRAMES_MAX];
	struct stepped stepped;
	struct space space;
	struct stack_end other_end;
	struct verify_chain ours = {.frames = stepped.frames, .end = &stepped.end},
			    other = {.frames = other_frames, .end = &other_end};
	struct stack_verify verify;
	char program[PATH_MAX];
	int steps = 0, same = 0;

	snprintf(program, sizeof(program), "%s/stepped/%s", getenv("NSPEEK_FIXTURES"), name);
	start(&stepped, program);
	check_int(space_init(&space, &stepped.snapshot), 0);
	void *engine = unwinder_rows.open(&space), *second = unwinder_libdwfl.open(&space);
	do {
		look(&stepped, &unwinder_rows, engine, UINT64_MAX);
		unwinder_libdwfl.unwind(second, &stepped.snapshot.threads[0], other_frames,
			FRAMES_MAX, &other.count, &other_end);
		ours.count = stepped.count;
		verify_compare(&ours, &other, &verify);
		cr_assert(verify.result != STACK_VERIFY_DIFFERS,
			"%s step %d at 0x%llx, frame %zu: 0x%llx", name, steps,
			(unsigned long long)stepped.frames[0].pc, verify.same,
			(unsigned long long)verify.other_pc);
		steps++;
		same += verify.result == STACK_VERIFY_SAME;
	} while (step_on(&stepped) == SIGTRAP);
	unwinder_rows.close(engine);
	unwinder_libdwfl.close(second);
	space_fini(&space);
	finish(&stepped);
	return 100 * same / steps;
}

static const char *const programs[] = {"gcc-O0-eh-dynamic", "gcc-O2-eh-dynamic",
	"gcc-O2-none-dynamic", "gcc-O0-none-static", "clang-O2-none-dynamic",
	"clang-Os-none-static", "musl-gcc-O2-eh-dynamic", "musl-gcc-O2-none-static",
	"musl-gcc-Os-none-static"};

Test(step, by_rows)
{
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		step_through(programs[i], &unwinder_rows);
}

Test(step, by_libunwind)
{
	step_through("gcc-O2-eh-dynamic", &unwinder_libunwind);
}

Test(step, engines_agree)
{
	static const char *const names[] = {"gcc-O0-eh-dynamic", "gcc-O2-eh-dynamic"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int same = step_through_compared(names[i]);
		// The others are at ends of functions (unwind_libdwfl.c).
		cr_assert(same >= 95, "%s: only %d %% are the same", names[i], same);
	}
}

Test(step, without_registers)
{
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		int complete = step_through_blocked(programs[i]);
		cr_assert(complete >= 90, "%s: only %d %% are whole", programs[i], complete);
	}
}
