#include "actors/validation/lookup_coalescer.hpp"

#include "actors/nats/reply_batch.hpp"
#include "actors/nats/token_request_checks.hpp"
#include "actors/validation/token_validation.hpp"
#include "core/credentials/change_origin.hpp"
#include "core/observability/logging.hpp"

#include <algorithm>
#include <utility>

namespace cm::actors {

namespace {

// A token's slot in the index is prefetched this many tokens ahead of its look-up, its entry half as many.
constexpr std::size_t tokens_ahead = 8;

} // namespace

struct lookup_coalescer::lookup_builder {
  std::uint64_t number = 0;
  open_lookup open;
  std::shared_ptr<token_lookup> lookup;
};

lookup_coalescer::lookup_coalescer(lookup_coalescer_settings settings)
  : hasher_(settings.hash_key), applications_(std::move(settings.applications)), trustful_(settings.trustful),
    cache_(settings.cache) {}

// -- what may be answered from memory ---------------------------------------------------------------------------------

// Drops what is in memory where a revocation event may have been missed since the last call.
void lookup_coalescer::check_feed(const gap_free_interval& interval, const pending_token_requests& calls) {
  if (interval != interval_) {
    invalidate_all();
    interval_ = interval;
  }
  // A reply leaves by the connection and the limiter of its own request: requests of different origins do not share a
  // look-up, and a waiting request does not outlive its origin.
  if (origin_ != calls.origin()) {
    origin_ = calls.origin();
    joinable_.clear();
  }
}

void lookup_coalescer::invalidate(const std::vector<core::uuid>& ids) {
  for (const auto& id : ids)
    cache_.invalidate(id);
  joinable_.clear(); // the database may have read them before the revocation
}

void lookup_coalescer::invalidate_all() {
  cache_.clear();
  joinable_.clear();
}

void lookup_coalescer::applications(application_directory_ptr known) {
  const auto before = std::exchange(applications_, std::move(known));
  if (applications_->open)
    return;
  if (before->open) {
    invalidate_all(); // which applications the tokens in memory have is not known
    return;
  }
  for (const auto& [name, versions] : before->versions) {
    if (!applications_->knows(name))
      cache_.forget(core::tag_of_application(name));
  }
}

// -- requests ---------------------------------------------------------------------------------------------------------

std::uint32_t lookup_coalescer::add_token(const pending_token_request& call, lookup_builder& out) {
  if (!out.lookup) {
    out.number = ++last_number_;
    out.lookup = std::make_shared<token_lookup>();
  }
  const auto position = static_cast<std::uint32_t>(out.open.tokens.size());
  out.lookup->hashes.push_back(hasher_.hash(call.request.app_name, call.request.token));
  out.open.tokens.push_back({call.key, core::tag_of_application(call.request.app_name)});
  joinable_.insert_or_assign(call.key, waiter{out.number, position});
  return position;
}

namespace {

// When the request's own timeout ends, if that is within CM's bound; else max().
core::steady_time own_timeout(const pending_token_request& call, const moment& now) noexcept {
  if (call.request.timeout == 0)
    return core::steady_time::max();
  const auto deadline = deadline_of(call.request, call.arrived, token_request_bound, now);
  return deadline < call.arrived + token_request_bound ? deadline : core::steady_time::max();
}

} // namespace

void lookup_coalescer::start_or_join(pending_token_request&& call, lookup_builder& out, const moment& now) {
  auto* joined = &out.open;
  std::uint32_t position = 0;
  if (const auto known = joinable_.find(call.key); known == joinable_.end()) {
    position = add_token(call, out);
  } else {
    position = known->second.position;
    if (known->second.number != out.number)
      joined = &open_lookups_.at(known->second.number);
  }
  joined->positions.push_back(position);
  const auto timeout = own_timeout(call, now);
  joined->earliest_timeout = std::min(joined->earliest_timeout, timeout);
  earliest_timeout_ = std::min(earliest_timeout_, timeout);
  joined->calls->add(std::move(call));
}

std::optional<lookup_coalescer::batch_lookup> lookup_coalescer::take(const pending_token_requests_ptr& calls,
                                                                     const gap_free_interval& interval,
                                                                     core::steady_time now, outcome& done) {
  check_feed(interval, *calls);
  cache_.expire(now);
  const bool from_memory = interval_.epoch != 0;
  const auto wall_clock = core::now_ms();
  done.replies = calls->make_replies();
  lookup_builder next;
  next.open.calls = calls->make_pending();
  auto requests = calls->take();
  const auto prefetch = [&](std::size_t position) {
    if (position + tokens_ahead < requests.size())
      cache_.prefetch(requests[position + tokens_ahead].key);
    if (position + tokens_ahead / 2 < requests.size())
      cache_.prefetch_entry(requests[position + tokens_ahead / 2].key);
  };
  for (std::size_t i = 0; i < std::min(tokens_ahead, requests.size()); ++i)
    cache_.prefetch(requests[i].key);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    prefetch(i);
    auto& call = requests[i];
    const auto& request = call.request;
    if (core::is_expired(request.timestamp, request.timeout, wall_clock)) {
      refuse(std::move(call), core::errc::expired, *done.replies);
      continue;
    }
    if (from_memory) {
      if (const auto hit = cache_.find(call.key)) {
        if (hit->refresh)
          next.open.refresh_entries.push_back(
            {add_token(call, next), std::string(core::kept_correlation_id(request.correlation_id))});
        accept(std::move(call), hit->id, hit->endpoint_id, *done.replies);
        ++done.hits;
        continue;
      }
      ++done.misses;
    } else {
      ++done.bypassed;
    }
    if (const auto code = refuse_early(request, *applications_, wall_clock)) {
      refuse(std::move(call), *code, *done.replies);
      continue;
    }
    start_or_join(std::move(call), next, {now, wall_clock});
  }
  if (!next.lookup)
    return std::nullopt;
  next.open.asked_at = now;
  next.open.asked_in = cache_.generation();
  next.open.may_keep = from_memory;
  open_lookups_.emplace(next.number, std::move(next.open));
  return batch_lookup{next.number, std::move(next.lookup)};
}

