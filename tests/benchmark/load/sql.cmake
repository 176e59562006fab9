# The baseline MariaDB client, without code of storage/.
add_executable(sql_load EXCLUDE_FROM_ALL
  load/sql_client.cpp
  load/sql_load.cpp
  load/sql_measure.cpp
  load/sql_options.cpp
  load/sql_rows.cpp
  load/sql_work.cpp)
target_link_libraries(sql_load PRIVATE PkgConfig::MARIADB OpenSSL::Crypto Threads::Threads cm::options)
set_target_properties(sql_load PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")
