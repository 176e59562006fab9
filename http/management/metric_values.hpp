// Reads single metrics by name, for the pages that show them under other names.
#pragma once

#include "core/observability/metric_registry.hpp"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace cm::http {

/// A view of collected metrics, which must outlive it.
class metric_values {
public:
  explicit metric_values(const std::vector<core::collected_family>& families) noexcept : families_(&families) {}

  /// The samples of a family; empty if the registry has no such family.
  [[nodiscard]] std::span<const core::metric_sample> samples(std::string_view name) const noexcept;

  /// The value of a counter or gauge without labels, which must be an integer; 0 if it is absent.
  [[nodiscard]] std::uint64_t count(std::string_view name) const noexcept;

  /// The same for the sample whose first label has this value.
  [[nodiscard]] std::uint64_t count(std::string_view name, std::string_view label) const noexcept;

private:
  const std::vector<core::collected_family>* families_;
};

/// The value of the first label; empty if there is none.
[[nodiscard]] std::string_view first_label(const core::metric_sample& sample) noexcept;

/// The value of an integer sample; 0 for other samples.
[[nodiscard]] std::uint64_t count_of(const core::metric_sample& sample) noexcept;

} // namespace cm::http
