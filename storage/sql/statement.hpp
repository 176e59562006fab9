// A prepared statement with its bound parameters and result buffers.
#pragma once

#include "storage/sql/error.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct st_mysql_stmt;

namespace cm::storage {

class exchange;
class row_values;

enum class column_kind : std::uint8_t { integer, text, binary };

/// The type and buffer size of a result column. A value longer than `size` is an error; it is never truncated.
struct column {
  column_kind kind = column_kind::integer;
  std::size_t size = 0; ///< maximum length in bytes, for text and binary
};

/// Usage: bind all parameters, execute(), then call next() until it returns false. Must not outlive its connection. Not
/// thread-safe.
class statement {
public:
  /// Takes ownership of a prepared handle. `columns` are copied.
  /// @param waits those of the connection, which it must not outlive
  statement(st_mysql_stmt* handle, exchange& waits, std::string_view sql, std::span<const column> columns);
  ~statement();
  statement(const statement&) = delete;
  statement& operator=(const statement&) = delete;

  /// Binds a parameter; indices start at 0. Text and bytes are not copied: they must live until execute() has returned.
  void bind(std::size_t index, std::int64_t value);
  void bind(std::size_t index, std::string_view text);
  void bind(std::size_t index, std::span<const std::uint8_t> bytes);
  void bind_null(std::size_t index);

  /// Executes the statement and buffers the whole result, so that the connection is free for the next statement.
  [[nodiscard]] outcome<void> execute();

  /// Executes a statement without a result for all these rows in one request (bulk). Atomic: if one row fails, none is
  /// written. Do not combine with bind() on the same statement. No effect without rows.
  [[nodiscard]] outcome<void> execute(const row_values& rows);

  /// Moves to the next row. Returns false after the last one and frees the result.
  [[nodiscard]] outcome<bool> next();

  /// Values of the current row; views are valid until the next call of next() or execute().
  [[nodiscard]] bool is_null(std::size_t column) const;
  [[nodiscard]] std::int64_t integer(std::size_t column) const;
  [[nodiscard]] std::string_view text(std::size_t column) const;
  [[nodiscard]] std::span<const std::uint8_t> bytes(std::size_t column) const;

  /// Number of rows that the last execute() changed.
  [[nodiscard]] std::uint64_t affected_rows() const;

  /// The AUTO_INCREMENT value of the row that the last execute() inserted.
  [[nodiscard]] std::uint64_t last_insert_id() const;

  /// Whether the statement has failed and must be prepared again. Reason: after an error in the middle of a result,
  /// such as a deadlock, the client library (3.3.20) still waits for rows at the next use, until the socket time-out.
  [[nodiscard]] bool spoiled() const noexcept { return spoiled_; }

private:
  struct buffers;

  [[nodiscard]] outcome<void> send();
  [[nodiscard]] failure failed(std::string_view step);

  st_mysql_stmt* handle_;
  exchange* waits_;
  std::string title_; ///< the beginning of the SQL text, for errors
  std::unique_ptr<buffers> buffers_;
  bool spoiled_ = false;
};

} // namespace cm::storage
