#include "operations.hpp"
#include "samples.hpp"

namespace cm::guard {

operation make_decode() {
  return [bytes = sample_request(sample_token)] {
    const auto request = messaging::decode<messaging::ecap::endpoint_token_validation_request>(bytes);
    require(request.has_value() && request->token == sample_token, "a request is not decoded");
  };
}

operation make_encode() {
  return [out = std::string{}]() mutable {
    out.clear(); // keeps the capacity, as in a batch, where a response is appended to others
    messaging::encode(sample_response(sample_correlation), out);
    require(out.size() > sample_token_id.size() + sample_endpoint.size(), "an answer is not encoded");
  };
}

} // namespace cm::guard
