#include "http/tekton/tekton_client.hpp"

#include "core/base/identifiers.hpp"
#include "http/client/http_client.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace cm::http {

namespace {

namespace json = boost::json;
using boost::system::error_code;
using clock = std::chrono::steady_clock;

constexpr std::size_t max_requests = 10'000;
constexpr std::size_t max_names = 100'000;

core::error tekton_unavailable(const std::string& what, std::string detail = {}) {
  return core::make_error(core::errc::unavailable, "Tekton: " + what, std::move(detail));
}

core::expected<server_address> server_of(const std::string& url) {
  const auto wrong = [](const std::string& what) {
    return core::make_error(core::errc::invalid, "kaa.tekton.url: " + what);
  };
  auto parsed = parse_server_address(url);
  if (parsed && parsed->tls)
    return wrong("https is not available in this release, only http");
  if (parsed)
    return *std::move(parsed);
  switch (parsed.error()) {
  case url_fault::malformed:
    return wrong("not a URL");
  case url_fault::scheme:
    return wrong("not an http URL with a host");
  case url_fault::login:
    return wrong("a login in the URL is not supported");
  case url_fault::query:
    return wrong("a query or a fragment in the URL is not supported");
  case url_fault::port:
    break;
  }
  return wrong("not a URL with a port from 1 to 65535");
}

struct answer {
  unsigned status = 0;
  json::value body; // null where the status is not 200
};

// Sends requests one after the other on one connection, with one deadline for all of them.
class conversation {
public:
  conversation(server_address with, clock::time_point deadline)
    : with_(with), client_({.server = std::move(with), .limits = limits, .keep_alive = true}), deadline_(deadline) {}

  core::expected<answer> get(const std::string& path) {
    if (++requests_ > max_requests)
      return tekton_unavailable("more than 10000 requests for one list of applications");
    const auto got = client_.send({.target = path}, deadline_);
    if (!got && clock::now() >= deadline_)
      return tekton_unavailable("no answer in time from " + with_.authority);
    if (!got)
      return tekton_unavailable(got.error().message);
    answer result{got->status, {}};
    if (result.status != 200)
      return result;
    error_code ec;
    result.body = json::parse(got->body, ec);
    if (ec)
      return tekton_unavailable("the answer to " + with_.prefix + path + " is not JSON", ec.message());
    return result;
  }

private:
  static constexpr response_limits limits{.max_header = std::size_t{8} * 1024, .max_body = max_tekton_response};

  server_address with_;
  http_client client_;
  clock::time_point deadline_;
  std::size_t requests_ = 0;
};

const json::value* member(const json::object& of, std::string_view name) {
  return of.if_contains(name);
}

std::optional<std::uint64_t> number(const json::object& of, std::string_view name) {
  const auto* value = member(of, name);
  if (value == nullptr)
    return std::nullopt;
  error_code ec;
  const auto result = value->to_number<std::uint64_t>(ec);
  return ec ? std::nullopt : std::optional{result};
}

/// The name of a list item: the item itself or its member "name".
std::optional<std::string> name_of(const json::value& item) {
  const auto* text = &item;
  if (const auto* object = item.if_object())
    text = member(*object, "name");
  if (text == nullptr || !text->is_string())
    return std::nullopt;
  return std::string(text->get_string());
}

const json::array* items_of(const json::value& list) {
  if (const auto* array = list.if_array())
    return array;
  const auto* object = list.if_object();
  const auto* content = object != nullptr ? member(*object, "content") : nullptr;
  return content != nullptr ? content->if_array() : nullptr;
}

/// The query of the next page, if `list` indicates that more items follow the first `seen`.
std::optional<std::string> next_page(const json::value& list, std::uint64_t page, std::uint64_t seen) {
  const auto* object = list.if_object();
  if (object == nullptr)
    return std::nullopt;
  const auto* last = member(*object, "last");
  const auto pages = number(*object, "totalPages");
  if (last != nullptr || pages) { // page numbers as in Spring
    const bool more = last != nullptr && last->is_bool() ? !last->get_bool() : pages && page + 1 < *pages;
    return more ? std::optional{"?page=" + std::to_string(page + 1)} : std::nullopt;
  }
  const auto total = number(*object, "totalElements");
  return total && seen < *total ? std::optional{"?offset=" + std::to_string(seen)} : std::nullopt;
}

/// Calls `take` with every item of all pages of a list; `take` returns whether the item was new.
/// @return false if the status was 404
template <class Take>
core::expected<bool> for_each_item(conversation& with, const std::string& path, Take take) {
  std::string query;
  std::uint64_t seen = 0;
  for (std::uint64_t page = 0;; ++page) {
    const auto got = with.get(path + query);
    if (!got)
      return got.error();
    if (got->status == 404 && page == 0)
      return false;
    if (got->status != 200)
      return tekton_unavailable("status " + std::to_string(got->status) + " for " + path);
    const auto* items = items_of(got->body);
    if (items == nullptr)
      return tekton_unavailable("the answer to " + path
                                + " is neither an array nor an object with an array \"content\"");
    bool any_new = false;
    for (const auto& item : *items) {
      const auto taken = take(item);
      if (!taken)
        return taken.error();
      any_new = any_new || *taken;
    }
    seen += items->size();
    auto next = next_page(got->body, page, seen);
    if (!next)
      return true;
    if (!any_new)
      return tekton_unavailable("the pages of " + path + " do not end");
    query = *std::move(next);
  }
}

// Reads all applications and versions and collects them.
class reading {
public:
  reading(server_address with, clock::time_point deadline) : with_(std::move(with), deadline) {}

