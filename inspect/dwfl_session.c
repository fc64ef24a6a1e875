// SPDX-License-Identifier: GPL-2.0-or-later
// libdwfl's callbacks, and its modules.
#include "dwfl_session.h"

#include "cleanup.h"

#include <dwarf.h>
#include <gelf.h>
#include <stdio.h>
#include <string.h>

struct dwfl_session {
	struct space *space;
	Dwfl *dwfl;
	bool attached;
	Dwfl_Module **modules; // parallel to the snapshot's; NULL: not reported
	const struct snapshot_thread *thread;
	const struct frame_regs *start; // where the walk begins
	// Whether the step has read memory, some was not there, and where.
	bool read, missing;
	uint64_t missing_at;
};

// libdwfl ends its client for debug file servers, which none of our sessions has begun. The static
// archive's own function would bring dlopen(3) into the program; this one is linked instead of it.
void __libdwfl_debuginfod_end(void *client);

void __libdwfl_debuginfod_end(void *client)
{
	(void)client;
}

// The object of a module, which is open already: libdwfl gets a reference to it.
static int find_elf(Dwfl_Module *dwfl_module, void **userdata, const char *name, Dwarf_Addr base,
	char **ret_path, Elf **ret)
{
	const struct module *module = *userdata;
	Elf_Cmd command =
		module->source->source == SNAPSHOT_SOURCE_MEMORY ? ELF_C_READ : ELF_C_READ_MMAP;

	(void)dwfl_module;
	(void)name;
	(void)base;
	(void)ret_path;
	*ret = elf_begin(-1, command, module->elf);
	return -1;
}

// Separate debug files are for names: what is executed has its call frame information with it.
static int find_debuginfo(Dwfl_Module *dwfl_module, void **userdata, const char *name,
	Dwarf_Addr base, const char *path, const char *link, GElf_Word crc, char **ret_path)
{
	(void)dwfl_module;
	(void)userdata;
	(void)name;
	(void)base;
	(void)path;
	(void)link;
	(void)crc;
	(void)ret_path;
	errno = 0;
	return -1;
}

static pid_t next_thread(Dwfl *dwfl, void *session, void **ret)
{
	(void)dwfl;
	(void)session;
	(void)ret;
	return 0;
}

// The only thread that is ever asked for is the one of the walk.
static bool get_thread(Dwfl *dwfl, pid_t tid, void *session, void **ret)
{
	(void)dwfl;
	(void)tid;
	*ret = session;
	return true;
}

static bool read_memory(Dwfl *dwfl, Dwarf_Addr addr, Dwarf_Word *ret, void *arg)
{
	struct dwfl_session *session = arg;
	uint64_t value;

	(void)dwfl;
	session->read = true;
	if (space_read_word(session->space, session->thread, addr, &value) < 0) {
		session->missing = true;
		session->missing_at = addr;
		return false;
	}
	*ret = value;
	return true;
}

static bool set_registers(Dwfl_Thread *dwfl_thread, void *arg)
{
	const struct dwfl_session *session = arg;
	const struct frame_regs *regs = session->start;

	for (int reg = 0; reg < ARCH_REG_COUNT; reg++)
		if ((regs->known >> reg & 1) &&
			!dwfl_thread_state_registers(dwfl_thread, reg, 1, &regs->values[reg]))
			return false;
	dwfl_thread_state_register_pc(dwfl_thread, regs->values[ARCH_REG_PC]);
	return true;
}

struct dwfl_session *dwfl_session_open(struct space *space)
{
	static const Dwfl_Callbacks callbacks = {
		.find_elf = find_elf, .find_debuginfo = find_debuginfo};
	struct dwfl_session *session = calloc(1, sizeof(*session));

	if (!session)
		return NULL;
	session->space = space;
	session->dwfl = dwfl_begin(&callbacks);
	session->modules = calloc(space->snapshot->module_count + 1, sizeof(*session->modules));
	if (!session->dwfl || !session->modules) {
		dwfl_session_close(session);
		return NULL;
	}
	return session;
}

void dwfl_session_close(struct dwfl_session *session)
{
	if (!session)
		return;
	dwfl_end(session->dwfl);
	free(session->modules);
	free(session);
}

