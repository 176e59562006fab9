// MariaDB Connector/C without anything above it: the yardstick must not share code with what it measures.
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

/// The server or the way to it failed; with the server's own words.
struct sql_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Frees what the client library keeps for a thread; one in every thread that speaks to the server.
struct client_thread {
  client_thread() { mysql_thread_init(); }

  ~client_thread() { mysql_thread_end(); }

  client_thread(const client_thread&) = delete;
  client_thread(client_thread&&) = delete;
  client_thread& operator=(const client_thread&) = delete;
  client_thread& operator=(client_thread&&) = delete;
};

/// One connection, used by one thread. Connecting takes 10 s at most, any exchange 60 s.
class sql_client {
public:
  /// @throws sql_error
  explicit sql_client(const sql_options& options);

  /// A statement without parameters. @throws sql_error
  void run(const std::string& text);

  /// The only field of the only row of a query; empty where there is none. @throws sql_error
  [[nodiscard]] std::string value(const std::string& text);

  [[nodiscard]] MYSQL* get() const noexcept { return connection_.get(); }

private:
  struct release {
    void operator()(MYSQL* p) const noexcept { mysql_close(p); }
  };

  std::unique_ptr<MYSQL, release> connection_;
};

/// A prepared statement; its parameters are bound once, to buffers that the caller keeps and fills anew.
class sql_statement {
public:
  /// @throws sql_error
  sql_statement(sql_client& client, const std::string& text);

  /// @throws sql_error
  void bind_parameters(std::vector<MYSQL_BIND>& parameters);
  void bind_results(std::vector<MYSQL_BIND>& results);
  void execute();

  /// Whether there was another row; false frees what the result took. @throws sql_error
  [[nodiscard]] bool fetch();

  [[nodiscard]] std::uint64_t affected() const noexcept { return mysql_stmt_affected_rows(statement_.get()); }

private:
  struct release {
    void operator()(MYSQL_STMT* p) const noexcept { mysql_stmt_close(p); }
  };

  [[noreturn]] void fail(const char* what) const;

  std::unique_ptr<MYSQL_STMT, release> statement_;
};

/// `bytes` at `data`; the length is that of the buffer.
[[nodiscard]] MYSQL_BIND bytes_bind(void* data, std::size_t bytes) noexcept;

/// Text in a buffer of `room` bytes, of which `*length` count.
[[nodiscard]] MYSQL_BIND text_bind(char* data, std::size_t room, unsigned long* length) noexcept;
[[nodiscard]] MYSQL_BIND integer_bind(std::int64_t* value) noexcept;

/// "(?,?),(?,?)" for 2 tuples of 2.
[[nodiscard]] std::string tuples(std::size_t count, std::size_t columns);

} // namespace cm::benchmark
