#include "core/observability/damaged_rows.hpp"

#include "core/observability/logging.hpp"

#include <algorithm>
#include <bit>

namespace cm::core {

namespace {

// Two rows with the same hash would share a count, which only makes log lines rarer.
std::uint64_t hash_of(std::string_view table, const uuid& id) noexcept {
  constexpr std::uint64_t offset = 0xcbf29ce484222325U; // FNV-1a
  constexpr std::uint64_t prime = 0x100000001b3U;
  std::uint64_t hash = offset;
  for (const char c : table)
    hash = (hash ^ static_cast<unsigned char>(c)) * prime;
  for (const auto byte : id.bytes)
    hash = (hash ^ byte) * prime;
  return hash == 0 ? 1 : hash;
}

} // namespace

std::atomic<std::uint64_t>& damaged_rows::readings_of(std::uint64_t row) noexcept {
  constexpr std::size_t max_steps = 16;
  const auto steps = std::min(max_steps, slots_.size());
  for (std::size_t step = 0; step < steps; ++step) {
    auto& candidate = slots_[(row + step) % slots_.size()];
    std::uint64_t found = 0;
    if (candidate.row.compare_exchange_strong(found, row) || found == row)
      return candidate.readings;
  }
  return others_;
}

std::uint64_t damaged_rows::count(std::string_view table, const uuid& id) noexcept {
  const auto number = ++readings_of(hash_of(table, id));
  return std::has_single_bit(number) ? number : 0;
}

void report_damaged_row(std::string_view table, const uuid& id, std::string_view damage) {
  static damaged_rows reported;
  const auto number = reported.count(table, id);
  if (number == 1)
    logger("cm.storage")->error("the row {} of the table {} is damaged: {}", to_string(id), table, damage);
  else if (number != 0)
    logger("cm.storage")
      ->error("the row {} of the table {} is damaged (read {} times): {}", to_string(id), table, number, damage);
}

} // namespace cm::core
