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

// One UTF-8 character more than the audit trail shows, so that it truncates this text as it would the original.
constexpr std::size_t max_text = storage::max_audit_text + 3;

// Memory budget of an entry. One with a UUID as correlation ID takes 35 bytes, one with another text of that length 55.
constexpr std::size_t bytes_each = 64;

enum class text_kind : std::uint8_t { plain, uuid };

// The UUID whose canonical text this is, if there is one: the text can be restored from its 16 bytes.
std::optional<core::uuid> as_uuid(const std::string& text) {
  auto id = core::parse_uuid(text);
  if (id && core::to_string(*id) != text)
    id.reset();
  return id;
}

} // namespace

// -- set --------------------------------------------------------------------------------------------------------------

// The slot that contains the ID, or the free slot where it belongs.
std::size_t uuid_set::slot_of(const core::uuid& id) const noexcept {
  const auto mask = slots_.size() - 1;
  auto slot = std::hash<core::uuid>{}(id)&mask;
  while (slots_[slot] != core::uuid{} && slots_[slot] != id)
    slot = (slot + 1) & mask;
  return slot;
}

void uuid_set::resize(std::size_t slots) {
  auto before = std::exchange(slots_, std::vector<core::uuid>(slots));
  for (const auto& id : before) {
    if (id != core::uuid{})
      slots_[slot_of(id)] = id;
  }
}

bool uuid_set::insert(const core::uuid& id) {
  if (id == core::uuid{})
    return !std::exchange(has_zero_, true);
  if ((size_ + 1) * 4 > slots_.size() * 3)
    resize(std::max(min_table, slots_.size() * 2));
  auto& slot = slots_[slot_of(id)];
  if (slot == id)
    return false;
  slot = id;
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
  const auto mask = slots_.size() - 1;
  auto hole = slot_of(id);
  if (slots_[hole] != id)
    return;
  --size_;
  // Backward-shift deletion: moves displaced entries into the hole, so that probing does not stop early.
  for (auto next = (hole + 1) & mask; slots_[next] != core::uuid{}; next = (next + 1) & mask) {
    const auto home = std::hash<core::uuid>{}(slots_[next]) & mask;
    if (((next - home) & mask) < ((next - hole) & mask))
      continue;
    slots_[hole] = slots_[next];
    hole = next;
  }
  slots_[hole] = core::uuid{};
  if (size_ == 0)
    slots_ = {}; // frees a table that may have grown large during a burst
}

// -- queue ------------------------------------------------------------------------------------------------------------

bool activation_queue::add(const storage::activation& use) {
  if (!known_.insert(use.id))
    return true;
  if (known_.size() > limit_ || bytes_ >= limit_ * bytes_each) {
    known_.erase(use.id);
    return false;
  }
  push(use);
  return true;
}

void activation_queue::push(const storage::activation& use) {
  const auto id = as_uuid(use.correlation_id);
  const auto* const text = id ? id->bytes.data() : reinterpret_cast<const std::uint8_t*>(use.correlation_id.data());
  const auto length = id ? id_size : std::min(use.correlation_id.size(), max_text);
  if (blocks_.empty() || blocks_.back().bytes.size() + head_size + length > block_size) {
    blocks_.emplace_back();
    blocks_.back().bytes.reserve(waiting_ == 0 ? 0 : block_size);
  }
  auto& bytes = blocks_.back().bytes;
  bytes.insert(bytes.end(), use.id.bytes.begin(), use.id.bytes.end());
  bytes.push_back(static_cast<std::uint8_t>(id ? text_kind::uuid : text_kind::plain));
  bytes.push_back(static_cast<std::uint8_t>(length >> 8U));
  bytes.push_back(static_cast<std::uint8_t>(length));
  bytes.insert(bytes.end(), text, text + length);
  ++waiting_;
  bytes_ += head_size + length;
}

std::vector<storage::activation> activation_queue::take(std::size_t max_count) {
  std::vector<storage::activation> out;
  out.reserve(std::min(max_count, waiting_));
  while (out.size() < max_count && waiting_ > 0) {
    auto& from = blocks_.front();
    const auto* entry = from.bytes.data() + from.read;
    auto& use = out.emplace_back();
    std::copy_n(entry, id_size, use.id.bytes.begin());
    const auto length = (std::size_t{entry[id_size + 1]} << 8U) | entry[id_size + 2];
    const auto* text = entry + head_size;
    if (text_kind{entry[id_size]} == text_kind::uuid) {
      core::uuid id;
      std::copy_n(text, id_size, id.bytes.begin());
      use.correlation_id = core::to_string(id);
    } else {
      use.correlation_id.assign(text, text + length);
    }
    from.read += head_size + length;
    --waiting_;
    bytes_ -= head_size + length;
    if (from.read == from.bytes.size())
      blocks_.pop_front();
  }
  return out;
}

void activation_queue::requeue(const std::vector<storage::activation>& taken) {
  for (const auto& use : taken)
    push(use);
}

void activation_queue::done(const std::vector<storage::activation>& taken) noexcept {
  for (const auto& use : taken)
    known_.erase(use.id);
}

} // namespace cm::actors
