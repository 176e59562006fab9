// The values of many rows, for a statement that the server executes once for all of them.
#pragma once

#include "core/base/time.hpp"
#include "core/credentials/credential.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace cm::storage {

/// Filled row by row; a column has values of one kind, or none. Kept column by column, as the client library sends it.
class row_values {
public:
  /// @param columns at least one
  /// @param rows that will be added, as far as is known
  row_values(std::size_t columns, std::size_t rows);

  /// The next value of the row; behind the last one the next row begins. Text and bytes are not copied: they must live
  /// until the statement was executed.
  void add(std::int64_t value);
  void add(std::string_view text);
  void add(std::span<const std::uint8_t> bytes);
  void add(core::timestamp at);
  void add(const std::optional<core::credential_status>& status);
  void add_null();

  /// Whole ones.
  [[nodiscard]] std::size_t rows() const noexcept;

  /// One column, by row: either numbers, or places with their lengths.
  struct column {
    bool is_text = false;
    bool is_binary = false;
    std::vector<long long> numbers;
    std::vector<const void*> places;
    std::vector<unsigned long> lengths;
    std::vector<char> nulls; ///< not 0 where the value is null
  };

  [[nodiscard]] std::span<const column> columns() const noexcept { return columns_; }

private:
  column& next(bool null); ///< every array of the column is as long as the number of its rows, or empty
  void add_place(const void* data, std::size_t size, bool binary);

  std::vector<column> columns_;
  std::size_t expected_;
  std::size_t values_ = 0;
};

} // namespace cm::storage
