// SPDX-License-Identifier: GPL-2.0-or-later
// What is said of a thread whose stack is not complete, and of how it was captured.
#include "report_stack.h"

#include <errno.h>
#include <string.h>

bool stack_report_has_stack(const struct stack_report *report, size_t index)
{
	enum snapshot_thread_status status = report->snapshot->threads[index].status;

	return status != SNAPSHOT_THREAD_GONE && status != SNAPSHOT_THREAD_KERNEL;
}

const char *stack_report_reason(
	const struct stack_report *report, size_t index, char *buffer, size_t size)
{
	const struct snapshot_thread *thread = &report->snapshot->threads[index];
	const char *fixed = NULL;

	switch (thread->status) {
	case SNAPSHOT_THREAD_CAPTURED:
		fixed = report->stacks->stacks[index].end.reason;
		break;
	case SNAPSHOT_THREAD_GONE:
		fixed = thread->state == 'Z' ? "it has exited (a zombie)" : "it exited meanwhile";
		break;
	case SNAPSHOT_THREAD_LISTED:
	case SNAPSHOT_THREAD_TIMEOUT:
		fixed = "it did not stop, or could not be read, in time";
		break;
	case SNAPSHOT_THREAD_MOVING:
		fixed = "it ran whenever it was looked at, and was not to be stopped";
		break;
	case SNAPSHOT_THREAD_KERNEL:
		fixed = "it never runs code of the program (an io_uring worker)";
		break;
	case SNAPSHOT_THREAD_DENIED:
		if (thread->errnum == EMEDIUMTYPE)
			fixed = "it runs 32-bit code, which this version does not unwind";
		else
			snprintf(buffer, size, "it cannot be read or traced: %s",
				strerror(thread->errnum));
		if (!fixed)
			return buffer;
		break;
	}
	snprintf(buffer, size, "%s", fixed);
	return buffer;
}

const char *stack_report_no_iterator(const struct stack_report *report)
{
	switch (report->snapshot->iterator_errnum) {
	case 0:
		return NULL;
	case EBADF:
		return "";
	case ENOPKG:
		return "this build has no task iterator";
	case EPERM:
		return "the task iterator is not permitted";
	default:
		return "the kernel has no task iterator";
	}
}

bool stack_report_differs(const struct stack_report *report, size_t index)
{
	return report->stacks->verifies &&
	       report->stacks->verifies[index].result == STACK_VERIFY_DIFFERS;
}

uint64_t stack_report_waited_ms(const struct stack_report *report, const struct goroutine *row)
{
	const uint64_t now_ns = report->snapshot->clock_ns;

	if (row->since_ns == 0 || now_ns < row->since_ns)
		return UINT64_MAX;
	return (now_ns - row->since_ns) / 1000000;
}
