#include "actors/nats/decoders.hpp"

#include "actors/interfaces/nats.hpp"
#include "actors/nats/log_throttle.hpp"
#include "actors/nats/pending_requests.hpp"
#include "actors/nats/reply_batch.hpp"
#include "core/base/text.hpp"
#include "core/observability/logging.hpp"
#include "messaging/records/scmp.hpp"
#include "messaging/records/subjects.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace cm::actors {

namespace {

// Counts and logs an exception in a decoder. Must not throw itself: its caller has to go on.
void note_failure(log_throttle& failures, const char* logger, const std::exception& problem) noexcept {
  try {
    if (failures.should_log())
      core::logger(logger)->error("{} failures while messages were decoded: {}", failures.count(), problem.what());
  } catch (const std::exception&) {
    return; // memory is exhausted
  }
}

template <class Request>
class request_decoder {
public:
  explicit request_decoder(decoder_context context) : context_(std::move(context)) {}

  void operator()(messaging::message_batch batch) {
    arrived_ = std::chrono::steady_clock::now();
    try {
      take_all(batch);
    } catch (const std::exception& problem) {
      note_failure(failures_, "cm.ecap", problem);
      // Requests that were decoded have replied to themselves. Those that have not even been looked at are still here.
      for (auto& message : batch) {
        if (!message.empty() && messaging::is_reply_subject(message.reply()))
          answer_unavailable<Request>(context_.origin->admit(std::move(message)).ticket, {}, arrived_);
      }
    }
  }

private:
  void take_all(messaging::message_batch& batch) {
    auto calls = std::make_shared<pending_requests<Request>>(context_.origin);
    reply_batch refused(context_.origin); // the destructor publishes it
    const auto unanswerable = unanswerable_.count();
    for (auto& message : batch) {
      if (messaging::is_reply_subject(message.reply()))
        take(context_.origin->admit(std::move(message)), *calls, refused);
      else
        drop(std::move(message));
    }
    const auto& limiter = context_.origin->limiter();
    if (auto* metrics = limiter.metrics(); metrics != nullptr && unanswerable_.count() != unanswerable)
      metrics->background.without_reply[static_cast<std::size_t>(limiter.protocol())].add(unanswerable_.count()
                                                                                          - unanswerable);
    if (!calls->empty())
      context_.forward(std::move(calls));
  }

  // Of a request that CM may not answer.
  void drop(messaging::message message) {
    if (!unanswerable_.should_log())
      return;
    const std::string_view reply = message.reply();
    core::logger("cm.ecap")->warn("{} requests came without a usable reply subject and were dropped; the last one {}",
                                  unanswerable_.count(), reply.empty() ? "has none" : "names " + shown(reply));
  }

  static std::string shown(std::string_view subject) {
    constexpr std::size_t max_shown = 120;
    const auto part = core::utf8_prefix(subject, max_shown);
    return std::string(part) + (part.size() < subject.size() ? "…" : "");
  }

  // An exception concerns this request only: the others of the batch are handled.
  void take(request_origin::admission admitted, pending_requests<Request>& calls, reply_batch& refused) {
    auto& ticket = admitted.ticket;
    try {
      if (!admitted.within_limit && ticket.too_large()) {
        refuse_unread<Request>(std::move(ticket), arrived_, refused);
        return;
      }
      const auto decoded = messaging::decode<Request>(ticket.message().payload());
      if (decoded.has_error()) {
        core::logger("cm.ecap")->debug("a request cannot be decoded: {}", decoded.error().problem);
        refuse_undecodable<Request>(std::move(ticket), decoded.error().correlation_id, arrived_, refused);
        return;
      }
      pending_request<Request> request(std::move(ticket), *decoded, key_of(*decoded), arrived_);
      if (admitted.within_limit)
        calls.add(std::move(request));
      else
        refuse(std::move(request), core::errc::unavailable, refused);
    } catch (const std::exception& problem) {
      note_failure(failures_, "cm.ecap", problem);
      if (ticket.is_open())
        answer_unavailable<Request>(std::move(ticket), {}, arrived_);
    }
  }

  [[nodiscard]] core::token_key key_of(const Request& request) const noexcept {
    if constexpr (std::is_same_v<Request, messaging::ecap::endpoint_token_validation_request>)
      return (*context_.keyer)(request.app_name, request.token);
    else
      return {};
  }

