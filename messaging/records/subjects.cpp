#include "messaging/records/subjects.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace cm::messaging {

namespace {

constexpr std::size_t max_instance_name_length = 255;

// What is_reply_subject() knows of a character.
constexpr std::uint8_t forbidden = 1;
constexpr std::uint8_t dot = 2;

constexpr std::array<std::uint8_t, 256> kinds = [] {
  std::array<std::uint8_t, 256> out{};
  for (std::size_t c = 0; c <= ' '; ++c)
    out[c] = forbidden;
  for (const char c : std::string_view("*>\x7f"))
    out[static_cast<unsigned char>(c)] = forbidden;
  out['.'] = dot;
  return out;
}();

std::string subject(std::string_view kind, std::string_view instance, std::string_view rest) {
  std::string out = "kaa.v1.";
  out += kind;
  out += '.';
  out += instance;
  out += '.';
  out += rest;
  return out;
}

std::string service(std::string_view instance, std::string_view rest) {
  return subject("service", instance, rest);
}

std::string events(std::string_view instance, std::string_view rest) {
  return subject("events", instance, rest);
}

} // namespace

bool is_instance_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= max_instance_name_length
         && std::ranges::all_of(name, [](char c) { return c > ' ' && c <= '~' && c != '.' && c != '*' && c != '>'; });
}

bool is_reply_subject(std::string_view subject) noexcept {
  // Called for every request, so the loop has no branches for single characters.
  unsigned before = dot;
  unsigned all = 0;
  unsigned pairs = 0; // what two neighbours have in common
  for (const char c : subject) {
    const unsigned kind = kinds[static_cast<unsigned char>(c)];
    all |= kind;
    pairs |= kind & before;
    before = kind;
  }
  if ((all & forbidden) != 0 || ((pairs | before) & dot) != 0 || subject.front() == '$')
    return false;
  constexpr std::string_view platform = "kaa.v1.";
  if (!subject.starts_with(platform))
    return true;
  return subject.substr(platform.size()).starts_with("replica.");
}

} // namespace cm::messaging

namespace cm::messaging::subjects {

std::string ep_token_request(std::string_view instance) {
  return service(instance, "ecap.ep-token-request");
}

std::string ep_token_status_transition_request(std::string_view instance) {
  return service(instance, "ecap.ep-token-status-transition-request");
}

std::string client_username_password_request(std::string_view instance) {
  return service(instance, "ecap.client-username-password-request");
}

std::string client_certificate_request(std::string_view instance) {
  return service(instance, "ecap.client-certificate-request");
}

std::string endpoint_token_revoked(std::string_view instance) {
  return events(instance, "endpoint.token.revoked");
}

std::string client_credential_revoked(std::string_view instance) {
  return events(instance, "client.credential.revoked");
}

std::string endpoint_unregistered(std::string_view ep_register_instance) {
  return events(ep_register_instance, "endpoint.lifecycle.unregistered");
}

std::string configuration_upserted(std::string_view tekton_instance) {
  return events(tekton_instance, "service.configuration.upsert");
}

std::string configuration_deleted(std::string_view tekton_instance) {
  return events(tekton_instance, "service.configuration.delete");
}

std::string own_configuration_upserted(std::string_view instance) {
  return service(instance, "scmp.configuration.upsert");
}

std::string own_configuration_deleted(std::string_view instance) {
  return service(instance, "scmp.configuration.delete");
}

} // namespace cm::messaging::subjects
