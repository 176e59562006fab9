# cm_room(<name> SOURCES <files…> USES <rooms…> LINKS <public libraries…> PRIVATE_LINKS <libraries…> [BATCH <number>])
#
# A room is a static library cm_<name>. Its headers are included as "<name>/file.hpp"; the include directory is a folder
# of links that holds this room only, so that a header of a room that was not named in USES is not found. BATCH is how
# many sources are compiled at a time with CM_UNITY_BUILD (10).
function(cm_room name)
  cmake_parse_arguments(ROOM "" "BATCH" "SOURCES;USES;LINKS;PRIVATE_LINKS" ${ARGN})
  set(view "${PROJECT_BINARY_DIR}/rooms/${name}")
  file(MAKE_DIRECTORY "${view}")
  file(CREATE_LINK "${PROJECT_SOURCE_DIR}/${name}" "${view}/${name}" SYMBOLIC)

  add_library(cm_${name} STATIC ${ROOM_SOURCES})
  add_library(cm::${name} ALIAS cm_${name})
  target_include_directories(cm_${name} PUBLIC "${view}")
  list(TRANSFORM ROOM_USES PREPEND "cm::")
  target_link_libraries(cm_${name} PUBLIC ${ROOM_USES} ${ROOM_LINKS} PRIVATE cm::options ${ROOM_PRIVATE_LINKS})
  if(NOT ROOM_BATCH)
    set(ROOM_BATCH 10)
  endif()
  cm_unity(cm_${name} ${ROOM_BATCH})
endfunction()