// Where the first segment of MODULE begins, as libdwfl reckons it, into *RET.
static bool first_vaddr(const struct module *module, uint64_t *ret)
{
	size_t count;

	if (elf_getphdrnum(module->elf, &count) < 0)
		return false;
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr phdr;
		if (!gelf_getphdr(module->elf, (int)i, &phdr))
			return false;
		if (phdr.p_type != PT_LOAD)
			continue;
		*ret = phdr.p_vaddr & -phdr.p_align;
		return true;
	}
	return false;
}

static bool attach(struct dwfl_session *session, const struct module *module)
{
	static const Dwfl_Thread_Callbacks callbacks = {.next_thread = next_thread,
		.get_thread = get_thread,
		.memory_read = read_memory,
		.set_initial_registers = set_registers};

	if (!session->attached)
		session->attached = dwfl_attach_state(session->dwfl, module->elf,
			session->space->snapshot->pid, &callbacks, session);
	return session->attached;
}

// Where the last mapping of module INDEX ends.
static uint64_t last_end(const struct snapshot *snapshot, int index)
{
	uint64_t end = 0;

	for (size_t i = 0; i < snapshot->map_count; i++)
		if (snapshot->maps[i].module == index)
			end = snapshot->maps[i].end;
	return end;
}

// Reports the module of AT, unless it was before. Returns it, or NULL when libdwfl cannot have it.
static Dwfl_Module *report(struct dwfl_session *session, const struct location *at)
{
	Dwfl_Module **reported = &session->modules[at->module];
	struct module *module = space_module(session->space, at->module);
	char name[24];
	uint64_t first;
	void **userdata;

	if (*reported)
		return *reported;
	if (!module->elf || !attach(session, module) || !first_vaddr(module, &first))
		return NULL;
	snprintf(name, sizeof(name), "%d", at->module);
	dwfl_report_begin_add(session->dwfl);
	*reported = dwfl_report_module(session->dwfl, name, at->bias + first,
		last_end(session->space->snapshot, at->module));
	if (*reported && dwfl_module_info(*reported, &userdata, NULL, NULL, NULL, NULL, NULL, NULL))
		*userdata = module;
	dwfl_report_end(session->dwfl, NULL, NULL);
	return *reported;
}

void dwfl_code_fini(struct dwfl_code *code)
{
	free(code->frame);
	code->frame = NULL;
}

// True when the COUNT OPS are the memory at CFA + offset.
static bool is_at_cfa(const Dwarf_Op *ops, size_t count)
{
	return (count == 1 || (count == 2 && ops[1].atom == DW_OP_plus_uconst)) &&
	       ops[0].atom == DW_OP_call_frame_cfa;
}

// Looks the pc of AT up in CFI, the call frame information of its module, which libdwfl has at
// BIAS: 1, 0 when there is something that cannot be used, or -ENOENT.
static int look_up(
	Dwarf_CFI *cfi, Dwarf_Addr bias, const struct location *at, struct dwfl_code *code)
{
	Dwarf_Op mem[3], *ops;
	size_t count;

	if (!cfi || dwarf_cfi_addrframe(cfi, at->vaddr, &code->frame) != 0)
		return -ENOENT;
	int column = dwarf_frame_info(code->frame, NULL, NULL, &code->signal);
	// The module has to be where we have it.
	if (bias != at->bias || column != ARCH_REG_RETURN ||
		dwarf_frame_register(code->frame, column, mem, &ops, &count) != 0) {
		dwfl_code_fini(code);
		return 0;
	}
	code->beginning = count == 0 && ops == mem;
	code->plain = is_at_cfa(ops, count) && dwarf_frame_cfa(code->frame, &ops, &count) == 0 &&
		      count == 1;
	return 1;
}

bool dwfl_session_ask(struct dwfl_session *session, uint64_t lookup, struct dwfl_code *ret)
{
	struct location at = space_locate(session->space, lookup);
	Dwarf_Addr bias = 0;

	*ret = (struct dwfl_code){0};
	session->read = session->missing = false;
	if (at.module == SNAPSHOT_NO_MODULE)
		return false;
	Dwfl_Module *module = report(session, &at);
	if (!module || dwfl_addrmodule(session->dwfl, lookup) != module)
		return false;
	// In libdwfl's own order: what .eh_frame covers is looked up nowhere else.
	Dwarf_CFI *cfi = dwfl_module_eh_cfi(module, &bias);
	int r = look_up(cfi, bias, &at, ret);
	if (r == -ENOENT) {
		ret->debug = true;
		cfi = dwfl_module_dwarf_cfi(module, &bias);
		r = look_up(cfi, bias, &at, ret);
	}
	return r > 0;
}

