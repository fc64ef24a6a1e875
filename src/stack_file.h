// SPDX-License-Identifier: GPL-2.0-or-later
// What the worker asks for, in the words of who opens it.
#pragma once

#include "debugfile.h"
#include "inspect.h"

// The request for what REQUEST asks for, which lives as long as that.
struct debugfile_request stack_file_wanted(const struct inspect_request *request);
