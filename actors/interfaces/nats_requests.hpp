// Names of the requests of 16/ECAP and of their answers, for messages that hand them on.
#pragma once

#include <memory>

namespace cm::messaging {

class connection;

namespace ecap {

struct endpoint_token_validation_request;
struct endpoint_token_status_transition_request;
struct client_username_password_validation_request;
struct client_certificate_validation_request;

} // namespace ecap

} // namespace cm::messaging

namespace cm::actors {

class reply_batch; // reply_batch.hpp
using reply_batch_ptr = std::shared_ptr<reply_batch>;

template <class Request>
class request_calls; // request_calls.hpp

using token_calls = request_calls<messaging::ecap::endpoint_token_validation_request>;
using token_calls_ptr = std::shared_ptr<token_calls>;

using transition_calls = request_calls<messaging::ecap::endpoint_token_status_transition_request>;
using transition_calls_ptr = std::shared_ptr<transition_calls>;

using password_calls = request_calls<messaging::ecap::client_username_password_validation_request>;
using password_calls_ptr = std::shared_ptr<password_calls>;

using certificate_calls = request_calls<messaging::ecap::client_certificate_validation_request>;
using certificate_calls_ptr = std::shared_ptr<certificate_calls>;

} // namespace cm::actors
