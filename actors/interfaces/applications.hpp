// The applications that CM knows (contract 3.2, 4.6).
#pragma once

#include <caf/allowed_unsafe_message_type.hpp>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

namespace cm::actors {

/// Shared and never changed: a change makes a new one.
struct application_directory {
  std::map<std::string, std::set<std::string>, std::less<>> versions; ///< by the application's name
  bool open = false; ///< any well-formed name will do: nothing is configured, and Tekton has not been asked

  /// Whether an application of that name may have tokens.
  [[nodiscard]] bool knows(std::string_view name) const { return open || versions.find(name) != versions.end(); }
};

using application_directory_ptr = std::shared_ptr<const application_directory>;

/// From kaa.applications: none configured means that any name will do.
[[nodiscard]] inline application_directory_ptr
configured_applications(const std::map<std::string, std::set<std::string>>& configured) {
  auto made = std::make_shared<application_directory>();
  made->versions.insert(configured.begin(), configured.end());
  made->open = configured.empty();
  return made;
}

} // namespace cm::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::application_directory_ptr)
