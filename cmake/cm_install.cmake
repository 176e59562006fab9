# cmake --install build/release --prefix /usr/local installs the program, its manual page and completion, and operators'
# tools without further dependencies. Container images only contain the program (deploy/docker/install).
include(GNUInstallDirs)

install(TARGETS cm RUNTIME)
install(FILES "${PROJECT_SOURCE_DIR}/docs/man/cm.1" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" "${PROJECT_SOURCE_DIR}/CHANGELOG.md" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
install(PROGRAMS "${PROJECT_SOURCE_DIR}/deploy/license/make-license" "${PROJECT_SOURCE_DIR}/deploy/migration/transfer"
  DESTINATION "${CMAKE_INSTALL_DATADIR}/cm")

# The program itself generates its completion script.
set(completion "${PROJECT_BINARY_DIR}/completion/cm")
install(CODE "file(MAKE_DIRECTORY \"${PROJECT_BINARY_DIR}/completion\")
execute_process(COMMAND \"$<TARGET_FILE:cm>\" completion bash OUTPUT_FILE \"${completion}\" COMMAND_ERROR_IS_FATAL ANY)")
install(FILES "${completion}" DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions")
