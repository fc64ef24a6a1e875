# SPDX-License-Identifier: GPL-2.0-or-later
# The program that runs in the kernel (attach/taskiter): compiled by clang, and made by bpftool into a header that loads
# it by bpf(2) alone (a light skeleton): no library is linked. Without the tools nspeek works too, by its other ways.
set(NSPEEK_BPF AUTO CACHE STRING "build the BPF task iterator: AUTO (if clang, bpftool and bpf/skel_internal.h are there), ON or OFF")
set_property(CACHE NSPEEK_BPF PROPERTY STRINGS AUTO ON OFF)

find_program(NSPEEK_BPF_CLANG clang)
find_program(NSPEEK_BPFTOOL bpftool HINTS /usr/sbin /sbin)
find_path(NSPEEK_BPF_INCLUDE bpf/skel_internal.h)
if(CMAKE_SYSTEM_PROCESSOR STREQUAL x86_64)
  set(NSPEEK_BPF_ARCH x86)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
  set(NSPEEK_BPF_ARCH arm64)
else()
  set(NSPEEK_BPF_ARCH)
endif()

set(NSPEEK_HAVE_BPF ON)
if(NSPEEK_BPF STREQUAL OFF)
  set(NSPEEK_HAVE_BPF OFF)
elseif(NOT NSPEEK_BPF_CLANG OR NOT NSPEEK_BPFTOOL OR NOT NSPEEK_BPF_INCLUDE OR NOT NSPEEK_BPF_ARCH)
  set(NSPEEK_HAVE_BPF OFF)
  if(NSPEEK_BPF STREQUAL ON)
    message(FATAL_ERROR "NSPEEK_BPF=ON needs clang, bpftool and bpf/skel_internal.h (Debian: clang bpftool libbpf-dev)")
  endif()
endif()
if(NOT NSPEEK_HAVE_BPF)
  message(STATUS "without the BPF task iterator (clang, bpftool, libbpf-dev): threads are read from /proc, with fewer registers")
endif()

# libbpf's headers without a C library's beside them.
if(NSPEEK_HAVE_BPF)
  set(NSPEEK_BPF_HEADERS ${PROJECT_BINARY_DIR}/bpf-headers)
  file(MAKE_DIRECTORY ${NSPEEK_BPF_HEADERS})
  file(CREATE_LINK ${NSPEEK_BPF_INCLUDE}/bpf ${NSPEEK_BPF_HEADERS}/bpf SYMBOLIC)
endif()

# nspeek_bpf_skeleton(SOURCE TARGET... DEPENDS file...): the header NAME.lskel.h out of NAME.bpf.c, for the sources of
# each TARGET.
function(nspeek_bpf_skeleton source)
  cmake_parse_arguments(arg "" "" "DEPENDS" ${ARGN})
  get_filename_component(name ${source} NAME_WE)
  set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}.bpf.o)
  set(header ${CMAKE_CURRENT_BINARY_DIR}/bpf/${name}.lskel.h)
  add_custom_command(OUTPUT ${header}
    COMMAND ${NSPEEK_BPF_CLANG} -O2 -g -target bpf -mcpu=v3 -D__TARGET_ARCH_${NSPEEK_BPF_ARCH} -Wall -Wextra -Werror
      -c ${CMAKE_CURRENT_SOURCE_DIR}/${source} -o ${object}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_CURRENT_BINARY_DIR}/bpf
    COMMAND sh -c "\"$1\" gen skeleton -L \"$2\" name \"$3\" >\"$4\"" sh ${NSPEEK_BPFTOOL} ${object} ${name} ${header}
    DEPENDS ${source} ${arg_DEPENDS}
    COMMENT "Building the kernel's program ${name}" VERBATIM)
  add_custom_target(${name}_skeleton DEPENDS ${header})
  foreach(target ${arg_UNPARSED_ARGUMENTS})
    add_dependencies(${target} ${name}_skeleton)
    # Made and installed by others: their warnings are not ours.
    target_include_directories(${target} SYSTEM PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/bpf ${NSPEEK_BPF_HEADERS})
  endforeach()
endfunction()
