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
target_compile_options(nspeek_fast INTERFACE -fstack-protector-strong -fstack-clash-protection -ffunction-sections -fdata-sections
  $<$<STREQUAL:${CMAKE_SYSTEM_PROCESSOR},x86_64>:-fcf-protection>)
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
  set(names linux/types.h asm/types.h asm-generic/types.h)
  if(NSPEEK_STATIC)
    list(APPEND names dwarf.h elfutils/libdw.h gelf.h jansson.h jansson_config.h libelf.h libiberty/demangle.h libunwind.h libunwind-common.h
      libunwind-dynamic.h libunwind-${CMAKE_SYSTEM_PROCESSOR}.h lzma/version.h lzma.h zconf.h zlib.h zstd.h zstd_errors.h)
    if(CMAKE_SYSTEM_PROCESSOR STREQUAL x86_64)
      list(APPEND names capstone/capstone.h)
    endif()
  endif()
  foreach(header ${names})
    find_path(NSPEEK_HEADERS_${header} ${header} REQUIRED)
    string(REGEX REPLACE "/.*" "" name ${header}) # all of its folder, if it is in one
    file(CREATE_LINK ${NSPEEK_HEADERS_${header}}/${name} ${headers}/${name} SYMBOLIC)
  endforeach()
  execute_process(COMMAND ${CMAKE_C_COMPILER} -print-file-name=include
    OUTPUT_VARIABLE builtin OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  set(musl_headers -nostdinc -isystem ${NSPEEK_MUSL_INCLUDE} -isystem ${builtin} -isystem ${headers})
  set(crt crt1.o)
  if(NSPEEK_STATIC_PIE)
    set(crt rcrt1.o)
  endif()
  list(APPEND NSPEEK_FULL_LINK_OPTIONS -nostdlib ${NSPEEK_MUSL_LIB}/${crt} ${NSPEEK_MUSL_LIB}/crti.o)
  set(libc -Wl,--start-group ${NSPEEK_MUSL_LIB}/libc.a -lgcc -Wl,--end-group) # which need each other
  set(NSPEEK_MUSL ON)
  if(NSPEEK_STATIC)
    # The libraries' archives are compiled for glibc, and mostly link with musl all the same.
    set(archives ${NSPEEK_LIB_lib_capstone})
    foreach(name unwind_remote unwind dw bz2 elf z zstd lzma iberty jansson)
      list(APPEND archives ${NSPEEK_LIB_lib_${name}})
    endforeach()
    set(source ${PROJECT_BINARY_DIR}/archives.c)
    file(WRITE ${source} "
      int dwfl_begin(), dwarf_next_cfi(), elf_begin(), cplus_demangle(), json_dumpf(), lzma_stream_decoder();
      int (*const used[])() = {dwfl_begin, dwarf_next_cfi, elf_begin, cplus_demangle, json_dumpf, lzma_stream_decoder};
      int main(int argc, char **argv) { (void)argv; return used[argc]() == 0; }")
    try_compile(NSPEEK_MUSL_LINKS SOURCES ${source} ${PROJECT_SOURCE_DIR}/src/libc/fortified.c
      COMPILE_DEFINITIONS ${musl_headers} -D_GNU_SOURCE LINK_OPTIONS ${NSPEEK_FULL_LINK_OPTIONS}
      LINK_LIBRARIES ${archives} ${libc} ${NSPEEK_MUSL_LIB}/crtn.o OUTPUT_VARIABLE output)
    if(NOT NSPEEK_MUSL_LINKS)
      set(NSPEEK_MUSL OFF)
      message(STATUS "the libraries' archives do not link with musl: all is one program, linked with glibc")
      file(APPEND ${PROJECT_BINARY_DIR}/CMakeFiles/CMakeError.log "${output}")
    endif()
  endif()

  # What is small, at least, is linked with it. It declares ioctl(2) and statfs(2) with types of another sign; behind the
  # warnings, to count.
  add_library(nspeek_musl_types INTERFACE)
  target_compile_options(nspeek_musl_types INTERFACE -Wno-sign-conversion)
  target_link_libraries(nspeek_fast INTERFACE nspeek_musl_types)
  target_compile_options(nspeek_fast INTERFACE -nostdinc
    "SHELL:-isystem \"${NSPEEK_MUSL_INCLUDE}\"" "SHELL:-isystem \"${builtin}\"" "SHELL:-isystem \"${headers}\"")
  list(APPEND NSPEEK_SMALL_LINK_OPTIONS -nostdlib ${NSPEEK_MUSL_LIB}/rcrt1.o ${NSPEEK_MUSL_LIB}/crti.o)
  list(JOIN libc " " NSPEEK_MUSL_END)
  string(APPEND NSPEEK_MUSL_END " ${NSPEEK_MUSL_LIB}/crtn.o") # behind all libraries
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
