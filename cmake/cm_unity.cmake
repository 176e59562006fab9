# cm_unity(<target> <sources a batch> [ALWAYS])
#
# With CM_UNITY_BUILD the sources of the target are compiled in batches (CMake's UNITY_BUILD): headers are parsed, and
# templates instantiated, once per batch. So names at file scope are unique within a target: two sources of one batch
# that declare the same name in unnamed namespaces do not compile. The debug preset, and clang-tidy in the nightly run,
# compile every source of the modules separately: they find what batches hide (a missing include, a shadowed name). With
# ALWAYS, as for tests, the target is compiled in batches in all presets. CM_UNITY_FACTOR multiplies the size of all
# batches.
function(cm_unity target size)
  if(NOT CM_UNITY_BUILD AND NOT "ALWAYS" IN_LIST ARGN)
    return()
  endif()
  math(EXPR size "${size} * ${CM_UNITY_FACTOR}")
  set_target_properties(${target} PROPERTIES
    UNITY_BUILD ON
    UNITY_BUILD_MODE BATCH
    UNITY_BUILD_BATCH_SIZE ${size}
    UNITY_BUILD_CODE_BEFORE_INCLUDE "// NOLINTNEXTLINE(bugprone-suspicious-include)")
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_BUILD_TYPE STREQUAL "Release")
    # GCC inlines less in units of more than 10,000 instructions, which would cost up to 5 % more instructions per
    # response.
    target_compile_options(${target} PRIVATE --param=large-unit-insns=1000000)
  endif()
  get_target_property(sources ${target} SOURCES)
  foreach(source IN LISTS sources)
    file(REAL_PATH "${source}" path BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}")
    cmake_path(IS_PREFIX PROJECT_BINARY_DIR "${path}" generated)
    if(generated) # long tables, which gain nothing from a batch
      set_source_files_properties("${source}" PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    endif()
  endforeach()
endfunction()
