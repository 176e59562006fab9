#include "http/management/metric_values.hpp"

#include <algorithm>
#include <variant>

namespace cm::http {

std::span<const core::metric_sample> metric_values::samples(std::string_view name) const noexcept {
  const auto found =
    std::find_if(families_->begin(), families_->end(),
                 [name](const core::collected_family& collected) { return collected.family.name == name; });
  return found == families_->end() ? std::span<const core::metric_sample>{} : std::span{found->samples};
}

std::uint64_t metric_values::count(std::string_view name) const noexcept {
  return count(name, {});
}

std::uint64_t metric_values::count(std::string_view name, std::string_view label) const noexcept {
  const auto own = samples(name);
  const auto found = std::find_if(own.begin(), own.end(),
                                  [label](const core::metric_sample& sample) { return first_label(sample) == label; });
  return found == own.end() ? 0 : count_of(*found);
}

std::string_view first_label(const core::metric_sample& sample) noexcept {
  return sample.labels.empty() ? std::string_view{} : std::string_view{sample.labels.front().value};
}

std::uint64_t count_of(const core::metric_sample& sample) noexcept {
  const auto* value = std::get_if<std::uint64_t>(&sample.value);
  return value == nullptr ? 0 : *value;
}

} // namespace cm::http
