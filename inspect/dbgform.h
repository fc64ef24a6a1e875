// SPDX-License-Identifier: GPL-2.0-or-later
// Forms: how values of attributes are written. DWARF 5, 7.5.5.
#pragma once

#include "dbgunit.h"

// Which attribute NAME (DW_AT_) is, or DBG_ATTRIBUTE_COUNT.
enum dbg_attribute dbg_attribute_of(uint32_t name);

// Bytes of a value of FORM in UNIT, or -1 when its form does not tell.
int dbg_form_len(const struct dbg_unit *unit, uint16_t form);

// Reads the name and form of an attribute at CURSOR, in a table of abbreviations, into *RET.
// Returns false behind the last, or when CURSOR fails.
bool dbg_spec_read(struct dbg_cursor *cursor, struct dbg_spec *ret);

// Reads the value of SPEC at CURSOR into *RET; CURSOR fails where its form is not known.
void dbg_value_read(const struct dbg_unit *unit, const struct dbg_spec *spec,
	struct dbg_cursor *cursor, struct dbg_value *ret);