  core::expected<application_versions> run() {
    const auto found =
      for_each_item(with_, "/api/v1/applications", [this](const json::value& item) { return take_application(item); });
    if (!found)
      return found.error();
    if (!*found)
      return tekton_unavailable("status 404 for /api/v1/applications");
    for (const auto& name : without_versions_) {
      const auto path = "/api/v1/applications/" + name + "/app-versions";
      // The result may be a 404: the application was deleted in the meantime, or this Tekton has no such list. The
      // application's name is kept.
      const auto versions =
        for_each_item(with_, path, [&](const json::value& item) { return take_version(name, item); });
      if (!versions)
        return versions.error();
    }
    return std::move(result_);
  }

private:
  core::expected<bool> take_application(const json::value& item) {
    const auto name = name_of(item);
    if (!name)
      return tekton_unavailable("an application without a name");
    if (!core::is_application_name(*name))
      return false; // no token can belong to it (contract section 1)
    const bool is_new = result_.try_emplace(*name).second;
    if (is_new && ++names_ > max_names)
      return tekton_unavailable("more than 100000 applications and versions");
    const auto* object = item.if_object();
    const json::value* versions = nullptr;
    for (const auto* key : {"versions", "appVersions"}) {
      if (versions == nullptr && object != nullptr)
        versions = member(*object, key);
    }
    if (versions == nullptr || versions->is_null()) {
      if (is_new)
        without_versions_.insert(*name);
      return is_new;
    }
    if (const auto* by_name = versions->if_object()) {
      for (const auto& version : *by_name) {
        if (const auto taken = take_version(*name, json::value(version.key())); !taken)
          return taken.error();
      }
      return is_new;
    }
    const auto* list = versions->if_array();
    if (list == nullptr)
      return tekton_unavailable("the versions of an application are no list");
    for (const auto& version : *list) {
      if (const auto taken = take_version(*name, version); !taken)
        return taken.error();
    }
    return is_new;
  }

  core::expected<bool> take_version(const std::string& application, const json::value& item) {
    const auto name = name_of(item);
    if (!name)
      return tekton_unavailable("a version without a name");
    if (!core::is_application_name(*name))
      return false;
    const bool is_new = result_[application].insert(*name).second;
    if (is_new && ++names_ > max_names)
      return tekton_unavailable("more than 100000 applications and versions");
    return is_new;
  }

  conversation with_;
  application_versions result_;
  std::set<std::string> without_versions_;
  std::size_t names_ = 0;
};

} // namespace

core::expected<application_versions> read_applications(const std::string& url, std::chrono::milliseconds timeout) {
  auto with = server_of(url);
  if (!with)
    return std::move(with).error();
  return reading{*std::move(with), clock::now() + timeout}.run();
}

} // namespace cm::http
