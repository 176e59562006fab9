# The commit of the sources, for `cm --version` and /info; "unknown" outside a git checkout. Set CM_COMMIT if the
# sources are built without their repository, as in an image.
set(CM_COMMIT "" CACHE STRING "The commit that is built; empty: ask git")
if(CM_COMMIT STREQUAL "")
  execute_process(COMMAND git -C "${PROJECT_SOURCE_DIR}" rev-parse --short=12 HEAD
    OUTPUT_VARIABLE cm_git_commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE cm_git_result)
  if(cm_git_result EQUAL 0 AND NOT cm_git_commit STREQUAL "")
    set(CM_COMMIT "${cm_git_commit}")
  else()
    set(CM_COMMIT "unknown")
  endif()
endif()
string(SUBSTRING "${CM_COMMIT}" 0 12 CM_COMMIT)
