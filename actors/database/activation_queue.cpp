#include "actors/database/activation_queue.hpp"

#include "storage/events/audit.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace cm::actors {

namespace {

constexpr std::size_t block_size = std::size_t{64} * 1024;
constexpr std::size_t min_table = 1024;
constexpr std::size_t id_size = sizeof(core::uuid::bytes);
constexpr std::size_t head_size = id_size + 3;

// A character more than the audit trail takes, so that it sees the same end as that of the whole text.
constexpr std::size_t max_text = storage::max_audit_text + 3;

// A UUID as correlation ID takes 35 bytes, any other text of its length 55.
constexpr std::size_t bytes_each = 64;

enum class text_kind : std::uint8_t { plain, uuid };

// The UUID that is written so, where there is one: its text can be made again from its bytes.
std::optional<core::uuid> as_uuid(const std::string& text) {
  auto id = core::parse_uuid(text);
  if (id && core::to_string(*id) != text)
    id.reset();
  return id;
}

} // namespace

// -- set --------------------------------------------------------------------------------------------------------------

// The place where the ID is, or the free one where it belongs.
std::size_t uuid_set::place_of(const core::uuid& id) const noexcept {
  const auto mask = places_.size() - 1;
  auto place = std::hash<core::uuid>{}(id)&mask;
  while (places_[place] != core::uuid{} && places_[place] != id)
    place = (place + 1) & mask;
  return place;
}

void uuid_set::resize(std::size_t places) {
  auto before = std::exchange(places_, std::vector<core::uuid>(places));
  for (const auto& id : before) {
    if (id != core::uuid{})
      places_[place_of(id)] = id;
  }
}

bool uuid_set::insert(const core::uuid& id) {
  if (id == core::uuid{})
    return !std::exchange(has_zero_, true);
  if ((size_ + 1) * 4 > places_.size() * 3)
    resize(std::max(min_table, places_.size() * 2));
  auto& place = places_[place_of(id)];
  if (place == id)
    return false;
  place = id;
  ++size_;
  return true;
}

void uuid_set::erase(const core::uuid& id) noexcept {
  if (id == core::uuid{}) {
    has_zero_ = false;
    return;
  }
  if (size_ == 0)
    return;
  const auto mask = places_.size() - 1;
  auto hole = place_of(id);
  if (places_[hole] != id)
    return;
  --size_;
  // Those behind move up, so that a search that begins before the hole still finds them.
  for (auto next = (hole + 1) & mask; places_[next] != core::uuid{}; next = (next + 1) & mask) {
    const auto home = std::hash<core::uuid>{}(places_[next]) & mask;
    if (((next - home) & mask) < ((next - hole) & mask))
      continue;
    places_[hole] = places_[next];
    hole = next;
  }
  places_[hole] = core::uuid{};
  if (size_ == 0)
    places_ = {}; // a storm has passed
}

// -- queue ------------------------------------------------------------------------------------------------------------

bool activation_queue::add(const storage::activation& one) {
  if (!known_.insert(one.id))
    return true;
  if (known_.size() > limit_ || bytes_ >= limit_ * bytes_each) {
    known_.erase(one.id);
    return false;
  }
  push(one);
  return true;
}

void activation_queue::push(const storage::activation& one) {
  const auto id = as_uuid(one.correlation_id);
  const auto* const text = id ? id->bytes.data() : reinterpret_cast<const std::uint8_t*>(one.correlation_id.data());
  const auto length = id ? id_size : std::min(one.correlation_id.size(), max_text);
  if (blocks_.empty() || blocks_.back().bytes.size() + head_size + length > block_size) {
    blocks_.emplace_back();
    blocks_.back().bytes.reserve(waiting_ == 0 ? 0 : block_size);
  }
  auto& to = blocks_.back().bytes;
  to.insert(to.end(), one.id.bytes.begin(), one.id.bytes.end());
  to.push_back(static_cast<std::uint8_t>(id ? text_kind::uuid : text_kind::plain));
  to.push_back(static_cast<std::uint8_t>(length >> 8U));
  to.push_back(static_cast<std::uint8_t>(length));
  to.insert(to.end(), text, text + length);
  ++waiting_;
  bytes_ += head_size + length;
}

std::vector<storage::activation> activation_queue::take(std::size_t most) {
  std::vector<storage::activation> out;
  out.reserve(std::min(most, waiting_));
  while (out.size() < most && waiting_ > 0) {
    auto& from = blocks_.front();
    const auto* entry = from.bytes.data() + from.read;
    auto& one = out.emplace_back();
    std::copy_n(entry, id_size, one.id.bytes.begin());
    const auto length = (std::size_t{entry[id_size + 1]} << 8U) | entry[id_size + 2];
    const auto* text = entry + head_size;
    if (text_kind{entry[id_size]} == text_kind::uuid) {
      core::uuid id;
      std::copy_n(text, id_size, id.bytes.begin());
      one.correlation_id = core::to_string(id);
    } else {
      one.correlation_id.assign(text, text + length);
    }
    from.read += head_size + length;
    --waiting_;
    bytes_ -= head_size + length;
    if (from.read == from.bytes.size())
      blocks_.pop_front();
  }
  return out;
}

void activation_queue::again(const std::vector<storage::activation>& taken) {
  for (const auto& one : taken)
    push(one);
}

void activation_queue::done(const std::vector<storage::activation>& taken) noexcept {
  for (const auto& one : taken)
    known_.erase(one.id);
}

} // namespace cm::actors