  decoder_context context_;
  core::steady_time arrived_{}; ///< of the batch
  log_throttle unanswerable_;
  log_throttle failures_;
};

class revoked_tokens_decoder {
public:
  explicit revoked_tokens_decoder(decoder_context context) : context_(std::move(context)) {}

  void operator()(const messaging::message_batch& batch) {
    const bool missed = std::exchange(missed_, true); // until this batch was handed on
    auto revoked = std::make_shared<invalidated_tokens>();
    // It is unknown which tokens a missed batch has revoked, so any entry in memory may be outdated.
    revoked->everything = missed;
    for (const auto& message : batch) {
      if (take(message, *revoked))
        continue;
      revoked->everything = true;
      if (malformed_.should_log())
        core::logger("cm.ecap")->warn("{} events of revoked tokens cannot be decoded; all tokens in memory are dropped",
                                      malformed_.count());
    }
    context_.forward(invalidated_tokens_ptr{std::move(revoked)});
    missed_ = false;
  }

private:
  bool take(const messaging::message& message, invalidated_tokens& revoked) {
    try {
      const auto decoded = messaging::decode<messaging::ecap::endpoint_token_revoked_event>(message.payload());
      return decoded.has_value() && add_ids(*decoded, revoked);
    } catch (const std::exception& problem) {
      note_failure(failures_, "cm.ecap", problem);
      return false;
    }
  }

  static bool add_ids(const messaging::ecap::endpoint_token_revoked_event& event, invalidated_tokens& revoked) {
    const auto published_at = core::from_unix_ms(event.timestamp);
    return std::all_of(event.token_ids.begin(), event.token_ids.end(), [&](std::string_view text) {
      const auto id = core::parse_uuid(text);
      if (id) {
        revoked.ids.push_back(*id);
        revoked.received.push_back({*id, published_at});
      }
      return id.has_value();
    });
  }

  decoder_context context_;
  log_throttle malformed_;
  log_throttle failures_;
  bool missed_ = false; ///< a batch was lost by an exception
};

class revoked_clients_decoder {
public:
  explicit revoked_clients_decoder(decoder_context context) : context_(std::move(context)) {}

  void operator()(const messaging::message_batch& batch) const {
    auto revoked = std::make_shared<invalidated_tokens>();
    for (const auto& message : batch) {
      const auto decoded = messaging::decode<messaging::ecap::client_credential_revoked_event>(message.payload());
      const auto id = decoded.has_value() ? core::parse_uuid(decoded->credential_id) : std::nullopt;
      if (id) // an event that cannot be decoded counts as not received, so it is published again
        revoked->received.push_back({*id, core::from_unix_ms(decoded->timestamp)});
    }
    if (!revoked->received.empty())
      context_.forward(invalidated_tokens_ptr{std::move(revoked)});
  }

private:
  decoder_context context_;
};

template <class Event>
class configuration_decoder {
public:
  explicit configuration_decoder(decoder_context context) : context_(std::move(context)) {}

  void operator()(const messaging::message_batch& batch) const {
    bool changed = false;
    for (const auto& message : batch) {
      const auto decoded = messaging::decode<Event>(message.payload());
      if (decoded.has_error())
        core::logger("cm.tekton")->warn("an event cannot be decoded: {}", decoded.error().problem);
      else
        changed = true;
    }
    if (changed)
      context_.forward(configuration_news{});
  }

private:
  decoder_context context_;
};

} // namespace

decoder token_request_decoder(decoder_context context) {
  return request_decoder<messaging::ecap::endpoint_token_validation_request>(std::move(context));
}

decoder token_transition_decoder(decoder_context context) {
  return request_decoder<messaging::ecap::endpoint_token_status_transition_request>(std::move(context));
}

decoder password_request_decoder(decoder_context context) {
  return request_decoder<messaging::ecap::client_username_password_validation_request>(std::move(context));
}

decoder certificate_request_decoder(decoder_context context) {
  return request_decoder<messaging::ecap::client_certificate_validation_request>(std::move(context));
}

decoder revoked_tokens_event_decoder(decoder_context context) {
  return revoked_tokens_decoder(std::move(context));
}

decoder revoked_clients_event_decoder(decoder_context context) {
  return revoked_clients_decoder(std::move(context));
}

decoder configuration_broadcast_decoder(decoder_context context) {
  return configuration_decoder<messaging::scmp::broadcast_configuration_update_event>(std::move(context));
}

decoder configuration_update_decoder(decoder_context context) {
  return configuration_decoder<messaging::scmp::service_specific_configuration_update_event>(std::move(context));
}

} // namespace cm::actors
