#include "actors/database/lookup_queue.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

namespace cm::actors {

std::size_t lookup_queue::hash_of_hash::operator()(const core::token_hash& value) const noexcept {
  // The key is a cryptographic hash, so any part of it is a good hash value.
  std::size_t out = 0;
  std::memcpy(&out, value.data(), sizeof out);
  return out;
}

void lookup_queue::add(ticket id, const token_lookup& lookup, core::steady_time now) {
  open_lookup open;
  open.found.resize(lookup.hashes.size());
  open.missing = lookup.hashes.size();
  open.deadline = lookup.deadline;
  for (std::size_t i = 0; i < lookup.hashes.size(); ++i) {
    const auto& hash = lookup.hashes[i];
    const auto [known, fresh] = index_.try_emplace(hash, first_sequence_ + keys_.size());
    if (fresh) {
      keys_.push_back({hash, {id, i}, {}, lookup.deadline, now});
      continue;
    }
    // The same key waits already: one look-up in the database serves both. It has not started yet, so its result will
    // not be older than this request.
    auto& waiting = keys_[known->second - first_sequence_];
    waiting.more.push_back({id, i});
    waiting.deadline = std::max(waiting.deadline, lookup.deadline);
  }
  open_.emplace(id, std::move(open));
}

void lookup_queue::pop_front() {
  keys_.pop_front();
  ++first_sequence_;
}

lookup_queue::batch lookup_queue::take(std::size_t max, core::steady_time now) {
  batch out;
  out.reserve(std::min(max, keys_.size()));
  while (!keys_.empty() && out.size() < max) {
    auto& next = keys_.front();
    index_.erase(next.hash);
    if (next.deadline > now)
      out.push_back(std::move(next));
    pop_front();
  }
  return out;
}

void lookup_queue::fail(ticket id, const storage_result_ptr& result, std::vector<completion>& out) {
  if (open_.erase(id) > 0)
    out.push_back({id, result});
}

void lookup_queue::fail(const key& which, const storage_result_ptr& result, std::vector<completion>& out) {
  fail(which.first.id, result, out);
  for (const auto& w : which.more)
    fail(w.id, result, out);
}

void lookup_queue::set(const waiter& which, const std::optional<storage::found_token>& token,
                       std::vector<completion>& out) {
  const auto open = open_.find(which.id);
  if (open == open_.end())
    return; // expired meanwhile
  open->second.found[which.position] = token;
  if (--open->second.missing > 0)
    return;
  out.push_back(
    {which.id, std::make_shared<storage_result>(storage::reply{storage::found_tokens{std::move(open->second.found)}})});
  open_.erase(open);
}

void lookup_queue::complete(const batch& keys, const storage_result_ptr& result, std::vector<completion>& out) {
  const auto* found = result->has_value() ? std::get_if<storage::found_tokens>(&**result) : nullptr;
  if (found == nullptr || found->tokens.size() != keys.size()) {
    const auto failure = result->has_error() ? result : mismatched_reply();
    for (const auto& key : keys)
      fail(key, failure, out);
    return;
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    set(keys[i].first, found->tokens[i], out);
    for (const auto& w : keys[i].more)
      set(w, found->tokens[i], out);
  }
}

void lookup_queue::expire(core::steady_time now, const storage_result_ptr& late, std::vector<completion>& out) {
  for (auto lookup = open_.begin(); lookup != open_.end();) {
    if (lookup->second.deadline > now) {
      ++lookup;
      continue;
    }
    out.push_back({lookup->first, late});
    lookup = open_.erase(lookup);
  }
  // Drops the oldest keys whose waiters have all expired.
  const auto awaited = [this](const waiter& w) { return open_.count(w.id) > 0; };
  while (!keys_.empty() && !awaited(keys_.front().first)
         && std::none_of(keys_.front().more.begin(), keys_.front().more.end(), awaited)) {
    index_.erase(keys_.front().hash);
    pop_front();
  }
}

void lookup_queue::refuse_waiting(const storage_result_ptr& refusal, std::vector<completion>& out) {
  for (const auto& key : keys_)
    fail(key, refusal, out);
  first_sequence_ += keys_.size();
  keys_.clear();
  index_.clear();
}

} // namespace cm::actors
