#include "actors/database/command_batch.hpp"

#include "actors/database/completion.hpp"

#include <numeric>
#include <utility>
#include <variant>

namespace cm::actors {

namespace {

template <class Command>
const Command& command_in(const storage_job_ptr& job) {
  return std::get<Command>(job->command);
}

storage_result_ptr succeeded(storage::reply reply) {
  return std::make_shared<storage_result>(std::move(reply));
}

std::vector<storage_result_ptr> for_each_of(std::size_t count, const storage_result_ptr& result) {
  return std::vector<storage_result_ptr>(count, result);
}

std::vector<storage_result_ptr> split_creations(const storage::created_tokens& created) {
  std::vector<storage_result_ptr> out;
  out.reserve(created.results.size());
  for (const auto& own : created.results)
    out.push_back(own.has_error() ? std::make_shared<storage_result>(own.error()) : succeeded(*own));
  return out;
}

std::vector<storage_result_ptr> split_logins(const storage::found_basics& found) {
  std::vector<storage_result_ptr> out;
  out.reserve(found.credentials.size());
  for (const auto& own : found.credentials)
    out.push_back(succeeded(own));
  return out;
}

std::vector<storage_result_ptr> split_certificates(std::span<const std::size_t> parts,
                                                   const storage::found_x509& found) {
  std::vector<storage_result_ptr> out;
  out.reserve(parts.size());
  auto next = found.credentials.begin();
  for (const auto count : parts) {
    const auto end = next + static_cast<std::ptrdiff_t>(count);
    out.push_back(succeeded(storage::found_x509{{next, end}}));
    next = end;
  }
  return out;
}

storage::find_x509 join_certificates(std::span<const storage_job_ptr> jobs) {
  storage::find_x509 out;
  for (const auto& job : jobs) {
    const auto& own = command_in<storage::find_x509>(job);
    for (const auto& other : own.other_subjects)
      out.other_subjects.push_back({out.subjects.size() + other.index, other.hash});
    for (const auto& identity : own.identities)
      out.identities.push_back({out.subjects.size() + identity.index, identity.hash});
    out.subjects.insert(out.subjects.end(), own.subjects.begin(), own.subjects.end());
  }
  return out;
}

} // namespace

batch_kind batch_kind_of(const storage::command& command) noexcept {
  if (std::holds_alternative<storage::create_token>(command))
    return batch_kind::creations;
  if (std::holds_alternative<storage::find_basic>(command))
    return batch_kind::logins;
  if (std::holds_alternative<storage::find_x509>(command))
    return batch_kind::certificates;
  return batch_kind::single;
}

std::size_t parts_of(const storage::command& command) noexcept {
  const auto* certificates = std::get_if<storage::find_x509>(&command);
  return certificates == nullptr ? 1 : certificates->subjects.size();
}

storage::command join(std::span<const storage_job_ptr> jobs) {
  switch (batch_kind_of(jobs.front()->command)) {
  case batch_kind::creations: {
    storage::create_tokens out;
    out.items.reserve(jobs.size());
    for (const auto& job : jobs)
      out.items.push_back(command_in<storage::create_token>(job));
    return out;
  }
  case batch_kind::logins: {
    storage::find_basics out;
    out.usernames.reserve(jobs.size());
    for (const auto& job : jobs)
      out.usernames.push_back(command_in<storage::find_basic>(job).username);
    return out;
  }
  case batch_kind::certificates:
    return join_certificates(jobs);
  case batch_kind::single:
    break;
  }
  return jobs.front()->command;
}

std::vector<storage_result_ptr> split(batch_kind kind, std::span<const std::size_t> parts,
                                      const storage_result_ptr& result) {
  if (result->has_error())
    return for_each_of(parts.size(), result);
  const auto& reply = **result;
  if (kind == batch_kind::creations) {
    const auto* created = std::get_if<storage::created_tokens>(&reply);
    if (created != nullptr && created->results.size() == parts.size())
      return split_creations(*created);
  } else if (kind == batch_kind::logins) {
    const auto* found = std::get_if<storage::found_basics>(&reply);
    if (found != nullptr && found->credentials.size() == parts.size())
      return split_logins(*found);
  } else if (kind == batch_kind::certificates) {
    const auto* found = std::get_if<storage::found_x509>(&reply);
    if (found != nullptr && found->credentials.size() == std::accumulate(parts.begin(), parts.end(), std::size_t{0}))
      return split_certificates(parts, *found);
  }
  return for_each_of(parts.size(), mismatched_reply());
}

} // namespace cm::actors
