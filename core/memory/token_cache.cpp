#include "core/memory/token_cache.hpp"

#include "core/base/identifiers.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>
#include <limits>

namespace cm::core {

namespace {

constexpr std::size_t unit = 8; ///< granularity of positions and alignment of entries, in bytes
constexpr std::size_t min_segment = 1024;
constexpr std::size_t max_segment = 65'536;
constexpr std::size_t min_slots = 8;
constexpr std::uint32_t no_position = std::numeric_limits<std::uint32_t>::max();

// Results may arrive in a different order than their look-ups were sent, but not displaced by more than this.
constexpr std::int64_t max_reordering_ms = 60'000;

std::int64_t to_ms(steady_time at) noexcept {
  return std::chrono::floor<std::chrono::milliseconds>(at.time_since_epoch()).count();
}

std::uint32_t tag_of(const token_key& key) noexcept {
  return static_cast<std::uint32_t>(key.first);
}

constexpr std::size_t rounded(std::size_t bytes) noexcept {
  return (bytes + unit - 1) / unit * unit;
}

// The age at which an entry is refreshed: 5/8 to 27/32 of the time-to-live. It depends on the key, so that entries that
// were read together are not refreshed together.
std::int64_t refresh_age(std::int64_t time_to_live, const token_key& key) noexcept {
  return time_to_live / 32 * (20 + static_cast<std::int64_t>(key.second % 8));
}

} // namespace

/// Precedes the endpoint ID of each entry.
struct token_cache::header {
  token_key key;
  uuid id;
  std::uint32_t generation = 0; ///< lower 32 bits: the generations that are compared are close together
  std::uint32_t read_after = 0; ///< ms after the segment's base
  std::uint8_t endpoint_length = 0;
  bool refresh_asked = false;
  application_tag application = 0;
};

application_tag tag_of_application(std::string_view application) noexcept {
  const auto hash = std::uint64_t{std::hash<std::string_view>{}(application)};
  return static_cast<application_tag>(hash ^ (hash >> 32U));
}

token_cache::token_cache(token_cache_settings settings) : settings_(settings) {
  static_assert(std::is_trivially_copyable_v<header> && sizeof(header) % unit == 0);
  static_assert(rounded(sizeof(header) + max_identifier_length) <= min_segment);
  segment_bytes_ = std::clamp(std::bit_floor(settings_.max_bytes / 8), min_segment, max_segment);
}

std::byte* token_cache::entry_at(position where) const noexcept {
  const auto units = segment_bytes_ / unit;
  return segments_[where / units]->bytes.get() + where % units * unit;
}

std::size_t token_cache::bytes() const noexcept {
  return order_.size() * (segment_bytes_ + sizeof(segment)) + index_bytes_ + recent_revocations_.bytes();
}

// -- index ------------------------------------------------------------------------------------------------------------

void token_cache::prefetch(const token_key& key) const noexcept {
  const auto& slots = partition_of(key).slots;
  if (!slots.empty())
    __builtin_prefetch(&slots[tag_of(key) & (slots.size() - 1)]);
}

void token_cache::prefetch_entry(const token_key& key) const noexcept {
  const auto& slots = partition_of(key).slots;
  if (slots.empty())
    return;
  // Only if the entry is in its home slot, as most are. The others are rare enough to cost a cache miss.
  const auto& home = slots[tag_of(key) & (slots.size() - 1)];
  if (home.where == no_position || home.tag != tag_of(key))
    return;
  const auto* entry = entry_at(home.where);
  __builtin_prefetch(entry);
  __builtin_prefetch(entry + sizeof(header)); // the endpoint ID
}

token_cache::slot* token_cache::find_slot(const token_key& key) noexcept {
  auto& slots = partition_of(key).slots;
  if (slots.empty())
    return nullptr;
  const auto mask = slots.size() - 1;
  const auto tag = tag_of(key);
  for (auto i = tag & mask; slots[i].where != no_position; i = (i + 1) & mask) {
    if (slots[i].tag == tag && std::memcmp(entry_at(slots[i].where), &key, sizeof key) == 0)
      return &slots[i];
  }
  return nullptr;
}

void token_cache::insert_slot(std::vector<slot>& slots, slot added) noexcept {
  const auto mask = slots.size() - 1;
  auto i = added.tag & mask;
  while (slots[i].where != no_position)
    i = (i + 1) & mask;
  slots[i] = added;
}

void token_cache::erase(partition& part, slot* erased) noexcept {
  auto& slots = part.slots;
  const auto mask = slots.size() - 1;
  auto hole = static_cast<std::size_t>(erased - slots.data());
  // Backward-shift deletion: pulls displaced entries into the hole so that probing does not stop early.
  for (auto i = (hole + 1) & mask; slots[i].where != no_position; i = (i + 1) & mask) {
    const auto home = slots[i].tag & mask;
    if (((i - home) & mask) < ((i - hole) & mask))
      continue;
    slots[hole] = slots[i];
    hole = i;
  }
  slots[hole].where = no_position;
  --part.used;
  --entries_;
}

bool token_cache::grow(partition& part) {
  std::size_t wanted = 0;
  for (std::size_t before = no_position; before != part.slots.size();) {
    before = part.slots.size();
    wanted = std::max(min_slots, 2 * before);
    if (!free_memory((wanted - before) * sizeof(slot)))
      return false;
    // free_memory() may have dropped all entries of this part and with them its slots: compute the size again.
  }
  std::vector<slot> larger(wanted, slot{no_position, 0});
  for (const auto& occupied : part.slots) {
    if (occupied.where != no_position)
      insert_slot(larger, occupied);
  }
  index_bytes_ += (larger.size() - part.slots.size()) * sizeof(slot);
  part.slots = std::move(larger);
  return true;
}

// -- segments ---------------------------------------------------------------------------------------------------------

// Drops the oldest segments until `additional` bytes fit into max_bytes. Returns false if they do not fit at all.
bool token_cache::free_memory(std::size_t additional) {
  while (bytes() + additional > settings_.max_bytes) {
    if (order_.empty())
      return false;
    const auto before = entries_;
    drop_oldest_segment();
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
  if (!free_memory(segment_bytes_ + sizeof(segment)))
    return nullptr;
  std::uint32_t number = 0;
  if (!free_numbers_.empty()) {
    number = free_numbers_.back();
    free_numbers_.pop_back();
  } else {
    if ((segments_.size() + 1) * (segment_bytes_ / unit) >= no_position)
      return nullptr; // positions cannot address more than 32 GiB
    number = static_cast<std::uint32_t>(segments_.size());
    segments_.emplace_back();
  }
  auto created = std::make_unique<segment>();
  created->bytes = std::make_unique_for_overwrite<std::byte[]>(segment_bytes_);
  created->base_ms = asked_ms - max_reordering_ms;
  created->newest_ms = asked_ms;
  segments_[number] = std::move(created);
  order_.push_back(number);
  return segments_[number].get();
}

void token_cache::drop_oldest_segment() {
  const auto number = order_.front();
  order_.pop_front();
  const auto& oldest = *segments_[number];
  const auto first = static_cast<position>(number * (segment_bytes_ / unit));
  const auto each_entry = [&oldest](const auto& visit) {
    for (std::size_t offset = 0; offset < oldest.used;) {
      header entry;
      std::memcpy(&entry, oldest.bytes.get() + offset, sizeof entry);
      visit(entry, offset);
      offset += rounded(sizeof entry + entry.endpoint_length);
    }
  };
  each_entry([this](const header& entry, std::size_t) { prefetch(entry.key); });
  each_entry([&](const header& entry, std::size_t offset) {
    auto& part = partition_of(entry.key);
    // If the token was read again since, its slot refers to a newer entry.
    if (auto* found = find_slot(entry.key); found != nullptr && found->where == first + offset / unit)
      erase(part, found);
    if (part.used == 0 && !part.slots.empty()) {
      index_bytes_ -= part.slots.size() * sizeof(slot);
      part.slots = {};
    }
  });
  segments_[number].reset();
  free_numbers_.push_back(number);
}

// -- public operations ------------------------------------------------------------------------------------------------

void token_cache::expire(steady_time now) {
  now_ms_ = to_ms(now) + 1; // to_ms() rounds down: entries may expire up to 1 ms early, never late
  const auto ttl = settings_.time_to_live.count();
  while (!order_.empty() && segments_[order_.front()]->newest_ms + ttl <= now_ms_)
    drop_oldest_segment();
  if (now_ms_ >= next_rotation_ms_) {
    recent_revocations_.rotate();
    next_rotation_ms_ = now_ms_ + ttl;
  }
  if (!forgotten_.empty())
    std::erase_if(forgotten_, [this](const auto& one) { return one.until_ms <= now_ms_; });
}

std::optional<token_cache::hit> token_cache::find(const token_key& key) noexcept {
  const auto* found = find_slot(key);
  if (found == nullptr)
    return std::nullopt;
  auto* bytes = entry_at(found->where);
  header entry;
  std::memcpy(&entry, bytes, sizeof entry);
  const auto& home = *segments_[found->where / (segment_bytes_ / unit)];
  const auto age = now_ms_ - home.base_ms - entry.read_after;
  const auto ttl = settings_.time_to_live.count();
  if (age >= ttl || recent_revocations_.covers(entry.id, entry.generation)
      || forgotten(entry.application, entry.generation))
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

void token_cache::insert(const token_key& key, application_tag application, const uuid& id,
                         std::string_view endpoint_id, steady_time asked_at, cache_generation asked_in) {
  const auto asked_ms = to_ms(asked_at);
  const auto ttl = settings_.time_to_live.count();
  if (ttl <= 0 || settings_.max_bytes == 0 || endpoint_id.size() > max_identifier_length || asked_in < cleared_at_
      || asked_ms + ttl <= now_ms_)
    return;
  if (recent_revocations_.covers(id, asked_in) || forgotten(application, static_cast<std::uint32_t>(asked_in)))
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
      return; // growing the index dropped the segment of the entry: not enough memory for both
  }
  header entry{};
  entry.key = key;
  entry.id = id;
  entry.generation = static_cast<std::uint32_t>(asked_in);
  entry.read_after = static_cast<std::uint32_t>(asked_ms - home->base_ms);
  entry.endpoint_length = static_cast<std::uint8_t>(endpoint_id.size());
  entry.application = application;
  auto* bytes = home->bytes.get() + home->used;
  std::memcpy(bytes, &entry, sizeof entry);
  if (!endpoint_id.empty())
    std::memcpy(bytes + sizeof entry, endpoint_id.data(), endpoint_id.size());
  insert_slot(part.slots,
              {static_cast<position>(order_.back() * (segment_bytes_ / unit) + home->used / unit), tag_of(key)});
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
  forgotten_.clear();
}

bool token_cache::forgotten(application_tag application, std::uint32_t read_at) const noexcept {
  return std::any_of(forgotten_.begin(), forgotten_.end(), [&](const auto& one) {
    return one.application == application && static_cast<std::int32_t>(one.moment - read_at) > 0;
  });
}

void token_cache::forget(application_tag application) {
  ++generation_;
  const auto ttl = settings_.time_to_live.count();
  if (ttl <= 0 || settings_.max_bytes == 0)
    return;
  std::erase_if(forgotten_, [&](const auto& one) { return one.application == application; });
  if (forgotten_.size() >= max_forgotten) {
    clear();
    return;
  }
  // What was read before this moment has expired by then, and results of look-ups from before are not stored any more.
  forgotten_.push_back({application, static_cast<std::uint32_t>(generation_), now_ms_ + ttl});
}

void token_cache::invalidate(const uuid& id) {
  ++generation_;
  if (settings_.time_to_live.count() <= 0 || settings_.max_bytes == 0)
    return;
  // Too many revocations within one period, or not enough memory to list them: invalidate everything.
  if (!recent_revocations_.add(id, generation_) || !free_memory(0))
    clear();
}

} // namespace cm::core
