// A private MariaDB server for a test, with its own data directory and loopback port; the destructor ends it.
#pragma once

#include "core/configuration/settings.hpp"
#include "loopback_port.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace cm::test {

/// A temporary directory that the destructor removes. Its path is short enough for a Unix socket in it.
class temporary_directory {
public:
  explicit temporary_directory(std::string_view name);
  ~temporary_directory();
  temporary_directory(const temporary_directory&) = delete;
  temporary_directory& operator=(const temporary_directory&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

private:
  std::filesystem::path path_;
};

/// Works as root and as an ordinary user. The data directory is installed once per process and copied for each server.
/// All functions throw std::runtime_error if the server fails.
class mariadb_server {
public:
  /// Starts and waits until the server answers; database `cm`, user `cm` with the password "cm-test-password".
  /// @param arguments further command line arguments of mariadbd
  explicit mariadb_server(std::vector<std::string> arguments = {});
  ~mariadb_server();
  mariadb_server(const mariadb_server&) = delete;
  mariadb_server& operator=(const mariadb_server&) = delete;

  /// The connection settings of `cm`: one host, short timeouts.
  [[nodiscard]] core::database_settings settings() const;
  [[nodiscard]] core::network_address address() const;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_.number(); }

  /// The process ID, for reading /proc.
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

  /// Runs one statement as the server's root in the database `cm`.
  void execute(std::string_view sql) const;

  /// The same for a query; returns all values, "NULL" for null.
  [[nodiscard]] std::vector<std::vector<std::string>> query(std::string_view sql) const;

  /// The first value of the first row.
  [[nodiscard]] std::string value(std::string_view sql) const;

  /// Drops all tables of the database.
  void recreate_database() const;

  void stop();  ///< as an operator stops it
  void kill();  ///< as a power failure does
  void start(); ///< again, on the same port and data

  void pause() const;  ///< it keeps its connections and answers nothing
  void resume() const; ///< after pause

private:
  void launch();
  void wait_until_it_answers();
  void end(int signal);

  temporary_directory directory_;
  std::vector<std::string> arguments_;
  loopback_port port_;
  pid_t pid_ = -1;
};

/// Runs a program and waits for it; throws with its output unless it ends with status 0.
void run_program(const std::vector<std::string>& arguments);

} // namespace cm::test
