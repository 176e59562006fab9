// Reports database rows that CM cannot use, so that an operator finds them and the log is not flooded.
#pragma once

#include "core/base/uuid.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace cm::core {

/// Counts by row how often a damaged row was read. Selects the first, second, fourth, eighth time and so on to be
/// logged. Memory is bounded: rows beyond the capacity share one count. Thread-safe, without locks.
class damaged_rows {
public:
  /// @param capacity number of rows with a count of their own, at least 1
  explicit damaged_rows(std::size_t capacity = 1024) : slots_(capacity) {}

  /// Counts one reading of a row. @return its number, from 1, if it has to be logged; else 0
  [[nodiscard]] std::uint64_t count(std::string_view table, const uuid& id) noexcept;

private:
  struct slot {
    std::atomic<std::uint64_t> row{0}; ///< hash of table and ID; 0: free. Once taken it stays.
    std::atomic<std::uint64_t> readings{0};
  };

  [[nodiscard]] std::atomic<std::uint64_t>& readings_of(std::uint64_t row) noexcept;

  std::vector<slot> slots_;
  std::atomic<std::uint64_t> others_{0};
};

/// Logs an error that names the table and the ID of the row, throttled for the process by one damaged_rows.
/// Thread-safe.
/// @param damage what is wrong and how to repair it; must contain no secret
void report_damaged_row(std::string_view table, const uuid& id, std::string_view damage);

} // namespace cm::core
