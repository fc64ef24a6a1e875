# SPDX-License-Identifier: GPL-2.0-or-later
# Programs that start at once. A static glibc needs longer to start than all of entering takes, most of it for
# instructions that a virtual machine traps, so what is shipped is linked with musl where that is installed, by the
# compiler of everything else: nspeek itself, the program with all libraries that it carries, and the small ones that it
# carries and runs inside the container. Without musl they are linked with glibc: larger, slower, otherwise the same.
set(triplet ${CMAKE_SYSTEM_PROCESSOR}-linux-musl)
find_path(NSPEEK_MUSL_INCLUDE features.h
  PATHS /usr/include/${triplet} /usr/${triplet}/include /usr/lib/musl/include NO_DEFAULT_PATH)
find_path(NSPEEK_MUSL_LIB rcrt1.o
  PATHS /usr/lib/${triplet} /usr/${triplet}/lib64 /usr/${triplet}/lib /usr/lib/musl/lib NO_DEFAULT_PATH)
unset(triplet)

# What is compiled for them, without -O: for speed, or for size.
add_library(nspeek_fast INTERFACE)
target_link_libraries(nspeek_fast INTERFACE nspeek_warnings)
target_compile_options(nspeek_fast INTERFACE -fstack-protector-strong -fstack-clash-protection -ffunction-sections -fdata-sections)
target_link_options(nspeek_fast INTERFACE -Wl,--gc-sections,-z,relro,-z,now,-z,noexecstack)
add_library(nspeek_small INTERFACE)
target_link_libraries(nspeek_small INTERFACE nspeek_fast)
target_compile_options(nspeek_small INTERFACE -Os -fPIE)

# How they are linked: position-independent, and, if an archive of a library is not, at a fixed address.
set(NSPEEK_SMALL_LINK_OPTIONS -static-pie)
set(NSPEEK_FULL_LINK_OPTIONS ${NSPEEK_LINK_OPTIONS})
if(NSPEEK_MUSL_INCLUDE AND NSPEEK_MUSL_LIB)
  # The headers of the kernel and of the libraries, without glibc's beside them.
  set(headers ${PROJECT_BINARY_DIR}/headers)
  file(MAKE_DIRECTORY ${headers})
  foreach(header linux/types.h asm/types.h asm-generic/types.h capstone/capstone.h dwarf.h elfutils/libdw.h gelf.h jansson.h
      jansson_config.h libelf.h libiberty/demangle.h libunwind.h libunwind-common.h libunwind-dynamic.h
      libunwind-${CMAKE_SYSTEM_PROCESSOR}.h lzma/version.h lzma.h zconf.h zlib.h zstd.h zstd_errors.h)
    find_path(NSPEEK_HEADERS_${header} ${header} REQUIRED)
    string(REGEX REPLACE "/.*" "" name ${header}) # all of its folder, if it is in one
    file(CREATE_LINK ${NSPEEK_HEADERS_${header}}/${name} ${headers}/${name} SYMBOLIC)
  endforeach()
  execute_process(COMMAND ${CMAKE_C_COMPILER} -print-file-name=include
    OUTPUT_VARIABLE builtin OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  # musl declares ioctl(2) and statfs(2) with types of another sign. Behind the warnings, to count.
  add_library(nspeek_musl_types INTERFACE)
  target_compile_options(nspeek_musl_types INTERFACE -Wno-sign-conversion)
  target_link_libraries(nspeek_fast INTERFACE nspeek_musl_types)
  target_compile_options(nspeek_fast INTERFACE -nostdinc
    "SHELL:-isystem \"${NSPEEK_MUSL_INCLUDE}\"" "SHELL:-isystem \"${builtin}\"" "SHELL:-isystem \"${headers}\"")
  list(APPEND NSPEEK_SMALL_LINK_OPTIONS -nostdlib ${NSPEEK_MUSL_LIB}/rcrt1.o ${NSPEEK_MUSL_LIB}/crti.o)
  list(APPEND NSPEEK_FULL_LINK_OPTIONS -nostdlib ${NSPEEK_MUSL_LIB}/$<IF:$<BOOL:${NSPEEK_STATIC_PIE}>,rcrt1.o,crt1.o> ${NSPEEK_MUSL_LIB}/crti.o)
  # Behind all libraries.
  set(NSPEEK_MUSL_END "${NSPEEK_MUSL_LIB}/libc.a -lgcc ${NSPEEK_MUSL_LIB}/crtn.o")
  set(NSPEEK_MUSL ON)
else()
  set(NSPEEK_MUSL OFF)
  message(STATUS "musl was not found: programs that could start in a fraction of the time are linked with glibc")
endif()

# nspeek_small_program(NAME SOURCE...): the executable NAME.
function(nspeek_small_program name)
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE nspeek_small)
  target_link_options(${name} PRIVATE ${NSPEEK_SMALL_LINK_OPTIONS})
endfunction()

# nspeek_embed(TARGET PROGRAM [ALIGNMENT]): puts PROGRAM, an executable of the same folder, into TARGET, its bytes being between the
# symbols PROGRAM_start and PROGRAM_end.
function(nspeek_embed target program)
  set(alignment 16)
  if(ARGC GREATER 2)
    set(alignment ${ARGV2})
  endif()
  set(path ${CMAKE_CURRENT_BINARY_DIR}/${program})
  set(source ${path}_bytes.c)
  file(CONFIGURE OUTPUT ${source} @ONLY CONTENT [[
__asm__(".section .rodata, \"a\"\n"
	".balign @alignment@\n"
	".globl @program@_start, @program@_end\n"
	"@program@_start: .incbin \"@path@\"\n"
	"@program@_end:\n"
	".previous\n");
]])
  set_source_files_properties(${source} PROPERTIES OBJECT_DEPENDS ${path})
  target_sources(${target} PRIVATE ${source})
  target_link_options(${program} PRIVATE $<$<CONFIG:Release>:-s>)
  set_target_properties(${program} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
  add_dependencies(${target} ${program})
endfunction()
