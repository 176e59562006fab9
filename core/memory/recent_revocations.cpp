#include "core/memory/recent_revocations.hpp"

#include <algorithm>
#include <utility>

namespace cm::core {

namespace {

constexpr std::size_t min_ids = 64;

// The lower 32 bits. 0 marks an empty slot, so 0 becomes 1: a moment that is one too late is on the safe side.
std::uint32_t lower_half(std::uint64_t moment) noexcept {
  const auto half = static_cast<std::uint32_t>(moment);
  return half == 0 ? 1 : half;
}

} // namespace

std::size_t recent_revocations::find(const std::vector<slot>& slots, const uuid& id) noexcept {
  const auto mask = slots.size() - 1;
  auto i = std::hash<uuid>{}(id)*0x9E3779B97F4A7C15U >> 32U & mask;
  while (slots[i].moment != 0 && slots[i].id != id)
    i = (i + 1) & mask;
  return i;
}

bool recent_revocations::covers(const table& in, const uuid& id, std::uint64_t read_at) noexcept {
  const auto& found = in.slots[find(in.slots, id)];
  // Compares the difference, because the halves wrap around.
  return found.moment != 0 && static_cast<std::int32_t>(static_cast<std::uint32_t>(read_at) - found.moment) < 0;
}

bool recent_revocations::add(const uuid& id, std::uint64_t moment) {
  if (young_.slots.empty())
    young_.slots.resize(min_ids);
  auto index = find(young_.slots, id);
  if (young_.slots[index].moment == 0) {
    if (young_.used >= capacity)
      return false;
    if (2 * (young_.used + 1) > young_.slots.size()) {
      std::vector<slot> larger(2 * young_.slots.size());
      for (const auto& entry : young_.slots) {
        if (entry.moment != 0)
          larger[find(larger, entry.id)] = entry;
      }
      young_.slots = std::move(larger);
      index = find(young_.slots, id);
    }
    ++young_.used;
  }
  young_.slots[index] = {id, lower_half(moment)};
  return true;
}

void recent_revocations::rotate() {
  old_ = std::exchange(young_, {});
}

void recent_revocations::clear() {
  young_ = {};
  old_ = {};
}

} // namespace cm::core
