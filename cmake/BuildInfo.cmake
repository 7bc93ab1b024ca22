# build_info.h: version and revision. Asked for at each build, written only when changed, and
# included by few: a commit recompiles these alone. Link weir_build_info to include it.

set(weir_build_info_command
  ${CMAKE_COMMAND} -DSOURCE=${PROJECT_SOURCE_DIR} -DVERSION=${PROJECT_VERSION}
  -DREVISION=${WEIR_REVISION} -DTEMPLATE=${CMAKE_CURRENT_LIST_DIR}/build_info.h.in
  -DOUTPUT=${PROJECT_BINARY_DIR}/generated/build_info.h
  -P ${CMAKE_CURRENT_LIST_DIR}/WriteBuildInfo.cmake)
execute_process(COMMAND ${weir_build_info_command} COMMAND_ERROR_IS_FATAL ANY)
add_custom_target(weir_build_info_header COMMAND ${weir_build_info_command}
                  BYPRODUCTS ${PROJECT_BINARY_DIR}/generated/build_info.h
                  COMMENT "Asking for the revision" VERBATIM)

add_library(weir_build_info INTERFACE)
target_include_directories(weir_build_info INTERFACE ${PROJECT_BINARY_DIR}/generated)
add_dependencies(weir_build_info weir_build_info_header)