// -- answers ----------------------------------------------------------------------------------------------------------

std::optional<lookup_coalescer::open_lookup> lookup_coalescer::close(std::uint64_t number) {
  const auto open = open_lookups_.find(number);
  if (open == open_lookups_.end())
    return std::nullopt;
  auto out = std::move(open->second);
  open_lookups_.erase(open);
  for (const auto& token : out.tokens) {
    if (const auto known = joinable_.find(token.key); known != joinable_.end() && known->second.number == number)
      joinable_.erase(known);
  }
  return out;
}

std::vector<lookup_coalescer::outcome> lookup_coalescer::refuse_overdue(const moment& now) {
  std::vector<outcome> out;
  earliest_timeout_ = core::steady_time::max();
  for (auto& [number, open] : open_lookups_) {
    if (open.earliest_timeout <= now.steady) {
      auto& refused = out.emplace_back();
      refused.replies = open.calls->make_replies();
      refuse_overdue(open, now, *refused.replies);
    }
    earliest_timeout_ = std::min(earliest_timeout_, open.earliest_timeout);
  }
  return out;
}

void lookup_coalescer::refuse_overdue(open_lookup& open, const moment& now, reply_batch& refused) {
  auto waiting = open.calls->take();
  const auto positions = std::exchange(open.positions, {});
  open.earliest_timeout = core::steady_time::max();
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    const auto timeout = own_timeout(waiting[i], now);
    if (timeout <= now.steady + std::chrono::milliseconds{1}) { // the clocks are compared by the millisecond
      refuse(std::move(waiting[i]), core::errc::unavailable, refused);
      continue;
    }
    open.earliest_timeout = std::min(open.earliest_timeout, timeout);
    open.positions.push_back(positions[i]);
    open.calls->add(std::move(waiting[i]));
  }
}

void lookup_coalescer::answer(pending_token_request&& call, const std::optional<storage::found_token>& token,
                              reply_batch& replies) const {
  const auto code = judge(token);
  if (code == core::errc::none) {
    accept(std::move(call), token->id, token->endpoint_id, replies);
  } else if (code == core::errc::not_found && trustful_ && trustfully_accepted(call.request)) {
    const auto id = call.request.token; // points into the message, which the replies keep
    accept(std::move(call), id, id, replies);
  } else {
    refuse(std::move(call), code, replies);
  }
}

lookup_coalescer::outcome lookup_coalescer::found(std::uint64_t number,
                                                  const std::vector<std::optional<storage::found_token>>& tokens) {
  auto open = close(number);
  if (!open)
    return {};
  outcome out;
  out.replies = open->calls->make_replies();
  auto calls = open->calls->take();
  if (tokens.size() != open->tokens.size()) {
    core::logger("cm.ecap")->error("a look-up of {} tokens was answered with {}", open->tokens.size(), tokens.size());
    for (auto& call : calls)
      refuse(std::move(call), core::errc::internal, *out.replies);
    return out;
  }
  std::vector<bool> noted(tokens.size());
  const auto note_first_use = [&](std::uint32_t position, std::string_view correlation_id) {
    const auto& token = tokens[position];
    if (!token || token->status != core::credential_status::inactive || noted[position])
      return;
    noted[position] = true;
    out.first_uses.push_back({token->id, std::string(core::kept_correlation_id(correlation_id))});
  };
  for (std::size_t position = 0; open->may_keep && position < tokens.size(); ++position) {
    if (position + tokens_ahead < tokens.size())
      cache_.prefetch(open->tokens[position + tokens_ahead].key);
    const auto& [key, application] = open->tokens[position];
    if (judge(tokens[position]) == core::errc::none)
      cache_.insert(key, application, tokens[position]->id, tokens[position]->endpoint_id, open->asked_at,
                    open->asked_in);
  }
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const auto position = open->positions[i];
    note_first_use(position, calls[i].request.correlation_id);
    answer(std::move(calls[i]), tokens[position], *out.replies);
  }
  for (const auto& entry : open->refresh_entries)
    note_first_use(entry.position, entry.correlation_id);
  return out;
}

lookup_coalescer::outcome lookup_coalescer::failed(std::uint64_t number, core::errc code) {
  auto open = close(number);
  if (!open)
    return {};
  outcome out;
  out.replies = refuse_all(*open->calls, code_of_failure(code));
  return out;
}

} // namespace cm::actors
