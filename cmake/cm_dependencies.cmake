# All dependencies are Debian packages (12 and 13). Two need a workaround: CAF has neither a CMake nor a pkg-config file
# (see FindCAF.cmake), and libnats' CMake package refers to a static library that Debian does not ship.
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(CAF 0.17.6 REQUIRED COMPONENTS core)
find_package(Boost 1.81 REQUIRED COMPONENTS json url)
find_package(yaml-cpp 0.7 REQUIRED)
find_package(spdlog 1.10 REQUIRED)
find_package(prometheus-cpp REQUIRED COMPONENTS core)
find_package(PkgConfig REQUIRED)
pkg_check_modules(NATS REQUIRED IMPORTED_TARGET libnats)
pkg_check_modules(MARIADB REQUIRED IMPORTED_TARGET libmariadb)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
if(CM_BUILD_TESTS)
  find_package(Catch2 REQUIRED) # 2 on Debian 12, 3 on Debian 13
endif()
if(NOT TARGET yaml-cpp::yaml-cpp)
  add_library(yaml-cpp::yaml-cpp ALIAS yaml-cpp)
endif()
