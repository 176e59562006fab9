# cm_unity(<target> <sources a batch> [ALWAYS])
#
# With CM_UNITY_BUILD the sources of the target are compiled in batches: headers are parsed, and templates instantiated,
# once per batch. Unity builds hide some errors (a missing include, clashing local names, a shadowed name). The debug
# preset, and clang-tidy in the nightly run, find them: they compile every source of the modules separately. With
# ALWAYS, as for tests, the target is compiled in batches in all presets. CM_UNITY_FACTOR multiplies the size of all
# batches.
#
# Sources with common names in their unnamed namespaces go into different batches, and so do sources with using
# directives for different namespaces.
function(cm_unity target size)
  if(NOT CM_UNITY_BUILD AND NOT "ALWAYS" IN_LIST ARGN)
    return()
  endif()
  math(EXPR size "${size} * ${CM_UNITY_FACTOR}")
  set_target_properties(${target} PROPERTIES
    UNITY_BUILD ON
    UNITY_BUILD_MODE GROUP
    UNITY_BUILD_CODE_BEFORE_INCLUDE "// NOLINTNEXTLINE(bugprone-suspicious-include)")
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_BUILD_TYPE STREQUAL "Release")
    # GCC inlines less in units of more than 10,000 instructions, which would cost up to 5 % more instructions per
    # response.
    target_compile_options(${target} PRIVATE --param=large-unit-insns=1000000)
  endif()
  set(last -1)
  get_target_property(sources ${target} SOURCES)
  foreach(source IN LISTS sources)
    file(REAL_PATH "${source}" path BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}")
    cmake_path(IS_PREFIX PROJECT_BINARY_DIR "${path}" generated)
    if(generated) # long tables, which gain nothing from a batch
      set_source_files_properties("${source}" PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
      continue()
    endif()
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${path}")
    file(READ "${path}" text)
    cm_local_names("${text}" heads)
    string(REGEX MATCHALL "\nusing (namespace|enum) [a-z_:]+" opened "${text}")
    list(FILTER opened EXCLUDE REGEX " (std::.*|cm|cm::test)$") # these cause no conflicts
    list(SORT opened)
    # Find the first batch that is not full and has none of the names.
    set(batch 0)
    while(batch LESS_EQUAL last)
      list(LENGTH sources_${batch} count)
      set(common ${heads})
      list(REMOVE_ITEM common ${names_${batch}} "")
      list(LENGTH heads all)
      list(LENGTH common fresh)
      # Sources without using directives fit into any batch, except one with "using enum", whose enumerators could hide
      # their names.
      set(both "${opened}${opened_${batch}}")
      if(count LESS size AND fresh EQUAL all
         AND (opened STREQUAL opened_${batch} OR ((NOT opened OR NOT opened_${batch}) AND NOT both MATCHES " enum ")))
        break()
      endif()
      math(EXPR batch "${batch} + 1")
    endwhile()
    if(batch GREATER last)
      set(last ${batch})
      set(opened_${batch} "")
    endif()
    if(opened)
      set(opened_${batch} "${opened}")
    endif()
    list(APPEND sources_${batch} "${source}")
    list(APPEND names_${batch} ${heads})
    set_source_files_properties("${source}" PROPERTIES UNITY_GROUP ${batch})
  endforeach()
endfunction()

# Collects the names that the text declares at the beginning of lines in unnamed namespaces. A heuristic: a missed name
# can cause a compile error, an additional name does no harm.
function(cm_local_names text result)
  set(begin "\nnamespace {\n")
  set(end "\n} // namespace\n")
  set(names "")
  string(FIND "${text}" "${begin}" from)
  while(from GREATER_EQUAL 0)
    string(SUBSTRING "${text}" ${from} -1 text)
    string(FIND "${text}" "${end}" to)
    string(SUBSTRING "${text}" 1 ${to} local)
    string(REPLACE " final" "" local "${local}")
    string(REPLACE "[" "=" local "${local}") # an unbalanced bracket would break CMake lists
    string(REPLACE "]" "=" local "${local}")
    string(REGEX REPLACE "\n[^\n]*\\([a-z_]+_self self[^\n]*" "" local "${local}") # overloads for different actors
    string(REGEX REPLACE "\nnamespace [^\n]*" "" local "${local}") # may be repeated in each source
    string(REGEX MATCHALL "\n[A-Za-z][^\n(={;\"#]*[ *&][A-Za-z0-9_]+( :[^:]| ?[(={])" heads "${local}")
    list(TRANSFORM heads REPLACE "^.*[ *&]([A-Za-z0-9_]+)( :[^:]| ?[(={])$" "\\1")
    list(APPEND names ${heads})
    string(SUBSTRING "${text}" ${to} -1 text)
    string(FIND "${text}" "${begin}" from)
  endwhile()
  list(REMOVE_DUPLICATES names)
  set(${result} "${names}" PARENT_SCOPE)
endfunction()
