// What a permission error of the NATS server is about.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace cm::messaging {

/// Whether this error message of a nats-server refuses a subscription to that subject.
[[nodiscard]] bool refuses_subscription(std::string_view text, std::string_view subject);

/// Whether this error message of a nats-server refuses a publication on that subject.
[[nodiscard]] bool refuses_publication(std::string_view text, std::string_view subject);

/// Whether this error message of a nats-server may concern a publication on one of these subjects: it names one of
/// them, or does not say which operation was refused. Without subjects: whether it may concern any publication.
[[nodiscard]] bool may_refuse_publication(std::string_view text, std::span<const std::string> subjects);

} // namespace cm::messaging
