# SPDX-License-Identifier: GPL-2.0-or-later
# Interface libraries that the targets of the tree link: nspeek_flags, for warnings and hardening, or
# nspeek_warnings alone.
add_library(nspeek_warnings INTERFACE)
add_library(nspeek_flags INTERFACE)

target_link_libraries(nspeek_flags INTERFACE nspeek_warnings)
target_compile_definitions(nspeek_warnings INTERFACE _GNU_SOURCE)
target_compile_options(nspeek_warnings INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition
  -Wformat=2 -Wundef -Wpointer-arith -Wcast-qual -Wwrite-strings -Wvla -Wnull-dereference
  $<$<C_COMPILER_ID:GNU>:-Wlogical-op -Wduplicated-cond -Wduplicated-branches>
  $<$<BOOL:${NSPEEK_WERROR}>:-Werror>)

if(NSPEEK_SANITIZE)
  target_compile_options(nspeek_flags INTERFACE
    -fsanitize=${NSPEEK_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(nspeek_flags INTERFACE -fsanitize=${NSPEEK_SANITIZE})
else()
  target_compile_options(nspeek_flags INTERFACE
    -fstack-protector-strong -fstack-clash-protection
    $<$<STREQUAL:${CMAKE_SYSTEM_PROCESSOR},x86_64>:-fcf-protection>
    $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3>)
endif()
target_link_options(nspeek_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)
