# SPDX-License-Identifier: GPL-2.0-or-later
# Small static programs that nspeek carries and executes from memory. They are built with musl, whose
# programs start in a fraction of the time of the host's C library and are small; where there is no
# musl, with the compiler and the host's static library, which works and is slower.
find_program(NSPEEK_EMBED_CC musl-gcc DOC "the compiler for the programs that nspeek carries")
if(NSPEEK_EMBED_CC)
  set(nspeek_embed_cc ${NSPEEK_EMBED_CC})
else()
  set(nspeek_embed_cc ${CMAKE_C_COMPILER})
  message(STATUS "no musl-gcc: what nspeek executes from memory is larger, and slower to start")
endif()
set(nspeek_embed_flags -std=gnu17 -Os -static -s -Wall -Wextra -Wshadow -Wconversion
  -fstack-protector-strong -Wl,-z,noexecstack -Wl,-z,noseparate-code $<$<BOOL:${NSPEEK_WERROR}>:-Werror>)

# nspeek_embed(TARGET NAME SOURCE [DEPENDENCY...]): builds NAME from SOURCE and gives TARGET the
# symbols of the header NAME_image.h: NAME_image, its bytes, and NAME_image_len, their number.
function(nspeek_embed target name source)
  set(program ${CMAKE_CURRENT_BINARY_DIR}/${name})
  set(assembly ${CMAKE_CURRENT_BINARY_DIR}/${name}_image.S)
  set(headers ${CMAKE_CURRENT_BINARY_DIR}/embedded)
  add_custom_command(OUTPUT ${program} DEPENDS ${source} ${ARGN}
    COMMAND ${nspeek_embed_cc} ${nspeek_embed_flags} -o ${program} ${source}
    COMMENT "Building ${name}, which nspeek carries" COMMAND_EXPAND_LISTS VERBATIM)
  file(CONFIGURE OUTPUT ${assembly} @ONLY CONTENT "\
\t.section .rodata
\t.global @name@_image, @name@_image_len
\t.balign 16
@name@_image:
\t.incbin \"@program@\"
1:
\t.balign 8
@name@_image_len:
\t.quad 1b - @name@_image
\t.section .note.GNU-stack,\"\",%progbits
")
  file(CONFIGURE OUTPUT ${headers}/${name}_image.h @ONLY CONTENT "\
// The program ${name}, as bytes. Made by cmake/embed.cmake.
#pragma once

#include <stddef.h>

extern const unsigned char @name@_image[];
extern const size_t @name@_image_len;
")
  set_source_files_properties(${assembly} PROPERTIES OBJECT_DEPENDS ${program})
  target_sources(${target} PRIVATE ${assembly})
  target_include_directories(${target} PRIVATE ${headers})
endfunction()
