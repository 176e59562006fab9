// The parameter values of a bulk statement: many rows, sent at once.
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

/// Filled row by row and stored by column, as the client library expects it. All values of a column have the same type,
/// or are NULL.
class row_values {
public:
  /// @param columns at least one
  /// @param rows expected number of rows; memory is reserved for them
  row_values(std::size_t columns, std::size_t rows);

  /// Appends the next value of the current row; after the last column the next row begins. Text and bytes are not
  /// copied: they must live until the statement has been executed.
  void add(std::int64_t value);
  void add(std::string_view text);
  void add(std::span<const std::uint8_t> bytes);
  void add(core::timestamp at);
  void add(const std::optional<core::credential_status>& status);
  void add_null();

  /// Number of complete rows.
  [[nodiscard]] std::size_t rows() const noexcept;

  /// The values of one column, by row: either numbers, or pointers with their lengths.
  struct column {
    bool is_text = false;
    bool is_binary = false;
    std::vector<long long> numbers;
    std::vector<const void*> pointers;
    std::vector<unsigned long> lengths;
    std::vector<char> nulls; ///< not 0 if the value is NULL
  };

  [[nodiscard]] std::span<const column> columns() const noexcept { return columns_; }

private:
  column& next(bool null); ///< keeps the invariant: each array of the column has one element per row, or is empty
  void add_pointer(const void* data, std::size_t size, bool binary);

  std::vector<column> columns_;
  std::size_t expected_;
  std::size_t values_ = 0;
};

} // namespace cm::storage
