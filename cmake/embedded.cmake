# SPDX-License-Identifier: GPL-2.0-or-later
# Small programs that nspeek carries in itself, to be run inside a container: static, and built by
# musl's compiler wrapper where that is (30 KiB instead of 800, and started in a fraction of the time), whatever nspeek
# itself is built with.
find_program(NSPEEK_MUSL_GCC musl-gcc)
set(NSPEEK_EMBEDDED_CC ${NSPEEK_MUSL_GCC})
if(NOT NSPEEK_EMBEDDED_CC)
  set(NSPEEK_EMBEDDED_CC ${CMAKE_C_COMPILER})
  message(STATUS "musl-gcc was not found: embedded programs are built with ${CMAKE_C_COMPILER}, and larger")
endif()
set(NSPEEK_EMBEDDED_FLAGS -std=gnu17 -D_GNU_SOURCE -Os -static -s -fstack-protector-strong -ffunction-sections
  -fdata-sections -Wl,--gc-sections -Wl,-z,noseparate-code -Wl,-z,relro,-z,now,-z,noexecstack -Wall -Wextra -Wshadow -Wconversion
  -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wundef -Wpointer-arith -Wcast-qual -Wwrite-strings -Wvla)
if(NSPEEK_WERROR)
  list(APPEND NSPEEK_EMBEDDED_FLAGS -Werror)
endif()

# nspeek_embed_program(TARGET NAME SOURCES source... [INCLUDES dir...] [DEPENDS file...]): builds the
# program NAME and puts its bytes into TARGET, between the symbols NAME_start and NAME_end.
function(nspeek_embed_program target name)
  cmake_parse_arguments(arg "" "" "SOURCES;INCLUDES;DEPENDS" ${ARGN})
  set(program ${CMAKE_CURRENT_BINARY_DIR}/${name})
  list(TRANSFORM arg_INCLUDES PREPEND -I)
  add_custom_command(OUTPUT ${program}
    COMMAND ${NSPEEK_EMBEDDED_CC} ${NSPEEK_EMBEDDED_FLAGS} ${arg_INCLUDES} -o ${program} ${arg_SOURCES}
    DEPENDS ${arg_SOURCES} ${arg_DEPENDS}
    WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}
    COMMENT "Building the embedded program ${name}" VERBATIM)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${name}_bytes.c)
  file(CONFIGURE OUTPUT ${source} @ONLY CONTENT [[
__asm__(".section .rodata, \"a\"\n"
	".balign 16\n"
	".globl @name@_start, @name@_end\n"
	"@name@_start: .incbin \"@program@\"\n"
	"@name@_end:\n"
	".previous\n");
]])
  set_source_files_properties(${source} PROPERTIES OBJECT_DEPENDS ${program})
  target_sources(${target} PRIVATE ${source})
endfunction()
