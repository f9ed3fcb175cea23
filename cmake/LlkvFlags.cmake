# llkv_flags: how every file of the project is compiled. It is linked privately and never exported,
# so that a program that uses the library keeps its own warnings.
include_guard(GLOBAL)

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

add_library(llkv_flags INTERFACE)
set(optimised $<CONFIG:Release,RelWithDebInfo>)
target_compile_options(llkv_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes
  -Wcast-qual -Wpointer-arith -Wwrite-strings -Wundef -Wvla -Wimplicit-fallthrough -Wformat=2
  -Wdouble-promotion -Wnull-dereference
  $<$<BOOL:${LLKV_DEV}>:-Werror>
  -fno-common -ffp-contract=off
  $<${optimised}:-fstack-protector-strong>
  "$<${optimised}:SHELL:-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2>"
  $<$<BOOL:${LLKV_ASSERT}>:-UNDEBUG>)
