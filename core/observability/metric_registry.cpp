#include "core/observability/metric_registry.hpp"

#include "core/observability/logging.hpp"

#include <algorithm>
#include <cstddef>
#include <exception>
#include <stdexcept>

namespace cm::core {

void sample_writer::add(labels of, std::uint64_t value) {
  append(of, {{}, value});
}

void sample_writer::add(labels of, double value) {
  append(of, {{}, value});
}

void sample_writer::add(labels of, const duration_counts& value) {
  append(of, {{}, value});
}

void sample_writer::append(labels of, metric_sample sample) {
  if ((into_->family.type == metric_type::histogram) != std::holds_alternative<duration_counts>(sample.value))
    throw std::logic_error("a sample of another type");
  for (const auto& [name, value] : of)
    sample.labels.push_back({std::string(name), std::string(value)});
  into_->samples.push_back(std::move(sample));
}

void metric_registry::add(metric_family family, collector write) {
  if (find(family.name) != nullptr)
    throw std::logic_error("the metric " + family.name + " is registered twice");
  entries_.push_back({std::move(family), false, {std::move(write)}});
}

void metric_registry::contribute(metric_family family, collector write) {
  auto* known = find(family.name);
  if (known == nullptr) {
    entries_.push_back({std::move(family), true, {std::move(write)}});
    return;
  }
  if (!known->shared || known->family != family)
    throw std::logic_error("the metric " + family.name + " is registered already, with another meaning");
  known->collectors.push_back(std::move(write));
}

std::vector<collected_family> metric_registry::collect(const scrape& of) const {
  std::vector<collected_family> out;
  out.reserve(entries_.size());
  for (const auto& registered : entries_) {
    auto& collected = out.emplace_back(collected_family{registered.family, {}});
    for (const auto& write : registered.collectors) {
      const auto before = static_cast<std::ptrdiff_t>(collected.samples.size());
      try {
        sample_writer samples(collected);
        write(of, samples);
      } catch (const std::exception& e) {
        collected.samples.erase(collected.samples.begin() + before, collected.samples.end());
        logger("cm")->error("the metric {} cannot be collected: {}", registered.family.name, e.what());
      }
    }
  }
  return out;
}

metric_registry::entry* metric_registry::find(std::string_view name) noexcept {
  const auto found =
    std::find_if(entries_.begin(), entries_.end(), [name](const entry& known) { return known.family.name == name; });
  return found == entries_.end() ? nullptr : &*found;
}

} // namespace cm::core
