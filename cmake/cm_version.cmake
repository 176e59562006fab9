# The commit that is built, for `cm --version` and /info; "unknown" outside a git checkout.
execute_process(COMMAND git -C "${PROJECT_SOURCE_DIR}" rev-parse --short=12 HEAD
  OUTPUT_VARIABLE CM_COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE cm_git_result)
if(NOT cm_git_result EQUAL 0 OR CM_COMMIT STREQUAL "")
  set(CM_COMMIT "unknown")
endif()
