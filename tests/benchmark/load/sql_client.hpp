// A thin wrapper of MariaDB Connector/C: the baseline must not share code with the measured modules.
#pragma once

#include "sql_options.hpp"

#include <mysql.h>

#include <array>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace cm::benchmark {

/// An error of the server or the connection, with the server's message.
struct sql_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Frees the client library's per-thread data; needed in every thread that uses a connection.
struct client_thread {
  client_thread() { mysql_thread_init(); }

  ~client_thread() { mysql_thread_end(); }

  client_thread(const client_thread&) = delete;
  client_thread(client_thread&&) = delete;
  client_thread& operator=(const client_thread&) = delete;
  client_thread& operator=(client_thread&&) = delete;
};

/// One connection, for one thread. Timeouts: 10 s for connecting, 60 s for each statement.
class sql_client {
public:
  /// @throws sql_error
  explicit sql_client(const sql_options& options);

  /// Executes a statement without parameters. @throws sql_error
  void run(const std::string& text);

  /// The only field of the only row of a query; empty if there is none. @throws sql_error
  [[nodiscard]] std::string value(const std::string& text);

  [[nodiscard]] MYSQL* get() const noexcept { return connection_.get(); }

private:
  struct release {
    void operator()(MYSQL* p) const noexcept { mysql_close(p); }
  };

  std::unique_ptr<MYSQL, release> connection_;
};

/// A prepared statement; its parameters are bound once, to buffers that the caller owns and refills.
class sql_statement {
public:
  /// @throws sql_error
  sql_statement(sql_client& client, const std::string& text);

  /// @throws sql_error
  void bind_parameters(std::vector<MYSQL_BIND>& parameters);
  void bind_results(std::vector<MYSQL_BIND>& results);
  void execute();

  /// Fetches the next row; returns false and frees the result if there is none. @throws sql_error
  [[nodiscard]] bool fetch();

  [[nodiscard]] std::uint64_t affected() const noexcept { return mysql_stmt_affected_rows(statement_.get()); }

private:
  struct release {
    void operator()(MYSQL_STMT* p) const noexcept { mysql_stmt_close(p); }
  };

  [[noreturn]] void fail(const char* what) const;

  std::unique_ptr<MYSQL_STMT, release> statement_;
};

/// Binds `bytes` at `data` with a fixed length.
[[nodiscard]] MYSQL_BIND bytes_bind(void* data, std::size_t bytes) noexcept;

/// Binds text in a buffer of `capacity` bytes, of which `*length` are used.
[[nodiscard]] MYSQL_BIND text_bind(char* data, std::size_t capacity, unsigned long* length) noexcept;
[[nodiscard]] MYSQL_BIND integer_bind(std::int64_t* value) noexcept;

/// "(?,?),(?,?)" for 2 tuples of 2.
[[nodiscard]] std::string tuples(std::size_t count, std::size_t columns);

} // namespace cm::benchmark
