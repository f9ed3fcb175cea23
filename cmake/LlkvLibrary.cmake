# The library in its three forms, all from the same objects:
#
#   llkv           libllkv.a with ONE relocatable object in it, whose hidden symbols are local, so
#                  that short internal names never meet those of the program it is linked into
#   llkv_shared    libllkv.so
#   llkv_internal  a plain archive for the unit tests, which see every symbol; never installed
#
# llkv::llkv is the shared one if BUILD_SHARED_LIBS is on, else the static one; the installed package
# follows the same rule.
include_guard(GLOBAL)

get_property(apart GLOBAL PROPERTY LLKV_OBJECT_TARGETS)
set(objects $<TARGET_OBJECTS:llkv_objects>)
foreach(target ${apart})
  list(APPEND objects $<TARGET_OBJECTS:${target}>)
endforeach()

set(whole ${PROJECT_BINARY_DIR}/llkv_whole.o)
add_custom_command(OUTPUT ${whole}
  COMMAND ${CMAKE_LINKER} -r -o ${whole}.open ${objects}
  COMMAND ${CMAKE_OBJCOPY} --localize-hidden ${whole}.open ${whole}
  COMMAND ${CMAKE_COMMAND} -E rm -f ${whole}.open
  DEPENDS llkv_objects ${apart} ${objects}
  COMMENT "Joining the objects and hiding what is not public"
  COMMAND_EXPAND_LISTS VERBATIM)

add_library(llkv STATIC ${whole})
set_source_files_properties(${whole} PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
set_target_properties(llkv PROPERTIES LINKER_LANGUAGE C EXPORT_NAME static)
add_library(llkv_internal STATIC EXCLUDE_FROM_ALL ${objects})
set_target_properties(llkv_internal PROPERTIES LINKER_LANGUAGE C)
target_include_directories(llkv_internal PUBLIC
  ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src ${PROJECT_BINARY_DIR}/gen)
target_link_libraries(llkv_internal PUBLIC ${LLKV_LINK})
set(libraries llkv)

if(LLKV_SHARED OR BUILD_SHARED_LIBS)
  set(map ${PROJECT_SOURCE_DIR}/cmake/llkv.map)
  add_library(llkv_shared SHARED ${objects})
  set_target_properties(llkv_shared PROPERTIES OUTPUT_NAME llkv EXPORT_NAME shared
    LINKER_LANGUAGE C VERSION ${PROJECT_VERSION} SOVERSION 0 LINK_DEPENDS ${map})
  target_link_options(llkv_shared PRIVATE
    -Wl,--version-script,${map} -Wl,--no-undefined -Wl,--as-needed -Wl,-z,relro -Wl,-z,now)
  list(APPEND libraries llkv_shared)
endif()

foreach(library ${libraries})
  target_include_directories(${library} INTERFACE
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(${library} PRIVATE ${LLKV_LINK})
  set_target_properties(${library} PROPERTIES
    ARCHIVE_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR} LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
endforeach()

if(BUILD_SHARED_LIBS)
  add_library(llkv::llkv ALIAS llkv_shared)
else()
  add_library(llkv::llkv ALIAS llkv)
endif()
