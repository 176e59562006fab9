#include "actors/nats/decoders.hpp"

#include "actors/interfaces/nats.hpp"
#include "actors/nats/log_throttle.hpp"
#include "actors/nats/pending_requests.hpp"
#include "actors/nats/reply_batch.hpp"
#include "core/observability/logging.hpp"
#include "messaging/records/scmp.hpp"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace cm::actors {

namespace {

template <class Request>
class request_decoder {
public:
  explicit request_decoder(decoder_context context) : context_(std::move(context)) {}

  void operator()(messaging::message_batch batch) {
    auto calls = std::make_shared<pending_requests<Request>>(context_.connection, context_.limiter);
    pending_requests<Request> overflow(context_.connection, context_.limiter); // the destructor replies 503
    reply_batch undecodable(context_.connection, context_.limiter);            // the destructor publishes it
    arrived_ = std::chrono::steady_clock::now();
    const auto unanswerable = unanswerable_.count();
    for (auto& message : batch)
      take(std::move(message), *calls, overflow, undecodable);
    if (auto* metrics = context_.limiter->metrics(); metrics != nullptr && unanswerable_.count() != unanswerable)
      metrics->background.without_reply[static_cast<std::size_t>(context_.limiter->protocol())].add(
        unanswerable_.count() - unanswerable);
    if (!calls->empty())
      context_.forward(std::move(calls));
  }

private:
  void take(messaging::message message, pending_requests<Request>& calls, pending_requests<Request>& overflow,
            reply_batch& undecodable) {
    if (std::string_view(message.reply()).empty()) {
      if (unanswerable_.should_log())
        core::logger("cm.ecap")->warn("{} requests came without a reply subject and were dropped",
                                      unanswerable_.count());
      return;
    }
    const bool admitted = context_.limiter->enter();
    const auto decoded = messaging::decode<Request>(message.payload());
    if (decoded.has_error()) {
      core::logger("cm.ecap")->debug("a request cannot be decoded: {}", decoded.error().problem);
      refuse_undecodable<Request>(std::move(message), decoded.error().correlation_id, arrived_, undecodable);
      return;
    }
    (admitted ? calls : overflow).add({std::move(message), *decoded, key_of(*decoded), arrived_});
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
};

class revoked_tokens_decoder {
public:
  explicit revoked_tokens_decoder(decoder_context context) : context_(std::move(context)) {}

  void operator()(const messaging::message_batch& batch) {
    auto revoked = std::make_shared<invalidated_tokens>();
    for (const auto& message : batch) {
      const auto decoded = messaging::decode<messaging::ecap::endpoint_token_revoked_event>(message.payload());
      if (decoded.has_value() && add_ids(*decoded, *revoked))
        continue;
      // It is unknown which tokens were revoked, so any entry in memory may be outdated.
      revoked->everything = true;
      if (malformed_.should_log())
        core::logger("cm.ecap")->warn("{} events of revoked tokens cannot be decoded; all tokens in memory are dropped",
                                      malformed_.count());
    }
    context_.forward(invalidated_tokens_ptr{std::move(revoked)});
  }

private:
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
