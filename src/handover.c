// SPDX-License-Identifier: GPL-2.0-or-later
// The shipped program: becoming the one with all libraries.
//
// Theory of operation. The libraries that read ELF and DWARF, and that writes JSON, are four times
// as large as all else, and one of them, as Debian builds it, is not position-independent. So the
// shipped file is a program without them, which starts at once and at an address that nobody knows,
// and carries the one that has them, made of the same sources, in itself (src/CMakeLists.txt).
// Where these programs cannot be built, nspeek is one program, without this file.
//
// The other program is not executed: for execve(2) it would have to be a file of its own, copied
// into memory first, which takes longer than a small stack, and which limits, filters and a
// set-user-ID bit all have something to say about. It is mapped from our own file as execve(2)
// would map it (copied from our own memory, where no /proc leads to that file), gets a stack with
// the words, the environment and the auxiliary vector that we got, and is jumped to: System V ABI,
// "Process Initialization" and "Program Loading". Nothing of ours is used after that. Both programs
// are static, and ours has done nothing yet that another start of a C library could not bear: no
// thread, no handler, no lock.
#include "cleanup.h"
#include "error.h"
#include "report_error.h"
#include "this_program.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

// The program, made by nspeek_embed(), and our own file's header.
extern const unsigned char nspeek_full_start[], nspeek_full_end[], __ehdr_start[];

enum { EXIT_NONE = 2 };

// The program to become.
struct image {
	const Elf64_Ehdr *header;
	const Elf64_Phdr *segments;
	const void *work;  // what it is to do, or NULL: a command
	uintptr_t kind;    // of the work: PROGRAM_WORK or PROGRAM_STATE_WORK
	int fd;            // our file; -EBADF: it cannot be opened
	off_t offset;      // of it in our file
	uintptr_t base;    // what is added to its addresses
	uintptr_t headers; // where its segments' headers are mapped
};

static const char subject[] = "the program with all libraries";

static uintptr_t page_of(uintptr_t addr)
{
	return addr & ~(getauxval(AT_PAGESZ) - 1);
}

static uintptr_t page_after(uintptr_t addr)
{
	return page_of(addr + getauxval(AT_PAGESZ) - 1);
}

// The offset in our file of what is mapped at ADDR.
static off_t offset_of(const unsigned char *addr)
{
	const Elf64_Ehdr *ours = (const void *)__ehdr_start;
	const Elf64_Phdr *segments = (const void *)(__ehdr_start + ours->e_phoff);
	uintptr_t vaddr = (uintptr_t)addr - (ours->e_type == ET_DYN ? (uintptr_t)__ehdr_start : 0);

	for (size_t i = 0; i < ours->e_phnum; i++)
		if (segments[i].p_type == PT_LOAD && vaddr >= segments[i].p_vaddr &&
			vaddr - segments[i].p_vaddr < segments[i].p_filesz)
			return (off_t)(segments[i].p_offset + vaddr - segments[i].p_vaddr);
	return -1;
}

