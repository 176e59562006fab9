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

class row_values;

enum class column_kind : std::uint8_t { integer, text, binary };

/// What a result column is read into. A longer value than `size` is an error, never cut silently.
struct column {
  column_kind kind = column_kind::integer;
  std::size_t size = 0; ///< most bytes of text and binary
};

/// Belongs to one connection and lives no longer. bind all parameters, execute, then next() until it says false.
class statement {
public:
  /// Takes over a prepared handle. `columns` are copied.
  statement(st_mysql_stmt* handle, std::string_view sql, std::span<const column> columns);
  ~statement();
  statement(const statement&) = delete;
  statement& operator=(const statement&) = delete;

  /// Parameters, from 0. Text and bytes are not copied: they must live until execute() has returned.
  void bind(std::size_t index, std::int64_t value);
  void bind(std::size_t index, std::string_view text);
  void bind(std::size_t index, std::span<const std::uint8_t> bytes);
  void bind_null(std::size_t index);

  /// Sends the parameters and fetches the whole result into memory, so that the connection is free for the next
  /// statement.
  [[nodiscard]] outcome<void> execute();

  /// Executes a statement without a result once for all these rows (a "bulk"). All of it is one change: where a row
  /// fails, none is written. Not to be mixed with bind() on the same statement. No rows: nothing happens.
  [[nodiscard]] outcome<void> execute(const row_values& rows);

  /// Moves to the next row; false after the last one, when the result is given back.
  [[nodiscard]] outcome<bool> next();

  /// Values of the current row; views hold until the next call of next() or execute().
  [[nodiscard]] bool is_null(std::size_t column) const;
  [[nodiscard]] std::int64_t integer(std::size_t column) const;
  [[nodiscard]] std::string_view text(std::size_t column) const;
  [[nodiscard]] std::span<const std::uint8_t> bytes(std::size_t column) const;

  /// Rows that the last execute() changed.
  [[nodiscard]] std::uint64_t affected_rows() const;

  /// The number that the database gave to the row which the last execute() inserted.
  [[nodiscard]] std::uint64_t last_insert_id() const;

  /// Whether it failed once and must be prepared anew: when an error comes in the middle of a result (a deadlock does),
  /// the client library (3.3.20) goes on to wait for rows at the statement's next use, until the socket time-out.
  [[nodiscard]] bool spoiled() const noexcept { return spoiled_; }

private:
  struct buffers;

  [[nodiscard]] failure failed(std::string_view step);

  st_mysql_stmt* handle_;
  std::string title_; ///< the beginning of the SQL text, for errors
  std::unique_ptr<buffers> buffers_;
  bool spoiled_ = false;
};

} // namespace cm::storage
