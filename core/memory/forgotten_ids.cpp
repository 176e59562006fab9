#include "core/memory/forgotten_ids.hpp"

#include <algorithm>
#include <utility>

namespace cm::core {

namespace {

constexpr std::size_t least_slots = 64;

// The lower half, without the 0 that marks an empty slot: one too late is on the safe side.
std::uint32_t lower_half(std::uint64_t moment) noexcept {
  const auto half = static_cast<std::uint32_t>(moment);
  return half == 0 ? 1 : half;
}

} // namespace

std::size_t forgotten_ids::find(const std::vector<slot>& slots, const uuid& id) noexcept {
  const auto mask = slots.size() - 1;
  auto i = std::hash<uuid>{}(id)*0x9E3779B97F4A7C15U >> 32U & mask;
  while (slots[i].moment != 0 && slots[i].id != id)
    i = (i + 1) & mask;
  return i;
}

bool forgotten_ids::covers(const table& in, const uuid& id, std::uint64_t read_at) noexcept {
  const auto& found = in.slots[find(in.slots, id)];
  // The difference, not the order: the halves wrap.
  return found.moment != 0 && static_cast<std::int32_t>(static_cast<std::uint32_t>(read_at) - found.moment) < 0;
}

bool forgotten_ids::add(const uuid& id, std::uint64_t moment) {
  if (young_.slots.empty())
    young_.slots.resize(least_slots);
  auto at = find(young_.slots, id);
  if (young_.slots[at].moment == 0) {
    if (young_.used >= capacity)
      return false;
    if (2 * (young_.used + 1) > young_.slots.size()) {
      std::vector<slot> larger(2 * young_.slots.size());
      for (const auto& one : young_.slots) {
        if (one.moment != 0)
          larger[find(larger, one.id)] = one;
      }
      young_.slots = std::move(larger);
      at = find(young_.slots, id);
    }
    ++young_.used;
  }
  young_.slots[at] = {id, lower_half(moment)};
  return true;
}

void forgotten_ids::turn() {
  old_ = std::exchange(young_, {});
}

void forgotten_ids::clear() {
  young_ = {};
  old_ = {};
}

} // namespace cm::core
