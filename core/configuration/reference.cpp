#include "core/configuration/configuration.hpp"
#include "core/configuration/rules.hpp"
#include "core/configuration/schema.hpp"
#include "core/configuration/text.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace cm::core::configuration {

namespace {

constexpr std::string_view introduction = R"(# Configuration

<!-- Made by cm_configuration_reference from the schema in core/configuration. Do not edit. -->

`cm check-config` reads the configuration as `cm serve` does, prints the warnings and the value of every key with the
place that it came from, and ends with status 0, or with 78 and every error.

## Where a value comes from

1. An environment variable.
2. The configuration file, which `APP_CONFIG_PATH` names.
3. The default.

A value that is empty, in the environment or in the file, counts as not set.

### The file

The file is YAML in UTF-8, one document, at most 1 MB, 32 levels and 512 bytes for a key; anchors, aliases and tags are
refused. An empty file is valid, a missing one is not. Nested maps and dotted keys mean the same, also mixed, and case,
`-` and `_` make no difference in a key (but do in the parts that are yours, such as a logger or an application):

```yaml
server:
  port: 80
kaa.cm:
  ep-token.length: 12
```

A key that is there twice is an error; an unknown key is a warning that names the nearest known one.

### The environment

The variable of a key is the key in upper case, with `_` for `.`, and `_` or nothing for `-`:
`kaa.cm.ep-token.length` is `KAA_CM_EP_TOKEN_LENGTH` or `KAA_CM_EPTOKEN_LENGTH`. Two variables that mean one key and
have different values are an error. Families of keys:

| Variable | Key |
|---|---|
| `ENDPOINTS_HEALTH_MAPPING_<STATUS>` | `endpoints.health.mapping.<STATUS>` |
| `LOGGING_LEVEL_<LOGGER>` | `logging.level.<logger>`, in lower case with `.` for `_` |

`kaa.applications` and `security.oauth2.resource-server.scopes` can only be set in the file, because a variable cannot
tell the characters of their names apart. A port variable that begins with `tcp://` or `udp://` is Kubernetes'
description of a service and is ignored with a warning.

### Secrets

Each secret, and each user name, can also come from a file: the variable with `_FILE` at its end names it
(`MARIADB_PASSWORD_FILE`). The file has at most 64 KB; one line end at its end is cut off. Both forms at once are an
error. Secrets from the environment and from such files are taken as they are, without placeholders. A secret in the
configuration file is accepted with a warning. No message shows the value of a secret.

### Placeholders

`${NAME}` in a value is replaced by the environment variable `NAME`, or else by the value of the key `NAME`;
`${NAME:default}` by the default where there is neither. Defaults may hold placeholders. A placeholder that leads to
itself, or to nothing without a default, is an error.

## Values

| Type | Written as |
|---|---|
| switch | `true`, `yes`, `on`, `1`; `false`, `no`, `off`, `0` |
| number | decimal, without leading zeros |
| duration | `500ms`, `10s`, `5m`, `1h`, `7d`; a bare number is seconds |
| size | `512KB`, `64MB`, `1GB` (powers of 1024); a bare number is bytes |
| level | `TRACE`, `DEBUG`, `INFO`, `WARN`, `ERROR`, `OFF` in any case |
| HTTP status | name or number from 200 to 599: `SERVICE_UNAVAILABLE`, `503` |
| readable file | path of a file that is there when CM starts |

)";

constexpr std::string_view before_tables = R"(## Keys

Mark: **K** is fixed by the platform, **X** is CM's own. Availability: a key that comes **later** is accepted, and a
warning says that it is without effect; where going on without it would be unsafe (**refused**), CM does not start.

)";

constexpr std::string_view ending = R"(## The JDBC URL

`jdbc:mariadb://host:port/database?name=value&…`; `jdbc:mysql:` means the same. Several hosts are separated by commas and
tried in their order: `jdbc:mariadb:sequential://a,b:3307/cm`. The modes `loadbalance`, `failover` and `replication` are
accepted with a warning and mean `sequential`. An IPv6 address stands in brackets; a host may be written
`address=(host=a)(port=3306)`. The port is 3306 where none is given; the database must be named.

| Parameter | Meaning |
|---|---|
| `sslMode` | `disable`, `trust` (encrypted, nothing checked), `verify-ca`, `verify-full`; MySQL's `REQUIRED`, `VERIFY_CA`, `VERIFY_IDENTITY` too |
| `useSsl`, `useSSL` | `true` is `verify-full`, with `trustServerCertificate=true` `trust`, with `disableSslHostnameVerification=true` `verify-ca` |
| `serverSslCert` | path of a PEM file with the authorities of the server's certificate |
| `connectTimeout`, `socketTimeout` | milliseconds, at least 1; not given: 5000 and 10000 |
| `user`, `password` | accepted with a warning; the keys win over them |

Every other parameter is ignored with a warning.

## Memory

