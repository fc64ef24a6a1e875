# SPDX-License-Identifier: GPL-2.0-or-later
# The libraries that nspeek stands on. Static archives for the shipped build, shared ones otherwise.
find_package(PkgConfig REQUIRED)
if(NSPEEK_STATIC)
  set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
endif()

# nspeek_library(NAME CANDIDATE...): an imported target NAME for the first library found.
function(nspeek_library name)
  find_library(NSPEEK_LIB_${name} NAMES ${ARGN} REQUIRED)
  # Not INTERFACE: only a library with a location is ordered after those that need it.
  add_library(${name} UNKNOWN IMPORTED)
  set_target_properties(${name} PROPERTIES IMPORTED_LOCATION ${NSPEEK_LIB_${name}})
endfunction()

if(CMAKE_SYSTEM_PROCESSOR STREQUAL x86_64)
  nspeek_library(lib_capstone capstone) # follows code without call frame information
endif()
nspeek_library(lib_unwind unwind)
nspeek_library(lib_unwind_remote unwind-${CMAKE_SYSTEM_PROCESSOR})
nspeek_library(lib_elf elf)
nspeek_library(lib_dw dw)
nspeek_library(lib_lzma lzma)
nspeek_library(lib_bz2 bz2)
nspeek_library(lib_z z)
nspeek_library(lib_zstd zstd)
nspeek_library(lib_iberty iberty)
nspeek_library(lib_jansson jansson)
# The order in which static archives need each other.
target_link_libraries(lib_unwind_remote INTERFACE lib_unwind lib_lzma)
target_link_libraries(lib_dw INTERFACE lib_elf lib_lzma lib_bz2 lib_z)
target_link_libraries(lib_elf INTERFACE lib_z)

# How the program is linked: NSPEEK_LINK_OPTIONS. A static program is position-independent when all
# archives are. Debian's libunwind archives are not (relocations in code on x86-64, in unw_strerror's table on
# aarch64), so that is tried, not assumed: with archives that are, nothing has to be changed here.
include(CheckCSourceCompiles)
if(NSPEEK_STATIC)
  set(CMAKE_REQUIRED_LINK_OPTIONS -static-pie)
  set(CMAKE_REQUIRED_LIBRARIES ${NSPEEK_LIB_lib_unwind_remote} ${NSPEEK_LIB_lib_unwind} ${NSPEEK_LIB_lib_lzma})
  check_c_source_compiles("
    #include <libunwind.h>
    int main(void)
    {
      unw_cursor_t cursor;
      return unw_init_remote(&cursor, unw_create_addr_space(0, 0), 0) < 0 || unw_step(&cursor) < 0 || !unw_strerror(1);
    }" NSPEEK_STATIC_PIE)
  unset(CMAKE_REQUIRED_LINK_OPTIONS)
  unset(CMAKE_REQUIRED_LIBRARIES)
  if(NSPEEK_STATIC_PIE)
    set(NSPEEK_LINK_OPTIONS -static-pie)
  else()
    # Without -no-pie: a static link is not position-independent by default, and clang warns of it.
    set(NSPEEK_LINK_OPTIONS -static)
    message(STATUS "libunwind's archive is not position-independent: the static program is not either")
  endif()
else()
  set(NSPEEK_LINK_OPTIONS -pie)
endif()
