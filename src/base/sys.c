// SPDX-License-Identifier: GPL-2.0-or-later
// Thin system call wrappers.
#include "sys.h"

#include "proc_maps.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/openat2.h>
#include <linux/stat.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

// PID_FS_MAGIC of linux/magic.h, which older headers lack.
enum { PIDFS_MAGIC = 0x50494446 };

int sys_pidfd_open(pid_t pid, unsigned flags)
{
	return (int)syscall(SYS_pidfd_open, pid, flags);
}

int sys_pidfd_send_signal(int pidfd, int sig)
{
	return (int)syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0);
}

int sys_pidfd_inode(int pidfd, uint64_t *ret)
{
	struct statfs fs;
	struct stat st;

	if (fstatfs(pidfd, &fs) < 0 || fstat(pidfd, &st) < 0)
		return -1;
	if (fs.f_type != PIDFS_MAGIC) {
		errno = EOPNOTSUPP;
		return -1;
	}
	*ret = st.st_ino;
	return 0;
}

int sys_pidfd_open_namespace(int pidfd, int number)
{
	return ioctl(pidfd, _IO(0xffu, (unsigned)number), 0);
}

int sys_openat2(int dirfd, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
		.resolve = resolve,
	};

	return (int)syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
}

// As sys_file_id(), where a filter denies statx(2).
static int file_id_by_stat(int dirfd, const char *path, int flags, struct sys_file_id *ret)
{
	struct stat st;

	if (fstatat(dirfd, path, &st, flags) < 0)
		return -1;
	*ret = (struct sys_file_id){
		.inode = st.st_ino, .dev_major = major(st.st_dev), .dev_minor = minor(st.st_dev)};
	return 0;
}

int sys_file_id(int dirfd, const char *path, struct sys_file_id *ret)
{
	struct statx st;
	int flags = AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW;

	if (syscall(SYS_statx, dirfd, path, flags, STATX_INO | STATX_MNT_ID, &st) < 0)
		return errno == ENOSYS ? file_id_by_stat(dirfd, path, flags, ret) : -1;
	*ret = (struct sys_file_id){.inode = st.stx_ino,
		.mount_id = st.stx_mnt_id,
		.dev_major = st.stx_dev_major,
		.dev_minor = st.stx_dev_minor,
		.has_mount_id = st.stx_mask & STATX_MNT_ID};
	return 0;
}

int sys_close_range(unsigned first, unsigned last)
{
	return (int)syscall(SYS_close_range, first, last, 0);
}

int sys_close_range_cloexec(unsigned first, unsigned last)
{
	return (int)syscall(SYS_close_range, first, last, CLOSE_RANGE_CLOEXEC);
}

// struct procmap_query of linux/fs.h, which older headers lack.
struct map_query {
	uint64_t size, flags, addr;
	uint64_t start, end, vma_flags, page_size, offset, inode;
	uint32_t dev_major, dev_minor, name_size, build_id_size;
	uint64_t name, build_id;
};

int sys_find_map(int fd, uint64_t addr, bool file, struct proc_map *ret)
{
	enum { READABLE = 1, WRITABLE = 2, EXECUTABLE = 4, OR_NEXT = 16, OF_FILE = 32 };
	const unsigned long query_nr = _IOWR('f', 17, struct map_query);
	struct map_query query = {.size = sizeof(query),
		.flags = file ? EXECUTABLE | OF_FILE | OR_NEXT : 0,
		.addr = addr};

	if (syscall(SYS_ioctl, fd, query_nr, &query) < 0)
		return -1;
	*ret = (struct proc_map){.start = query.start,
		.end = query.end,
		.offset = query.offset,
		.inode = query.inode,
		.dev_major = query.dev_major,
		.dev_minor = query.dev_minor,
		.readable = query.vma_flags & READABLE,
		.writable = query.vma_flags & WRITABLE,
		.executable = query.vma_flags & EXECUTABLE};
	return 0;
}

int sys_populate(void *addr, size_t len)
{
	enum { POPULATE_READ = 22 }; // not in every C library's headers

	return madvise(addr, len, POPULATE_READ);
}

int sys_populate_private(void *addr, size_t len)
{
	enum { POPULATE_WRITE = 23, PAGE = 4096 };
	size_t before = (uintptr_t)addr % PAGE;

	return madvise((unsigned char *)addr - before, len + before, POPULATE_WRITE);
}

void sys_populate_stack(size_t len)
{
	const size_t page =
		4096; // where pages are larger, it begins in the middle of one and fails
	uintptr_t end = (uintptr_t)__builtin_frame_address(0) & ~(page - 1);

	sys_populate_private((void *)(end - len), len);
}
