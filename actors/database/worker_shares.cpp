#include "actors/database/worker_shares.hpp"

#include <algorithm>

namespace cm::actors {

namespace {

// In the order of work_class.
constexpr std::array<unsigned, work_class_count> weights{8, 8, 4, 4, 1, 2};

// Who gets a reserved worker first, in a pool that is too small for all. Authentication gets two where it can. Work for
// which nobody waits, or whose client waits for long anyway, gets none.
constexpr std::array reservations{work_class::authentication, work_class::revocation, work_class::read,
                                  work_class::change, work_class::authentication};

} // namespace

void worker_shares::resize(std::size_t workers) noexcept {
  const auto pool = std::max<std::size_t>(1, workers);
  const auto half = std::max<std::size_t>(1, pool / 2);
  const auto rest = std::max<std::size_t>(1, pool - half - (pool > 2 ? 1 : 0));
  const auto quarter = std::max<std::size_t>(1, pool / 4);
  const auto lookups = pool > 2 ? half + 1 : half;
  const std::array<std::size_t, work_class_count> most{lookups, rest, rest, rest, quarter, quarter};
  for (std::size_t i = 0; i < work_class_count; ++i)
    shares_[i] = {0, most[i], weights[i]};
  // At least one worker, in a larger pool a quarter, belongs to no class.
  const auto reserved = std::min(reservations.size(), pool - quarter);
  for (std::size_t i = 0; i < reserved; ++i)
    ++shares_[index_of(reservations[i])].reserved;
  // Of the workers that authentication can have at all, one is left to the other kind of look-up.
  const auto reachable = of(work_class::authentication).reserved + pool - reserved;
  token_lookups_ = std::max<std::size_t>(1, std::min(half, reachable - 1));
  client_lookups_ = std::max<std::size_t>(1, half / 2);
}

bool worker_shares::may_run(work_class which, std::size_t idle) const noexcept {
  const auto own = index_of(which);
  if (running_[own] >= shares_[own].most)
    return false;
  if (running_[own] < shares_[own].reserved)
    return true;
  std::size_t kept = 0; // for the other classes
  for (std::size_t i = 0; i < work_class_count; ++i) {
    if (i != own && running_[i] < shares_[i].reserved)
      kept += shares_[i].reserved - running_[i];
  }
  return idle > kept;
}

std::optional<work_class> worker_shares::choose(const class_set& waiting, std::size_t idle) noexcept {
  std::optional<work_class> chosen;
  std::int64_t total = 0;
  for (const auto which : work_classes) {
    const auto i = index_of(which);
    if (!waiting[i] || !may_run(which, idle))
      continue;
    credit_[i] += shares_[i].weight;
    total += shares_[i].weight;
    if (!chosen || credit_[i] > credit_[index_of(*chosen)])
      chosen = which;
  }
  if (chosen)
    credit_[index_of(*chosen)] -= total;
  return chosen;
}

} // namespace cm::actors
