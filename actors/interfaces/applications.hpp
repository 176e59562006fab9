// The applications that CM knows, from the configuration or from Tekton (contract 3.2, 4.6).
#pragma once

#include <caf/allowed_unsafe_message_type.hpp>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

namespace cm::actors {

/// An immutable snapshot that several actors share. A change produces a new snapshot, which root sends to them.
struct application_directory {
  std::map<std::string, std::set<std::string>, std::less<>> versions; ///< by application name
  bool open = false; ///< every well-formed name is accepted: none is configured, and Tekton was not queried

  /// Whether tokens of the application `name` are accepted.
  [[nodiscard]] bool knows(std::string_view name) const { return open || versions.find(name) != versions.end(); }
};

using application_directory_ptr = std::shared_ptr<const application_directory>;

/// The directory for the configuration key kaa.applications. If it names no application, every name is accepted.
[[nodiscard]] inline application_directory_ptr
configured_applications(const std::map<std::string, std::set<std::string>>& configured) {
  auto directory = std::make_shared<application_directory>();
  directory->versions.insert(configured.begin(), configured.end());
  directory->open = configured.empty();
  return directory;
}

} // namespace cm::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::application_directory_ptr)
