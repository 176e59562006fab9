// The baseline for the database: the client library alone, without code of CM.
#pragma once

#include "core/credentials/token.hpp"
#include "mariadb_server.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

struct st_mysql;
struct st_mysql_stmt;

namespace cm::test {

/// Token `number` of the benchmark: ascending ID, pseudo-random digest.
[[nodiscard]] core::uuid bench_id(std::uint64_t number);
[[nodiscard]] core::token_hash bench_hash(std::uint64_t number);
[[nodiscard]] std::string bench_endpoint(std::uint64_t number);

inline constexpr const char* bench_application = "smart-home_v1";

/// One connection, for use by one thread. Throws std::runtime_error if the server reports an error.
class bare_client {
public:
  explicit bare_client(const mariadb_server& server);
  ~bare_client();
  bare_client(const bare_client&) = delete;
  bare_client& operator=(const bare_client&) = delete;

  void run(const std::string& sql);

  /// Inserts tokens first … first + count - 1 with one prepared multi-row statement in its own transaction.
  /// @param count must be the same in every call
  void insert_rows(std::uint64_t first, std::size_t count, int status);

  /// The same as one bulk execution of a single-row statement.
  void insert_bulk(std::uint64_t first, std::size_t count, int status);

  /// SELECT … IN (…) with one prepared statement; reads ID, endpoint, status and digest of every row.
  /// @param numbers the same number of elements in every call
  /// @return number of rows
  std::size_t look_up(std::span<const std::uint64_t> numbers);

private:
  struct closer {
    void operator()(st_mysql* handle) const noexcept;
    void operator()(st_mysql_stmt* handle) const noexcept;
  };

  std::unique_ptr<st_mysql_stmt, closer> prepare(const std::string& sql);
  void check(st_mysql_stmt* handle, bool failed) const;

  std::unique_ptr<st_mysql, closer> handle_;
  std::unique_ptr<st_mysql_stmt, closer> insert_;
  std::unique_ptr<st_mysql_stmt, closer> bulk_;
  std::unique_ptr<st_mysql_stmt, closer> select_;
};

} // namespace cm::test