void dwfl_session_walk(struct dwfl_session *session, const struct snapshot_thread *thread,
	const struct frame_regs *regs, int (*visit)(Dwfl_Frame *frame, void *arg), void *arg)
{
	session->thread = thread;
	session->start = regs;
	dwfl_getthread_frames(session->dwfl, thread->tid, visit, arg);
}

bool dwfl_session_ended(const struct dwfl_session *session, const struct dwfl_code *code,
	struct row_trouble *trouble)
{
	*trouble = (struct row_trouble){0};
	if (session->missing)
		*trouble = (struct row_trouble){.memory = true, .at = session->missing_at};
	// libdwfl does not show a return address of zero: that is what a plain one was that could
	// be read, as it could when anything at all was.
	return code->beginning || (code->plain && session->read && !session->missing);
}

// A single step: to the frame after the one it begins at.
struct step {
	const struct frame_regs *frame;
	const struct dwfl_code *code;
	struct frame_regs caller;
	bool begun, found, done; // libdwfl has shown the frame; its caller; that can be used
};

// True when CODE has no rule for register REG: then it is preserved. libdw knows that of all
// registers but rbx.
static bool has_no_rule(const struct dwfl_code *code, int reg)
{
	Dwarf_Op mem[3], *ops;
	size_t count;

	return dwarf_frame_register(code->frame, reg, mem, &ops, &count) == 0 && count == 0;
}

static int take_caller(Dwfl_Frame *dwfl_frame, void *arg)
{
	static const uint8_t saved_regs[ARCH_SAVED_COUNT] = ARCH_SAVED_REGS;
	struct step *step = arg;
	struct frame_regs *caller = &step->caller;

	if (!step->begun) {
		step->begun = true;
		return DWARF_CB_OK;
	}
	step->found = true;
	if (!dwfl_frame_pc(dwfl_frame, &caller->values[ARCH_REG_PC], NULL) ||
		dwfl_frame_reg(dwfl_frame, ARCH_REG_SP, &caller->values[ARCH_REG_SP]) != 0)
		return DWARF_CB_ABORT;
	caller->known = UINT64_C(1) << ARCH_REG_PC | UINT64_C(1) << ARCH_REG_SP;
	for (size_t i = 0; i < ARCH_SAVED_COUNT; i++) {
		uint64_t bit = UINT64_C(1) << saved_regs[i];
		uint64_t *value = &caller->values[saved_regs[i]];
		if (dwfl_frame_reg(dwfl_frame, saved_regs[i], value) == 0) {
			caller->known |= bit;
		} else if ((step->frame->known & bit) && has_no_rule(step->code, saved_regs[i])) {
			*value = step->frame->values[saved_regs[i]];
			caller->known |= bit;
		}
	}
	step->done = true;
	return DWARF_CB_ABORT;
}

int dwfl_session_step(struct dwfl_session *session, const struct snapshot_thread *thread,
	const struct frame_regs *frame, bool behind_call, struct frame_regs *ret,
	struct row_trouble *trouble)
{
	struct frame_regs start = *frame;
	struct dwfl_code code;
	struct step step = {.frame = frame, .code = &code};

	*trouble = (struct row_trouble){0};
	// libdwfl looks up the pc at which it begins as it is.
	start.values[ARCH_REG_PC] -= behind_call;
	if (!dwfl_session_ask(session, start.values[ARCH_REG_PC], &code))
		return -ENOENT;
	dwfl_session_walk(session, thread, &start, take_caller, &step);
	bool ended = !step.found && dwfl_session_ended(session, &code, trouble);
	dwfl_code_fini(&code);
	if (step.done)
		*ret = step.caller;
	return step.done ? 1 : ended ? 0 : trouble->memory ? -EFAULT : -ENODATA;
}
