#include "messaging/nats/refusals.hpp"

#include <algorithm>

namespace cm::messaging {

namespace {

// From the messages of nats-server: Permissions Violation for Subscription to "subject" using queue "group",
// Permissions Violation for Publish to "subject".
constexpr std::string_view subscription_words = "Subscription to \"";
constexpr std::string_view publication_words = "Publish to \"";

// A subject may contain these words too, so only the first of them counts.
bool names(std::string_view text, std::string_view words, std::string_view subject) {
  const auto start = text.find(words);
  if (start == std::string_view::npos)
    return false;
  const auto rest = text.substr(start + words.size());
  return rest.starts_with(subject) && rest.substr(subject.size()).starts_with('"');
}

} // namespace

bool refuses_subscription(std::string_view text, std::string_view subject) {
  return names(text, subscription_words, subject);
}

bool refuses_publication(std::string_view text, std::string_view subject) {
  return names(text, publication_words, subject);
}

bool may_refuse_publication(std::string_view text, std::span<const std::string> subjects) {
  const auto publication = text.find(publication_words);
  const auto subscription = text.find(subscription_words);
  if (publication == subscription)
    return true; // neither
  if (subscription < publication)
    return false;
  return subjects.empty()
         || std::ranges::any_of(subjects, [&](const auto& subject) { return refuses_publication(text, subject); });
}

} // namespace cm::messaging
