# cm_module(<path> SOURCES <files…> USES <modules…> LINKS <public libraries…> PRIVATE_LINKS <libraries…> [BATCH <number>])
#
# Defines a module: a folder with a CMakeLists.txt, and a static library. "storage/sql" becomes the target
# cm_storage_sql; its headers are included as "storage/sql/file.hpp". USES lists every module whose headers its files
# include. The include directory of a module is a folder that contains only a link to that module. So the compiler does
# not find headers of modules that are not in USES, directly or transitively: forbidden includes do not compile. BATCH
# is the number of sources per batch with CM_UNITY_BUILD (default 10).
function(cm_module path)
  cmake_parse_arguments(MODULE "" "BATCH" "SOURCES;USES;LINKS;PRIVATE_LINKS" ${ARGN})
  string(REPLACE "/" "_" name "${path}")
  set(view "${PROJECT_BINARY_DIR}/modules/${name}")
  cmake_path(GET path PARENT_PATH parent)
  file(MAKE_DIRECTORY "${view}/${parent}")
  file(CREATE_LINK "${PROJECT_SOURCE_DIR}/${path}" "${view}/${path}" SYMBOLIC)

  list(TRANSFORM MODULE_USES REPLACE "/" "_" OUTPUT_VARIABLE used)
  list(TRANSFORM used PREPEND "cm::")
  if(MODULE_SOURCES)
    add_library(cm_${name} STATIC ${MODULE_SOURCES})
    target_include_directories(cm_${name} PUBLIC "${view}")
    target_link_libraries(cm_${name} PUBLIC ${used} ${MODULE_LINKS} PRIVATE cm::options ${MODULE_PRIVATE_LINKS})
    if(NOT MODULE_BATCH)
      set(MODULE_BATCH 10)
    endif()
    cm_unity(cm_${name} ${MODULE_BATCH})
  else() # header-only
    add_library(cm_${name} INTERFACE)
    target_include_directories(cm_${name} INTERFACE "${view}")
    target_link_libraries(cm_${name} INTERFACE ${used} ${MODULE_LINKS})
  endif()
  add_library(cm::${name} ALIAS cm_${name})

  set_property(GLOBAL APPEND PROPERTY CM_MODULES "${path}")
  set_property(GLOBAL PROPERTY CM_MODULE_USES_${name} "${MODULE_USES}")
endfunction()

# cm_modules(<folder> <modules…>)
#
# Adds the modules of a top-level folder, each in its own folder, and the target cm::<folder>, which links all of them.
function(cm_modules folder)
  foreach(module IN LISTS ARGN)
    add_subdirectory(${module})
  endforeach()
  list(TRANSFORM ARGN PREPEND "cm::${folder}_" OUTPUT_VARIABLE targets)
  add_library(cm_${folder} INTERFACE)
  add_library(cm::${folder} ALIAS cm_${folder})
  target_link_libraries(cm_${folder} INTERFACE ${targets})
endfunction()

# cm_write_modules(<file>)
#
# Writes the dependencies between modules to a JSON file, for the tests and for the diagram in docs/architecture.md.
function(cm_write_modules file)
  get_property(modules GLOBAL PROPERTY CM_MODULES)
  set(entries "")
  foreach(path IN LISTS modules)
    string(REPLACE "/" "_" name "${path}")
    get_property(uses GLOBAL PROPERTY CM_MODULE_USES_${name})
    list(TRANSFORM uses PREPEND "\"")
    list(TRANSFORM uses APPEND "\"")
    list(JOIN uses ", " uses)
    list(APPEND entries "  \"${path}\": [${uses}]")
  endforeach()
  list(JOIN entries ",\n" entries)
  file(WRITE "${file}" "{\n${entries}\n}\n")
endfunction()
