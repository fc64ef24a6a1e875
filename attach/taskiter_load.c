// SPDX-License-Identifier: GPL-2.0-or-later
// Loading the iterator's program.
#include "taskiter.h"

#include "cleanup.h"
#include "cpus.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

void taskiter_tidy(struct taskiter_program *program)
{
	if (program->loader > 0 && program->socket < 0 &&
		waitpid(program->loader, NULL, WNOHANG) > 0)
		program->loader = 0;
}

void taskiter_program_fini(struct taskiter_program *program)
{
	if (program->loader > 0) {
		kill(program->loader, SIGKILL);
		cpus_bring_here(program->loader);
		while (waitpid(program->loader, NULL, 0) < 0 && errno == EINTR)
			;
	}
	close_fd(&program->prog_fd);
	close_fd(&program->wanted_fd);
	close_fd(&program->socket);
	program->loader = 0;
}

#if defined(NSPEEK_HAVE_BPF)

#include "fdpass.h"
#include "taskiter/record.h"

#include "taskiter.lskel.h" // which names a type of that

#include <linux/bpf.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

enum {
	LOADING_MS = 3,  // that loading takes the child
	LOADER_MS = 100, // that it may take: its CPU may be another's
};

// Attaches program PROG_FD: to the threads of PID alone, where the kernel can choose (Linux 6.1).
static int attach(int prog_fd, pid_t pid)
{
	struct {
		__u32 tid, pid, pid_fd;
	} chosen = {.pid = (__u32)pid}; // union bpf_iter_link_info, task
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = (__u32)prog_fd;
	attr.link_create.attach_type = BPF_TRACE_ITER;
	attr.link_create.iter_info = (__u64)(uintptr_t)&chosen;
	attr.link_create.iter_info_len = sizeof(chosen);
	long fd = syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));
	if (fd < 0 && (errno == E2BIG || errno == EINVAL)) {
		attr.link_create.iter_info = 0;
		attr.link_create.iter_info_len = 0;
		fd = syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));
	}
	return fd < 0 ? -errno : (int)fd; // bpf(2) makes all of its fds O_CLOEXEC
}

// Loads what is kept of the program into *PROGRAM. Returns 0 or -errno.
static int load(struct taskiter_program *program)
{
	struct taskiter *skeleton = taskiter__open();

	if (!skeleton)
		return -ENOMEM;
	int r = taskiter__load(skeleton);
	if (r < 0) {
		r = errno == EPERM || errno == EACCES ? -EPERM : -ENOSYS;
	} else {
		program->prog_fd = skeleton->progs.dump_task.prog_fd;
		program->wanted_fd = skeleton->maps.bss.map_fd;
		skeleton->progs.dump_task.prog_fd = skeleton->maps.bss.map_fd = 0; // none to close
	}
	// With its mapping: no child may have it.
	taskiter__destroy(skeleton);
	return r;
}

// Sends STATUS, with FD beside it unless that is negative.
static int send_fd(int socket, int status, int fd)
{
	struct iovec pieces[2] = {{&status, sizeof(status)}, {NULL, 0}};

	return fdpass_send(socket, pieces, fd);
}

// Receives what send_fd() sends. Returns the status, or -errno.
static int receive_fd(int socket, int *ret_fd)
{
	int status;
	ssize_t len = fdpass_receive(socket, &status, sizeof(status), ret_fd);

	return len < 0 ? (int)len : len != sizeof(status) ? -ECHILD : status;
}

// The child. Returns its exit status.
static int load_for(struct taskiter_program *program, pid_t parent, int socket)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		return 1;
	int r = load(program);
	if (send_fd(socket, r, program->prog_fd) < 0)
		return 1;
	return r == 0 && send_fd(socket, 0, program->wanted_fd) < 0;
}

void taskiter_load_begin(struct taskiter_program *program)
{
	const struct timeval timeout = {.tv_usec = LOADER_MS * 1000};
	const pid_t parent = getpid();
	int sockets[2], cpu;

	if (program->prog_fd >= 0 || program->begun || !cpus_are_several() ||
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
		return;
	pid_t pid = cpus_fork(&cpu);
	if (pid == 0)
		_exit(load_for(program, parent, sockets[1]));
	close(sockets[1]);
	if (pid < 0) {
		close(sockets[0]);
		return;
	}
	setsockopt(sockets[0], SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	program->begun = true;
	program->loader = pid;
	program->socket = sockets[0];
}

// Takes what the child has loaded. Returns 0, or -errno: of loading, or another when it did not
// come to that, or not in time.
static int take_loaded(struct taskiter_program *program)
{
	struct pollfd poll_fd = {.fd = program->socket, .events = POLLIN};

	if (poll(&poll_fd, 1, LOADING_MS) == 0 && cpus_is_waiting(program->loader))
		cpus_take_over(program->loader); // others have the CPU that it was to have
	int r = receive_fd(program->socket, &program->prog_fd);
	if (r == 0)
		r = receive_fd(program->socket, &program->wanted_fd);
	if (r < 0)
		close_fd(&program->prog_fd);
	close_fd(&program->socket);
	return r;
}

// Tells PROGRAM that process PID is meant.
static int choose(const struct taskiter_program *program, pid_t pid)
{
	const struct taskiter_wanted wanted = {.pid = pid};
	const __u32 first = 0;
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (__u32)program->wanted_fd;
	attr.key = (__u64)(uintptr_t)&first;
	attr.value = (__u64)(uintptr_t)&wanted;
	return syscall(SYS_bpf, BPF_MAP_UPDATE_ELEM, &attr, sizeof(attr)) < 0 ? -errno : 0;
}

int taskiter_open(struct taskiter_program *program, pid_t pid)
{
	int r = program->prog_fd >= 0 ? 0 : program->socket >= 0 ? take_loaded(program) : -ECHILD;

	if (r != 0 && r != -EPERM && r != -ENOSYS)
		r = load(program);
	if (r == 0)
		r = choose(program, pid);
	return r < 0 ? r : attach(program->prog_fd, pid);
}

#else

void taskiter_load_begin(struct taskiter_program *program)
{
	(void)program;
}

int taskiter_open(struct taskiter_program *program, pid_t pid)
{
	(void)program, (void)pid;
	return -ENOPKG;
}

#endif