// Chooses where a position-independent program goes: room for all of it, which stays reserved.
static int find_room(struct image *image)
{
	uintptr_t end = 0;

	if (image->header->e_type != ET_DYN)
		return 0;
	for (size_t i = 0; i < image->header->e_phnum; i++)
		if (image->segments[i].p_type == PT_LOAD)
			end = image->segments[i].p_vaddr + image->segments[i].p_memsz;
	void *room = mmap(NULL, end, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (room == MAP_FAILED)
		return -errno;
	image->base = (uintptr_t)room;
	return 0;
}

// Maps LEN bytes at ADDR; of the image's file from OFFSET on, or zeros when that is negative. What
// is not reserved for it must be free.
static int map(const struct image *image, uintptr_t addr, size_t len, int prot, off_t offset)
{
	int flags = MAP_PRIVATE | (image->base ? MAP_FIXED : MAP_FIXED_NOREPLACE) |
		    (offset < 0 ? MAP_ANONYMOUS : 0);
	void *mapped = len == 0 ? NULL
				: mmap((void *)addr, len, prot, flags, offset < 0 ? -1 : image->fd,
					  offset < 0 ? 0 : offset);

	return mapped == MAP_FAILED ? -errno : 0;
}

// The same without a file, from what is mapped of it.
static int copy(const struct image *image, uintptr_t addr, size_t len, int prot, off_t offset)
{
	size_t from = (size_t)(offset - image->offset);
	size_t left = (size_t)(nspeek_full_end - nspeek_full_start) - from;
	int r = map(image, addr, len, PROT_READ | PROT_WRITE, -1);

	if (r < 0 || len == 0)
		return r;
	memcpy((void *)addr, nspeek_full_start + from, len < left ? len : left);
	return mprotect((void *)addr, len, prot) < 0 ? -errno : 0;
}

static int map_segment(struct image *image, const Elf64_Phdr *segment)
{
	uintptr_t start = image->base + segment->p_vaddr, page = page_of(start);
	uintptr_t file_end = start + segment->p_filesz, end = start + segment->p_memsz;
	off_t offset = image->offset + (off_t)segment->p_offset - (off_t)(start - page);
	int prot = (segment->p_flags & PF_R ? PROT_READ : 0) |
		   (segment->p_flags & PF_W ? PROT_WRITE : 0) |
		   (segment->p_flags & PF_X ? PROT_EXEC : 0);
	int r = (image->fd < 0 ? copy : map)(
		image, page, page_after(file_end) - page, prot, offset);

	if (r < 0)
		return r;
	if (image->header->e_phoff - segment->p_offset < segment->p_filesz)
		image->headers = start + image->header->e_phoff - segment->p_offset;
	if (end == file_end)
		return 0;
	memset((void *)file_end, 0, page_after(file_end) - file_end);
	return map(image, page_after(file_end), page_after(end) - page_after(file_end), prot, -1);
}

static int map_image(struct image *image, struct error *err)
{
	int r = find_room(image);

	for (size_t i = 0; r == 0 && i < image->header->e_phnum; i++)
		if (image->segments[i].p_type == PT_LOAD)
			r = map_segment(image, &image->segments[i]);
	return r < 0 ? fail_sys(err, -r, "mmap", "%s", subject) : 0;
}

// What IMAGE finds in its auxiliary vector instead of OURS.
static uintptr_t aux_value(const struct image *image, const Elf64_auxv_t *ours)
{
	switch (ours->a_type) {
	case AT_PHDR:
		return image->headers;
	case AT_PHNUM:
		return image->header->e_phnum;
	case AT_ENTRY:
		return image->base + image->header->e_entry;
	}
	return ours->a_un.a_val;
}

static _Noreturn void jump(uintptr_t entry, const uintptr_t *stack)
{
#if defined(__x86_64__)
	// No function is registered for exit, and there is no outer frame.
	__asm__ volatile("mov %0, %%rsp\n\txor %%edx, %%edx\n\txor %%ebp, %%ebp\n\tjmp *%1"
			 :
			 : "r"(stack), "r"(entry)
			 : "memory", "rdx");
#elif defined(__aarch64__)
	__asm__ volatile("mov sp, %0\n\tmov x0, #0\n\tmov x29, #0\n\tmov x30, #0\n\tbr %1"
			 :
			 : "r"(stack), "r"(entry)
			 : "memory", "x0");
#else
#error "this machine has no jump here"
#endif
	__builtin_unreachable();
}

// Starts IMAGE, which is mapped, with ARGC words. The block that we were started with is behind
// them: the words' end, the environment, the auxiliary vector.
static _Noreturn void start(const struct image *image, int argc, char **argv)
{
	size_t words = (size_t)argc + 1, vars = 0, aux_count = 1;

	while (environ[vars++])
		;
	const Elf64_auxv_t *aux = (const void *)(environ + vars);
	while (aux[aux_count - 1].a_type != AT_NULL)
		aux_count++;
	size_t size = (1 + words + vars + 2 * (aux_count + 1)) * sizeof(uintptr_t);
	uintptr_t *stack = __builtin_alloca_with_align(size, 8 * 16), *next = stack;

	*next++ = (uintptr_t)argc;
	memcpy(next, argv, words * sizeof(*next));
	next += words;
	memcpy(next, environ, vars * sizeof(*next));
	next += vars;
	*next++ = image->kind;
	*next++ = (uintptr_t)image->work;
	for (size_t i = 0; i < aux_count; i++) {
		*next++ = aux[i].a_type;
		*next++ = aux_value(image, &aux[i]);
	}
	jump(image->base + image->header->e_entry, stack);
}

// Becomes the program, with ARGC words, or for WORK of KIND.
static int become(int argc, char **argv, uintptr_t kind, const void *work, struct error *err)
{
	auto_fd int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	const Elf64_Ehdr *header = (const void *)nspeek_full_start;
	struct image image = {.header = header,
		.segments = (const void *)(nspeek_full_start + header->e_phoff),
		.work = work,
		.kind = kind,
		.fd = fd < 0 ? -EBADF : fd,
		.offset = offset_of(nspeek_full_start)};
	int r;

	if ((r = map_image(&image, err)) < 0)
		return r;
	close_fd(&fd);
	start(&image, argc, argv);
}

static int become_for(uintptr_t kind, const void *work)
{
	static char name[] = "nspeek", *words[] = {name, NULL};
	struct error err = {0};

	become(1, words, kind, work, &err);
	return 1;
}

static int become_worker(const struct work *work)
{
	return become_for(PROGRAM_WORK, work);
}

static int become_reader(struct state_work *work)
{
	return become_for(PROGRAM_STATE_WORK, work);
}

static int become_program(int argc, char **argv)
{
	struct error err = {0};

	become(argc, argv, PROGRAM_WORK, NULL, &err);
	report_error(&err);
	return EXIT_NONE;
}

const struct this_program this_program = {
	.live = become_worker, .read_state = become_reader, .become = become_program};
