#include "actors/app/service_ports.hpp"

#include "core/base/capabilities.hpp"
#include "core/base/try.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace cm::actors {

namespace {

core::expected<http::bound_port> bind(std::string_view key, std::uint16_t port) {
  auto bound = http::bound_port::open({}, port);
  if (bound.has_error())
    return core::make_error(bound.error().code, std::string(key) + ": " + bound.error().message);
  return bound;
}

} // namespace

core::expected<service_ports> bind_ports(const core::settings& settings) {
  const core::bind_capability capability;
  CM_TRY(auto api, bind("server.port", settings.server.port));
  CM_TRY(auto management, bind("management.port", settings.management.port));
  service_ports ports{std::move(api), std::move(management), std::nullopt};
  if (settings.agent.enabled) {
    CM_TRY(auto agent, bind("JMX_PORT", settings.agent.port));
    ports.agent.emplace(std::move(agent));
  }
  return ports;
}

} // namespace cm::actors
