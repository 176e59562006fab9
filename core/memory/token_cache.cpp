#include "core/memory/token_cache.hpp"

#include "core/base/identifiers.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

namespace cm::core {

namespace {

constexpr std::size_t unit = 8; ///< places are counted in these, entries begin on them
constexpr std::size_t min_segment = 1024;
constexpr std::size_t max_segment = 65'536;
constexpr std::size_t min_slots = 8;
constexpr std::uint32_t nowhere = std::numeric_limits<std::uint32_t>::max();

// Answers come back in another order than their questions left, but not by more than this.
constexpr std::int64_t disorder_ms = 60'000;

std::int64_t to_ms(steady_time at) noexcept {
  return std::chrono::floor<std::chrono::milliseconds>(at.time_since_epoch()).count();
}

std::uint32_t tag_of(const token_key& key) noexcept {
  return static_cast<std::uint32_t>(key.first);
}

constexpr std::size_t rounded(std::size_t bytes) noexcept {
  return (bytes + unit - 1) / unit * unit;
}

// Some entries are due earlier than others, so that what was read together is not read again together: after 5/8 to
// 27/32 of the time-to-live.
std::int64_t refresh_age(std::int64_t time_to_live, const token_key& key) noexcept {
  return time_to_live / 32 * (20 + static_cast<std::int64_t>(key.second % 8));
}

} // namespace

/// Before each entry's endpoint ID.
struct token_cache::header {
  token_key key;
  uuid id;
  std::uint32_t generation = 0; ///< the lower half: no two that are compared are far apart
  std::uint32_t read_after = 0; ///< ms after the segment's base
  std::uint8_t endpoint_length = 0;
  bool refresh_asked = false;
};

token_cache::token_cache(token_cache_settings settings) : settings_(settings) {
  static_assert(std::is_trivially_copyable_v<header> && sizeof(header) % unit == 0);
  static_assert(rounded(sizeof(header) + max_identifier_length) <= min_segment);
  segment_bytes_ = std::clamp(std::bit_floor(settings_.max_bytes / 8), min_segment, max_segment);
}

std::byte* token_cache::at(place where) const noexcept {
  const auto units = segment_bytes_ / unit;
  return segments_[where / units]->bytes.get() + where % units * unit;
}

std::size_t token_cache::bytes() const noexcept {
  return order_.size() * (segment_bytes_ + sizeof(segment)) + index_bytes_ + recent_revocations_.bytes();
}

// -- the index --------------------------------------------------------------------------------------------------------

void token_cache::prefetch(const token_key& key) const noexcept {
  const auto& slots = partition_of(key).slots;
  if (!slots.empty())
    __builtin_prefetch(&slots[tag_of(key) & (slots.size() - 1)]);
}

void token_cache::prefetch_entry(const token_key& key) const noexcept {
  const auto& slots = partition_of(key).slots;
  if (slots.empty())
    return;
  // Most entries stand where they belong; the others are waited for.
  const auto& home = slots[tag_of(key) & (slots.size() - 1)];
  if (home.where == nowhere || home.tag != tag_of(key))
    return;
  const auto* entry = at(home.where);
  __builtin_prefetch(entry);
  __builtin_prefetch(entry + sizeof(header)); // the endpoint ID
}

token_cache::slot* token_cache::find_slot(const token_key& key) noexcept {
  auto& slots = partition_of(key).slots;
  if (slots.empty())
    return nullptr;
  const auto mask = slots.size() - 1;
  const auto tag = tag_of(key);
  for (auto i = tag & mask; slots[i].where != nowhere; i = (i + 1) & mask) {
    if (slots[i].tag == tag && std::memcmp(at(slots[i].where), &key, sizeof key) == 0)
      return &slots[i];
  }
  return nullptr;
}

void token_cache::place_slot(std::vector<slot>& slots, slot what) noexcept {
  const auto mask = slots.size() - 1;
  auto i = what.tag & mask;
  while (slots[i].where != nowhere)
    i = (i + 1) & mask;
  slots[i] = what;
}

void token_cache::erase(partition& part, slot* what) noexcept {
  auto& slots = part.slots;
  const auto mask = slots.size() - 1;
  auto hole = static_cast<std::size_t>(what - slots.data());
  // Whoever stands behind the hole and may stand in it moves up, so that no search ends before him.
  for (auto i = (hole + 1) & mask; slots[i].where != nowhere; i = (i + 1) & mask) {
    const auto home = slots[i].tag & mask;
    if (((i - home) & mask) < ((i - hole) & mask))
      continue;
    slots[hole] = slots[i];
    hole = i;
  }
  slots[hole].where = nowhere;
  --part.used;
  --entries_;
}

bool token_cache::grow(partition& part) {
  std::size_t wanted = 0;
  for (std::size_t before = nowhere; before != part.slots.size();) {
    before = part.slots.size();
    wanted = std::max(min_slots, 2 * before);
    if (!have_room((wanted - before) * sizeof(slot)))
      return false;
    // What had to go may have been all that this part had, and then its slots went, too.
  }
  std::vector<slot> larger(wanted, slot{nowhere, 0});
  for (const auto& one : part.slots) {
    if (one.where != nowhere)
      place_slot(larger, one);
  }
  index_bytes_ += (larger.size() - part.slots.size()) * sizeof(slot);
  part.slots = std::move(larger);
  return true;
}

// -- segments ---------------------------------------------------------------------------------------------------------

// Makes room for so many more bytes, at the price of the oldest; false where that is not enough.
bool token_cache::have_room(std::size_t more) {
  while (bytes() + more > settings_.max_bytes) {
    if (order_.empty())
      return false;
    const auto before = entries_;
    drop_front();
    evicted_ += before - entries_;
  }
  return true;
}

token_cache::segment* token_cache::segment_for(std::size_t length, std::int64_t asked_ms) {
  if (!order_.empty()) {
    auto& last = *segments_[order_.back()];
    if (last.used + length <= segment_bytes_ && asked_ms >= last.base_ms)
      return &last;
  }
  if (!have_room(segment_bytes_ + sizeof(segment)))
    return nullptr;
  std::uint32_t number = 0;
  if (!free_numbers_.empty()) {
    number = free_numbers_.back();
    free_numbers_.pop_back();
  } else {
    if ((segments_.size() + 1) * (segment_bytes_ / unit) >= nowhere)
      return nullptr; // beyond 32 GiB there are no places
    number = static_cast<std::uint32_t>(segments_.size());
    segments_.emplace_back();
  }
  auto made = std::make_unique<segment>();
  made->bytes = std::make_unique_for_overwrite<std::byte[]>(segment_bytes_);
  made->base_ms = asked_ms - disorder_ms;
  made->newest_ms = asked_ms;
  segments_[number] = std::move(made);
  order_.push_back(number);
  return segments_[number].get();
}

void token_cache::drop_front() {
  const auto number = order_.front();
  order_.pop_front();
  const auto& going = *segments_[number];
  const auto first = static_cast<place>(number * (segment_bytes_ / unit));
  const auto each_entry = [&going](const auto& visit) {
    for (std::size_t offset = 0; offset < going.used;) {
      header one;
      std::memcpy(&one, going.bytes.get() + offset, sizeof one);
      visit(one, offset);
      offset += rounded(sizeof one + one.endpoint_length);
    }
  };
  each_entry([this](const header& one, std::size_t) { prefetch(one.key); });
  each_entry([&](const header& one, std::size_t offset) {
    auto& part = partition_of(one.key);
    // An entry that was read again since lies elsewhere.
    if (auto* found = find_slot(one.key); found != nullptr && found->where == first + offset / unit)
      erase(part, found);
    if (part.used == 0 && !part.slots.empty()) {
      index_bytes_ -= part.slots.size() * sizeof(slot);
      part.slots = {};
    }
  });
  segments_[number].reset();
  free_numbers_.push_back(number);
}

// -- what it is for ---------------------------------------------------------------------------------------------------

void token_cache::expire(steady_time now) {
  now_ms_ = to_ms(now) + 1; // what was read within the same millisecond counts as older, not as younger
  const auto ttl = settings_.time_to_live.count();
  while (!order_.empty() && segments_[order_.front()]->newest_ms + ttl <= now_ms_)
    drop_front();
  if (now_ms_ >= next_rotation_ms_) {
    recent_revocations_.rotate();
    next_rotation_ms_ = now_ms_ + ttl;
  }
}

std::optional<token_cache::hit> token_cache::find(const token_key& key) noexcept {
  const auto* found = find_slot(key);
  if (found == nullptr)
    return std::nullopt;
  auto* bytes = at(found->where);
  header entry;
  std::memcpy(&entry, bytes, sizeof entry);
  const auto& home = *segments_[found->where / (segment_bytes_ / unit)];
  const auto age = now_ms_ - home.base_ms - entry.read_after;
  const auto ttl = settings_.time_to_live.count();
  if (age >= ttl || recent_revocations_.covers(entry.id, entry.generation))
    return std::nullopt;
  hit out;
  out.id = entry.id;
  out.endpoint_id = {reinterpret_cast<const char*>(bytes + sizeof entry), entry.endpoint_length};
  if (!entry.refresh_asked && age >= refresh_age(ttl, key)) {
    out.refresh = true;
    entry.refresh_asked = true;
    std::memcpy(bytes, &entry, sizeof entry);
  }
  return out;
}

void token_cache::insert(const token_key& key, const uuid& id, std::string_view endpoint_id, steady_time asked_at,
                         cache_generation asked_in) {
  const auto asked_ms = to_ms(asked_at);
  const auto ttl = settings_.time_to_live.count();
  if (ttl <= 0 || settings_.max_bytes == 0 || endpoint_id.size() > max_identifier_length || asked_in < cleared_at_
      || asked_ms + ttl <= now_ms_)
    return;
  if (recent_revocations_.covers(id, asked_in))
    return;
  if (auto* known = find_slot(key))
    erase(partition_of(key), known);

  const auto length = rounded(sizeof(header) + endpoint_id.size());
  auto* home = segment_for(length, asked_ms);
  auto& part = partition_of(key);
  if (home == nullptr || asked_ms - home->base_ms >= std::numeric_limits<std::uint32_t>::max())
    return;
  if (4 * (part.used + 1) > 3 * part.slots.size()) {
    const auto number = order_.back();
    if (!grow(part) || order_.empty() || order_.back() != number)
      return; // there is no room for both
  }
  header entry{};
  entry.key = key;
  entry.id = id;
  entry.generation = static_cast<std::uint32_t>(asked_in);
  entry.read_after = static_cast<std::uint32_t>(asked_ms - home->base_ms);
  entry.endpoint_length = static_cast<std::uint8_t>(endpoint_id.size());
  auto* bytes = home->bytes.get() + home->used;
  std::memcpy(bytes, &entry, sizeof entry);
  if (!endpoint_id.empty())
    std::memcpy(bytes + sizeof entry, endpoint_id.data(), endpoint_id.size());
  place_slot(part.slots,
             {static_cast<place>(order_.back() * (segment_bytes_ / unit) + home->used / unit), tag_of(key)});
  home->used += length;
  home->newest_ms = std::max(home->newest_ms, asked_ms);
  ++part.used;
  ++entries_;
}

void token_cache::clear() {
  cleared_at_ = ++generation_;
  index_ = {};
  index_bytes_ = 0;
  entries_ = 0;
  segments_.clear();
  free_numbers_.clear();
  order_.clear();
  recent_revocations_.clear();
}

void token_cache::invalidate(const uuid& id) {
  ++generation_;
  if (settings_.time_to_live.count() <= 0 || settings_.max_bytes == 0)
    return;
  // So many at once, or in so little memory, are not remembered one by one.
  if (!recent_revocations_.add(id, generation_) || !have_room(0))
    clear();
}

} // namespace cm::core
