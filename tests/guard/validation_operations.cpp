#include "core/base/secret.hpp"
#include "core/base/uuid.hpp"
#include "core/credentials/token_hash.hpp"
#include "core/credentials/token_key.hpp"
#include "core/memory/token_cache.hpp"
#include "operations.hpp"
#include "samples.hpp"

#include <array>
#include <memory>
#include <string>
#include <vector>

namespace cm::guard {

namespace {

using request = messaging::ecap::endpoint_token_validation_request;

constexpr std::size_t batch = 64; // requests per batch; expire() is called between batches
constexpr core::steady_time now{std::chrono::hours{1}};

// The state of a token validator, with requests for its tokens.
struct validator {
  std::vector<std::string> requests;
  core::token_keyer keyer;
  core::token_hasher hasher{core::secret{"key of the guard"}};
  core::token_cache cache;
  std::string out;
  std::size_t next = 0;
  core::uuid id = core::parse_uuid(sample_token_id).value();

  validator(std::size_t tokens, std::size_t bytes) : cache({bytes, std::chrono::hours{1}}) {
    for (std::size_t i = 0; i < tokens; ++i) {
      std::string token{sample_token};
      token.replace(0, 8, std::to_string(10'000'000 + i));
      requests.push_back(sample_request(token));
    }
    cache.expire(now);
  }

  request take() {
    if (next % batch == 0) {
      cache.expire(now);
      out.clear(); // keeps the capacity
    }
    const auto decoded = messaging::decode<request>(requests[next++ % requests.size()]);
    require(decoded.has_value(), "a request is not decoded");
    return *decoded;
  }

  void keep(const core::token_key& key) {
    cache.insert(key, core::application_tag{}, id, sample_endpoint, now, cache.generation());
  }

  void answer(const request& asked, const core::uuid& token_id, std::string_view endpoint_id) {
    std::array<char, 36> id_text{};
    core::write_to(token_id, id_text.data());
    auto response = sample_response(asked.correlation_id);
    response.token_id = std::string_view{id_text.data(), id_text.size()};
    response.endpoint_id = endpoint_id;
    messaging::encode(response, out);
  }
};

} // namespace

operation make_validate_hit() {
  constexpr std::size_t tokens = 1'000;
  const auto state = std::make_shared<validator>(tokens, std::size_t{1} << 20U);
  for (std::size_t i = 0; i < tokens; ++i) {
    const auto asked = state->take();
    state->keep(state->keyer(asked.app_name, asked.token));
  }
  return [state] {
    const auto asked = state->take();
    const auto hit = state->cache.find(state->keyer(asked.app_name, asked.token));
    require(hit.has_value(), "a token that was kept is not found");
    state->answer(asked, hit->id, hit->endpoint_id);
  };
}

operation make_validate_miss() {
  // More tokens than the cache can hold: each one has been evicted before it is requested again.
  constexpr std::size_t tokens = 4'096;
  const auto state = std::make_shared<validator>(tokens, std::size_t{64} * 1024);
  return [state] {
    const auto asked = state->take();
    const auto key = state->keyer(asked.app_name, asked.token);
    require(!state->cache.find(key), "a token is found that was not kept");
    const auto hash = state->hasher.hash(asked.app_name, asked.token);
    // Stands for the result of the database, which is looked up by the hash.
    state->id.bytes.back() = hash.back();
    state->keep(key);
    state->answer(asked, state->id, sample_endpoint);
  };
}

} // namespace cm::guard
