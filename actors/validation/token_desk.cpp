#include "actors/validation/token_desk.hpp"

#include "actors/nats/reply_batch.hpp"
#include "actors/nats/token_request_checks.hpp"
#include "actors/validation/token_validation.hpp"
#include "core/observability/logging.hpp"

#include <algorithm>

namespace cm::actors {

namespace {

// How many tokens before its turn one's place in the index is fetched from memory; its entry half as many.
constexpr std::size_t tokens_ahead = 8;

} // namespace

struct token_desk::asking {
  std::uint64_t number = 0;
  open_question open;
  std::shared_ptr<token_lookup> lookup;
};

token_desk::token_desk(token_desk_settings settings)
  : hasher_(settings.hash_key), applications_(std::move(settings.applications)), trustful_(settings.trustful),
    cache_(settings.cache) {}

// -- what may be relied on --------------------------------------------------------------------------------------------

// Looks whether revocations have been heard without a break since the last time.
void token_desk::follow(const hearing& heard, const token_calls& calls) {
  if (heard != heard_) {
    forget_everything();
    heard_ = heard;
  }
  // Answers go out by the connection and the door of their own requests: nobody joins those of another.
  if (origin_ != calls.origin()) {
    origin_ = calls.origin();
    joinable_.clear();
  }
}

void token_desk::forget(const std::vector<core::uuid>& ids) {
  for (const auto& id : ids)
    cache_.forget(id);
  joinable_.clear(); // the database may have looked before the revocation
}

void token_desk::forget_everything() {
  cache_.clear();
  joinable_.clear();
}

void token_desk::applications(application_directory_ptr known) {
  applications_ = std::move(known);
  forget_everything(); // what is in memory was let in by the old ones
}

// -- requests ---------------------------------------------------------------------------------------------------------

std::uint32_t token_desk::add_token(const token_call& call, asking& out) {
  if (!out.lookup) {
    out.number = ++last_number_;
    out.lookup = std::make_shared<token_lookup>();
  }
  const auto place = static_cast<std::uint32_t>(out.open.keys.size());
  out.lookup->hashes.push_back(hasher_.hash(call.request.app_name, call.request.token));
  out.open.keys.push_back(call.key);
  joinable_.insert_or_assign(call.key, seat{out.number, place});
  return place;
}

void token_desk::ask_or_join(token_call call, asking& out) {
  auto* joined = &out.open;
  std::uint32_t place = 0;
  if (const auto known = joinable_.find(call.key); known == joinable_.end()) {
    place = add_token(call, out);
  } else {
    place = known->second.place;
    if (known->second.number != out.number)
      joined = &questions_.at(known->second.number);
  }
  joined->places.push_back(place);
  joined->calls->add(std::move(call));
}

std::optional<token_desk::question> token_desk::take(const token_calls_ptr& calls, const hearing& heard,
                                                     core::steady_time now, outcome& done) {
  follow(heard, *calls);
  cache_.expire(now);
  const bool from_memory = heard_.epoch != 0;
  const auto wall_clock = core::now_ms();
  done.replies = calls->make_replies();
  asking next;
  next.open.calls = calls->make_calls();
  auto requests = calls->take();
  const auto prefetch = [&](std::size_t place) {
    if (place + tokens_ahead < requests.size())
      cache_.prefetch(requests[place + tokens_ahead].key);
    if (place + tokens_ahead / 2 < requests.size())
      cache_.prefetch_entry(requests[place + tokens_ahead / 2].key);
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
          next.open.refreshments.push_back({add_token(call, next), std::string(request.correlation_id)});
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
    ask_or_join(std::move(call), next);
  }
  if (!next.lookup)
    return std::nullopt;
  next.open.asked_at = now;
  next.open.asked_in = cache_.generation();
  next.open.may_keep = from_memory;
  questions_.emplace(next.number, std::move(next.open));
  return question{next.number, std::move(next.lookup)};
}

// -- answers ----------------------------------------------------------------------------------------------------------

std::optional<token_desk::open_question> token_desk::close(std::uint64_t number) {
  const auto at = questions_.find(number);
  if (at == questions_.end())
    return std::nullopt;
  auto out = std::move(at->second);
  questions_.erase(at);
  for (const auto& key : out.keys) {
    if (const auto known = joinable_.find(key); known != joinable_.end() && known->second.number == number)
      joinable_.erase(known);
  }
  return out;
}

void token_desk::answer(token_call call, const std::optional<storage::found_token>& token, reply_batch& replies) const {
  const auto code = judge(token);
  if (code == core::errc::none) {
    accept(std::move(call), token->id, token->endpoint_id, replies);
  } else if (code == core::errc::not_found && trustful_ && trustfully_accepted(call.request)) {
    const auto taken_for = call.request.token; // lives in the message, which the replies keep
    accept(std::move(call), taken_for, taken_for, replies);
  } else {
    refuse(std::move(call), code, replies);
  }
}

token_desk::outcome token_desk::found(std::uint64_t number,
                                      const std::vector<std::optional<storage::found_token>>& tokens) {
  auto open = close(number);
  if (!open)
    return {};
  outcome out;
  out.replies = open->calls->make_replies();
  auto calls = open->calls->take();
  if (tokens.size() != open->keys.size()) {
    core::logger("cm.ecap")->error("a look-up of {} tokens was answered with {}", open->keys.size(), tokens.size());
    for (auto& call : calls)
      refuse(std::move(call), core::errc::internal, *out.replies);
    return out;
  }
  std::vector<bool> noted(tokens.size());
  const auto note_first_use = [&](std::uint32_t place, std::string_view correlation_id) {
    const auto& token = tokens[place];
    if (!token || token->status != core::credential_status::inactive || noted[place])
      return;
    noted[place] = true;
    out.first_uses.push_back({token->id, std::string(correlation_id)});
  };
  for (std::size_t place = 0; open->may_keep && place < tokens.size(); ++place) {
    if (place + tokens_ahead < tokens.size())
      cache_.prefetch(open->keys[place + tokens_ahead]);
    if (judge(tokens[place]) == core::errc::none)
      cache_.insert(open->keys[place], tokens[place]->id, tokens[place]->endpoint_id, open->asked_at, open->asked_in);
  }
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const auto place = open->places[i];
    note_first_use(place, calls[i].request.correlation_id);
    answer(std::move(calls[i]), tokens[place], *out.replies);
  }
  for (const auto& one : open->refreshments)
    note_first_use(one.place, one.correlation_id);
  return out;
}

token_desk::outcome token_desk::failed(std::uint64_t number, core::errc code) {
  auto open = close(number);
  if (!open)
    return {};
  outcome out;
  out.replies = refuse_all(*open->calls, code_of_failure(code));
  return out;
}

} // namespace cm::actors
