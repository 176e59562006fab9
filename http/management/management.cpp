#include "http/management/management.hpp"

#include "core/base/time.hpp"
#include "http/json/json_writer.hpp"

#include <string>
#include <string_view>

namespace cm::http {

namespace {

constexpr int ok = 200;
constexpr int unavailable = 503;

int status_for(core::health_status status, const core::management_settings& settings) {
  const auto mapped = settings.health_status_mapping.find(std::string{core::to_string(status)});
  if (mapped != settings.health_status_mapping.end())
    return mapped->second;
  return status == core::health_status::up ? ok : unavailable;
}

json_writer& begin_component(json_writer& out, std::string_view name, core::health_status status) {
  return out.key(name).begin_object().member("status", core::to_string(status));
}

void add_if_known(json_writer& out, std::string_view name, std::string_view value) {
  if (!value.empty())
    out.member(name, value);
}

void write_components(json_writer& out, const core::health_snapshot& of) {
  begin_component(out, "db", of.db.status).member("database", of.db.database);
  if (of.db.version)
    out.member("version", *of.db.version);
  add_if_known(out, "error", of.db.error);
  out.end_object();

  begin_component(out, "nats", of.nats.status);
  add_if_known(out, "server", of.nats.server);
  add_if_known(out, "error", of.nats.error);
  out.end_object();

  begin_component(out, "license", of.license.status).member("subject", of.license.subject);
  if (of.license.expires)
    out.member("expires", core::to_iso8601(*of.license.expires));
  add_if_known(out, "error", of.license.error);
  out.end_object();

  begin_component(out, "outbox", of.outbox.status).member("pending", of.outbox.pending).end_object();
  begin_component(out, "actors", of.actors.status).member("restarts", of.actors.restarts);
  add_if_known(out, "error", of.actors.error);
  out.end_object();
}

response render_status(int http_status, core::health_status status) {
  json_writer out;
  out.begin_object().member("status", core::to_string(status)).end_object();
  return json_response(http_status, out.take());
}

} // namespace

response render_health(const core::health_snapshot& snapshot, const core::management_settings& settings,
                       health_detail detail) {
  const int http_status = status_for(snapshot.status, settings);
  if (detail == health_detail::status_only)
    return render_status(http_status, snapshot.status);
  json_writer out;
  out.begin_object().member("status", core::to_string(snapshot.status));
  write_components(out, snapshot);
  if (!snapshot.warnings.empty()) {
    out.key("warnings").begin_array();
    for (const auto& warning : snapshot.warnings)
      out.value(warning);
    out.end_array();
  }
  out.end_object();
  return json_response(http_status, out.take());
}

response render_liveness(const core::health_snapshot& snapshot) {
  return snapshot.live ? render_status(ok, core::health_status::up)
                       : render_status(unavailable, core::health_status::down);
}

response render_readiness(const core::health_snapshot& snapshot) {
  return snapshot.ready ? render_status(ok, core::health_status::up)
                        : render_status(unavailable, core::health_status::out_of_service);
}

response render_info(const core::service_info& info) {
  json_writer out;
  out.begin_object()
    .member("instance", info.instance)
    .member("replicaId", info.replica_id)
    .member("version", info.version)
    .member("commit", info.commit)
    .member("startTime", core::to_iso8601(info.started_at))
    .member_flag("trustful", info.trustful)
    .end_object();
  return json_response(ok, out.take());
}

} // namespace cm::http
