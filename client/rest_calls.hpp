// Maps commands to requests of the REST API, and describes how to render the responses (contract section 5).
#pragma once

#include "client/arguments.hpp"
#include "client/rendering.hpp"
#include "core/base/error.hpp"
#include "core/base/secret.hpp"
#include "http/client/http_client.hpp"

#include <optional>
#include <string>
#include <vector>

namespace cm::client {

/// Data for a command that was read from files.
struct call_material {
  std::optional<core::secret> secret_value; ///< a token or password that the operator specified
  std::string certificate;                  ///< PEM
};

enum class answer_shape : std::uint8_t { page, item, nothing };

struct rest_call {
  http::client_request request;
  answer_shape shape = answer_shape::item;
  std::vector<column> columns;
  std::string note; ///< for people, if the response contains a value that is shown only once
};

/// The request of any command that calls the REST API, except import and export.
/// @return errc::invalid for options that cannot be combined
[[nodiscard]] core::expected<rest_call> make_rest_call(const invocation& of, const call_material& with);

/// The request of `cm token export`.
[[nodiscard]] http::client_request make_export_request(const invocation& of);

/// The request of `cm token import`, without its body.
[[nodiscard]] http::client_request make_import_request();

} // namespace cm::client