`-Xmx` in `JAVA_OPTIONS` is the memory budget, at least 2 MB. Where `kaa.cm.cache.max-size` is not set, the cache may take
half of it.

## Errors

All wrong values are reported at once, each in one line with its file and line, or its variable:

```
/srv/cm/service-config.yml:12: server.port: found "70000", expected a port number from 1 to 65535
environment KAA_CM_EP_TOKEN_LENGTH: found "ten", expected a whole number from 8 to 255
```

| Exit status | When |
|---|---|
| 0 | stopped on request, or the configuration is right |
| 64 | wrong command line |
| 69 | gave up after too many restarts |
| 77 | license refused |
| 78 | wrong configuration |
)";

static_assert(cache_share == 2, "the text above says so");

std::string code(std::string_view text) {
  return "`" + std::string(text) + "`";
}

std::string type_text(const property& row) {
  using enum value_type;
  if (row.masked)
    return "secret";
  switch (row.type) {
  case text:
    return "text";
  case boolean:
    return "switch";
  case port:
    return "port";
  case integer:
    return "number";
  case duration:
    return "duration";
  case value_type::size:
    return "size";
  case choice:
    return "choice";
  case log_level:
    return "level";
  case http_status:
    return "HTTP status";
  case instance_name:
    return "service instance";
  case path:
    return "path";
  case readable_file:
    return "readable file";
  case web_url:
    return "URL";
  case value_type::nats_urls:
    return "NATS URLs";
  case value_type::jdbc_url:
    return "JDBC URL";
  case value_type::java_options:
    return "Java options";
  case application:
    return "map";
  }
  return {};
}

std::string bounds_text(const property& row) {
  constexpr auto no_limit = std::numeric_limits<std::int64_t>::max();
  std::string (*show)(std::int64_t) = nullptr;
  switch (row.type) {
  case value_type::port:
    return "1 to 65535";
  case value_type::instance_name:
    return "visible ASCII without `.`, `*`, `>`";
  case value_type::application:
    return "`a-z 0-9 - _`";
  case value_type::integer:
    show = [](std::int64_t n) { return std::to_string(n); };
    break;
  case value_type::duration:
    show = [](std::int64_t ms) { return to_text(std::chrono::milliseconds{ms}); };
    break;
  case value_type::size:
    show = size_to_text;
    break;
  case value_type::choice: {
    std::string words;
    for (const auto word : row.choices) {
      if (!word.empty())
        words += (words.empty() ? "" : ", ") + code(word);
    }
    return words;
  }
  default:
    return {};
  }
  return row.most == no_limit ? "from " + show(row.least) : show(row.least) + " to " + show(row.most);
}

std::string availability_text(const property& row) {
  switch (row.availability) {
  case availability::now:
    return "now";
  case availability::later:
    return "later";
  case availability::later_refused:
    return "later, refused";
  }
  return {};
}

std::string key_text(const property& row) {
  if (row.key.empty())
    return "–";
  auto result = code(row.wildcard_shape.empty() ? std::string(row.key)
                                                : std::string(row.key) + "." + std::string(row.wildcard_shape));
  if (!row.aliases[0].empty())
    result += ", " + code(row.aliases[0]);
  return result;
}

// One spelling of the key and the variables of the platform; the other spellings follow from the rule above.
std::string variables_text(const property& row) {
  if (row.family != wildcard::none) {
    const auto prefix = variable_prefix_of(row);
    return prefix.empty() ? "–" : code(prefix + to_upper(row.wildcard_shape));
  }
  const auto& all = variables_of(row);
  auto result = code(all.front());
  if (!row.variables[0].empty() && !row.key.empty())
    result += ", " + code(all[1]);
  if (row.file_variable)
    result += ", " + code(all.front() + "_FILE");
  return result;
}

std::string default_text(const property& row) {
  if (!row.default_note.empty())
    return std::string(row.default_note);
  return row.default_value.empty() ? "–" : code(row.default_value);
}

std::string row_text(const property& row) {
  const std::array cells{key_text(row),          variables_text(row),
                         type_text(row),         default_text(row),
                         bounds_text(row),       std::string(row.mark == mark::platform ? "K" : "X"),
                         availability_text(row), std::string(row.description)};
  std::string result = "|";
  for (const auto& cell : cells)
    result += cell.empty() ? " |" : " " + cell + " |";
  return result + "\n";
}

} // namespace

std::string reference_markdown() {
  std::string result{introduction};
  result += before_tables;
  std::string_view group;
  for (const auto* row : schema()) {
    if (row->group != group) {
      group = row->group;
      result += (result.ends_with("|\n") ? "\n### " : "### ") + std::string(group) + "\n\n"
                + "| Key | Environment | Type | Default | Bounds | Mark | Available | Meaning |\n"
                  "|---|---|---|---|---|---|---|---|\n";
    }
    result += row_text(*row);
  }
  result += "\n";
  result += ending;
  return result;
}

} // namespace cm::core::configuration
