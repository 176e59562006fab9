#include "core/memory/use_recorder.hpp"

#include <stdexcept>

namespace cm::core {

use_recorder::use_recorder(use_recorder_settings settings) : settings_(settings) {
  if (settings_.max_credentials == 0)
    throw std::invalid_argument("a use recorder without credentials");
}

bool use_recorder::due(const uuid& credential, timestamp now) {
  const auto found = entries_.find(credential);
  if (found != entries_.end()) {
    auto& e = found->second;
    if (now >= e.written && now - e.written < settings_.interval)
      return false;
    e.written = now;
    order_.splice(order_.end(), order_, e.position);
    return true;
  }
  if (entries_.size() >= settings_.max_credentials)
    not_written(uuid{order_.front()});
  entries_.emplace(credential, entry{now, order_.insert(order_.end(), credential)});
  return true;
}

void use_recorder::not_written(const uuid& credential) {
  const auto found = entries_.find(credential);
  if (found == entries_.end())
    return;
  order_.erase(found->second.position);
  entries_.erase(found);
}

} // namespace cm::core
