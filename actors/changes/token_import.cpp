#include "actors/changes/token_import.hpp"

#include "core/credentials/token_generator.hpp"

#include <utility>

namespace cm::actors {

namespace {

core::expected<storage::import_result> verdict_of(const storage::import_result& result) {
  switch (result.verdict) {
  case storage::import_verdict::created:
  case storage::import_verdict::unchanged:
    return result;
  case storage::import_verdict::other_endpoint:
    return core::make_error(core::errc::conflict, "The token belongs to another endpoint");
  case storage::import_verdict::other_status:
    return core::make_error(core::errc::conflict,
                            "The token exists and is " + std::string(core::to_string(result.status)));
  case storage::import_verdict::repeated_in_batch:
    return core::make_error(core::errc::conflict, "An earlier line names the same token otherwise");
  }
  return core::make_error(core::errc::internal, "Internal Server Error");
}

} // namespace

prepared_import prepare_import(const import_order& order, const application_directory& known, std::size_t token_length,
                               core::timestamp now, core::uuid_v7_generator& ids, core::token_hasher& hasher) {
  prepared_import out;
  const auto count = order.lines.size();
  out.item_indexes.resize(count);
  out.refused.resize(count);
  out.generated.resize(count);
  out.command.at = now;
  out.command.origin = order.origin;
  for (std::size_t i = 0; i < count; ++i) {
    const auto& line = order.lines[i];
    if (!known.knows(line.application_name)) {
      out.refused[i] = core::make_error(core::errc::not_found, "Application not found");
      continue;
    }
    if (!line.token)
      out.generated[i] = core::generate_token(token_length);
    const auto& value = line.token ? *line.token : *out.generated[i];
    storage::import_item item;
    item.id = ids.next(now);
    item.hash = hasher.hash(line.application_name, value.reveal());
    item.application = line.application_name;
    item.endpoint_id = line.endpoint_id;
    item.status = line.status;
    out.item_indexes[i] = out.command.items.size();
    out.command.items.push_back(std::move(item));
  }
  return out;
}

std::vector<imported_line> finish_import(const prepared_import& prepared, const storage::imported_tokens& answer) {
  std::vector<imported_line> out;
  out.reserve(prepared.item_indexes.size());
  for (std::size_t i = 0; i < prepared.item_indexes.size(); ++i) {
    if (!prepared.item_indexes[i]) {
      out.push_back({*prepared.refused[i], std::nullopt});
      continue;
    }
    auto verdict = verdict_of(answer.results.at(*prepared.item_indexes[i]));
    const bool shown = verdict.has_value() && verdict->verdict == storage::import_verdict::created;
    out.push_back({std::move(verdict), shown ? prepared.generated[i] : std::nullopt});
  }
  return out;
}

} // namespace cm::actors
