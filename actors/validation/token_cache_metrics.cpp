#include "actors/validation/token_cache_metrics.hpp"

#include <cstdint>

namespace cm::actors {

namespace {

template <class Value>
std::uint64_t sum(const token_cache_metrics& metrics, Value validator_counters::*member) {
  std::uint64_t out = 0;
  for (const auto& validator : metrics.validators())
    out += (*validator.*member).value();
  return out;
}

} // namespace

token_cache_metrics::token_cache_metrics(std::size_t validators) {
  for (std::size_t i = 0; i < validators; ++i)
    validators_.push_back(std::make_shared<validator_counters>());
}

void register_token_cache_metrics(core::metric_registry& registry,
                                  const std::shared_ptr<const token_cache_metrics>& metrics) {
  registry.add({"cm_token_cache_lookups_total",
                "Token look-ups in the cache: hit, miss, or bypassed because the revocation feed has a gap.",
                core::metric_type::counter},
               [metrics](const core::scrape&, core::sample_writer& out) {
                 out.add({{"result", "hit"}}, sum(*metrics, &validator_counters::hits));
                 out.add({{"result", "miss"}}, sum(*metrics, &validator_counters::misses));
                 out.add({{"result", "bypassed"}}, sum(*metrics, &validator_counters::bypassed));
               });
  registry.add_counter("cm_token_cache_evictions_total",
                       "Tokens that were evicted before they expired, because the cache was full.",
                       [metrics] { return sum(*metrics, &validator_counters::evicted); });
  registry.add_gauge("cm_token_cache_entries", "Tokens in the cache.",
                     [metrics] { return sum(*metrics, &validator_counters::entries); });
  registry.add_gauge("cm_token_cache_size_bytes", "Memory that the cached tokens and their index take.",
                     [metrics] { return sum(*metrics, &validator_counters::bytes); });
}

} // namespace cm::actors
