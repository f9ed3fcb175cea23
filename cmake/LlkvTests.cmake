# llkv_unit_test(<name> [SLOW] [SWEEP] [LINK <target>...])
#
# Builds tests/unit/<name>_test.c with cmocka and registers it as the CTest <name>. Tests of the
# library see every module of src/; tests of the tools (names that begin with slt_ or shell_) see
# only what tools see: tools/, include/ and the static libraries of tools/. SLOW takes a test out of
# the label "fast". SWEEP is slow, too: one thread goes through very many cases, which the thread
# sanitizer would take long over and could find nothing in (label "sweep").
include_guard(GLOBAL)
pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)

# The compiler cannot see that a failed assertion of cmocka does not return, and warns of the pointers
# behind it; the rows of tables of cases may hold formats. Linked behind llkv_flags, these options win.
add_library(llkv_unit_flags INTERFACE)
target_compile_options(llkv_unit_flags INTERFACE -Wno-null-dereference -Wno-format-nonliteral)

function(llkv_unit_test name)
  cmake_parse_arguments(PARSE_ARGV 1 unit "SLOW;SWEEP" "" "LINK")
  add_executable(${name}_test ${name}_test.c)
  target_link_libraries(${name}_test PRIVATE llkv_flags llkv_unit_flags ${unit_LINK})
  if(name MATCHES "^(slt|shell)_")
    target_include_directories(${name}_test PRIVATE ${PROJECT_SOURCE_DIR}/tools)
    target_link_libraries(${name}_test PRIVATE llkv_slt llkv::llkv)
  else()
    target_link_libraries(${name}_test PRIVATE llkv_internal)
  endif()
  target_link_libraries(${name}_test PRIVATE PkgConfig::CMOCKA)
  target_include_directories(${name}_test PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  add_test(NAME ${name} COMMAND ${name}_test)
  if(unit_SWEEP)
    set_tests_properties(${name} PROPERTIES LABELS "slow;sweep" TIMEOUT 600)
  elseif(unit_SLOW)
    set_tests_properties(${name} PROPERTIES LABELS slow TIMEOUT 600)
  else()
    set_tests_properties(${name} PROPERTIES LABELS fast TIMEOUT 400)
  endif()
endfunction()
