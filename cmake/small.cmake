# SPDX-License-Identifier: GPL-2.0-or-later
# Programs that start at once. A static glibc needs longer to start than all of entering takes, most of it for
# instructions that a virtual machine traps, so what enters a container is linked with musl where that is installed, by
# the compiler of everything else: nspeek itself, and the small programs that it carries and runs inside the container.
# Without musl they are linked with glibc: larger, slower, otherwise the same.
set(triplet ${CMAKE_SYSTEM_PROCESSOR}-linux-musl)
find_path(NSPEEK_MUSL_INCLUDE features.h
  PATHS /usr/include/${triplet} /usr/${triplet}/include /usr/lib/musl/include NO_DEFAULT_PATH)
find_path(NSPEEK_MUSL_LIB rcrt1.o
  PATHS /usr/lib/${triplet} /usr/${triplet}/lib64 /usr/${triplet}/lib /usr/lib/musl/lib NO_DEFAULT_PATH)
unset(triplet)

add_library(nspeek_small INTERFACE)
target_link_libraries(nspeek_small INTERFACE nspeek_warnings)
target_compile_options(nspeek_small INTERFACE -Os -fPIE -fstack-protector-strong -fstack-clash-protection -ffunction-sections -fdata-sections)
target_link_options(nspeek_small INTERFACE -static-pie -Wl,--gc-sections,-z,relro,-z,now,-z,noexecstack)
if(NSPEEK_MUSL_INCLUDE AND NSPEEK_MUSL_LIB)
  # The kernel's headers without glibc's beside them.
  set(headers ${PROJECT_BINARY_DIR}/kernel-headers)
  file(MAKE_DIRECTORY ${headers})
  foreach(dir linux asm asm-generic)
    find_path(NSPEEK_HEADERS_${dir} ${dir}/types.h REQUIRED)
    file(CREATE_LINK ${NSPEEK_HEADERS_${dir}}/${dir} ${headers}/${dir} SYMBOLIC)
  endforeach()
  execute_process(COMMAND ${CMAKE_C_COMPILER} -print-file-name=include
    OUTPUT_VARIABLE builtin OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  # musl declares ioctl(2) and statfs(2) with types of another sign. Behind the warnings, to count.
  add_library(nspeek_musl_types INTERFACE)
  target_compile_options(nspeek_musl_types INTERFACE -Wno-sign-conversion)
  target_link_libraries(nspeek_small INTERFACE nspeek_musl_types)
  target_compile_options(nspeek_small INTERFACE -nostdinc
    "SHELL:-isystem \"${NSPEEK_MUSL_INCLUDE}\"" "SHELL:-isystem \"${builtin}\"" "SHELL:-isystem \"${headers}\"")
  target_link_options(nspeek_small INTERFACE -nostdlib ${NSPEEK_MUSL_LIB}/rcrt1.o ${NSPEEK_MUSL_LIB}/crti.o)
  target_link_libraries(nspeek_small INTERFACE ${NSPEEK_MUSL_LIB}/libc.a gcc ${NSPEEK_MUSL_LIB}/crtn.o)
  set(NSPEEK_MUSL ON)
else()
  set(NSPEEK_MUSL OFF)
  message(STATUS "musl was not found: programs that could start in a fraction of the time are linked with glibc")
endif()

# nspeek_small_program(NAME SOURCE...): the executable NAME.
function(nspeek_small_program name)
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE nspeek_small)
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
