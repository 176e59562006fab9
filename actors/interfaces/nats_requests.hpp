// Forward declarations of the 16/ECAP requests and their replies, for the messages that carry them.
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
class pending_requests; // pending_requests.hpp

using pending_token_requests = pending_requests<messaging::ecap::endpoint_token_validation_request>;
using pending_token_requests_ptr = std::shared_ptr<pending_token_requests>;

using pending_transition_requests = pending_requests<messaging::ecap::endpoint_token_status_transition_request>;
using pending_transition_requests_ptr = std::shared_ptr<pending_transition_requests>;

using pending_password_requests = pending_requests<messaging::ecap::client_username_password_validation_request>;
using pending_password_requests_ptr = std::shared_ptr<pending_password_requests>;

using pending_certificate_requests = pending_requests<messaging::ecap::client_certificate_validation_request>;
using pending_certificate_requests_ptr = std::shared_ptr<pending_certificate_requests>;

} // namespace cm::actors
