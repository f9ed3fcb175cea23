# Headers, libraries, the command, llkvConfig.cmake and llkv.pc.
include_guard(GLOBAL)
include(CMakePackageConfigHelpers)

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/llkv)
install(TARGETS ${libraries} EXPORT llkv-targets)
if(TARGET llkv_command)
  install(TARGETS llkv_command)
endif()
install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(EXPORT llkv-targets NAMESPACE llkv:: DESTINATION ${package})

configure_package_config_file(cmake/llkvConfig.cmake.in ${PROJECT_BINARY_DIR}/llkvConfig.cmake
  INSTALL_DESTINATION ${package})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/llkvConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/llkvConfig.cmake ${PROJECT_BINARY_DIR}/llkvConfigVersion.cmake
  DESTINATION ${package})

string(REPLACE ";" " " LLKV_PC_REQUIRES "${LLKV_PC_MODULES}")
file(RELATIVE_PATH LLKV_PC_TO_PREFIX ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" LLKV_PC_TO_PREFIX ${LLKV_PC_TO_PREFIX})
configure_file(cmake/llkv.pc.in ${PROJECT_BINARY_DIR}/llkv.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/llkv.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
