// The families of metrics that the components of CM have registered, and their values when a page is rendered.
#pragma once

#include "core/base/time.hpp"
#include "core/observability/counters.hpp"
#include "core/observability/health.hpp"
#include "core/observability/process_usage.hpp"

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace cm::core {

enum class metric_type : std::uint8_t { counter, gauge, histogram };

/// A family of metrics: samples with the same name and different labels.
struct metric_family {
  std::string name; ///< by the rules of Prometheus: unit in the name, `_total` for counters
  std::string help; ///< one sentence; docs/metrics.md repeats it
  metric_type type = metric_type::counter;

  friend bool operator==(const metric_family&, const metric_family&) = default;
};

struct metric_label {
  std::string name;
  std::string value;

  friend bool operator==(const metric_label&, const metric_label&) = default;
};

struct metric_sample {
  std::vector<metric_label> labels;
  std::variant<std::uint64_t, double, duration_counts> value; ///< duration_counts for histograms only
};

struct collected_family {
  metric_family family;
  std::vector<metric_sample> samples;
};

/// The samples of one family, while it is collected.
class sample_writer {
public:
  using labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  explicit sample_writer(collected_family& into) noexcept : into_(&into) {}

  /// @throws std::logic_error if the family is a histogram
  void add(labels of, std::uint64_t value);
  void add(labels of, double value);

  /// @throws std::logic_error if the family is not a histogram
  void add(labels of, const duration_counts& value);

private:
  void append(labels of, metric_sample sample);

  collected_family* into_;
};

/// What all callbacks of one page use: it is read once per page. The referenced objects must outlive the collection.
struct scrape {
  timestamp now{};
  const health_snapshot& health;
  const process_usage& process;
};

/// Components register their families when CM starts; pages collect the values. Registration is not thread-safe and
/// must be complete before the first collect(), which any number of threads may call at the same time.
class metric_registry {
public:
  /// Writes the samples of a family. Called on any thread, by several at the same time; must not block.
  using collector = std::function<void(const scrape&, sample_writer&)>;

  /// Registers a family. Pages show families in the order of their registration.
  /// @throws std::logic_error if the name is registered already
  void add(metric_family family, collector write);

  /// Registers samples of a family to which several components contribute. The first contribution determines the
  /// position of the family; its samples are in the order of the contributions.
  /// @throws std::logic_error if the name is registered by add(), or with another help text or type
  void contribute(metric_family family, collector write);

  /// Registers a counter without labels.
  /// @param read returns a std::uint64_t or a double; called with the scrape, or without argument
  template <class Read>
  void add_counter(std::string name, std::string help, Read read) {
    add({std::move(name), std::move(help), metric_type::counter}, single(std::move(read)));
  }

  /// Registers a gauge without labels.
  /// @param read as in add_counter()
  template <class Read>
  void add_gauge(std::string name, std::string help, Read read) {
    add({std::move(name), std::move(help), metric_type::gauge}, single(std::move(read)));
  }

  /// Collects all families, also those that have no samples now. If a collector throws, its samples are missing, and
  /// the log has an error.
  [[nodiscard]] std::vector<collected_family> collect(const scrape& of) const;

private:
  struct entry {
    metric_family family;
    bool shared = false;
    std::vector<collector> collectors;
  };

  template <class Read>
  static collector single(Read read) {
    return [read = std::move(read)](const scrape& of, sample_writer& out) {
      if constexpr (std::is_invocable_v<const Read&, const scrape&>)
        out.add({}, read(of));
      else
        out.add({}, read());
    };
  }

  [[nodiscard]] entry* find(std::string_view name) noexcept;

  std::vector<entry> entries_;
};

} // namespace cm::core
