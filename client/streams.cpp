#include "client/streams.hpp"

#include "client/import_tally.hpp"
#include "client/input.hpp"
#include "client/output.hpp"
#include "client/progress.hpp"
#include "client/rendering.hpp"
#include "client/rest_calls.hpp"
#include "core/base/exit_status.hpp"

#include <algorithm>
#include <iostream>
#include <unistd.h>

namespace cm::client {

namespace {

constexpr int failed = core::to_int(core::exit_status::failed);

int refuse(const http::client_response& got) {
  std::cerr << render_problem(got);
  return failed;
}

int unwritable(const output& out) {
  std::cerr << "cm: " << out.error() << '\n';
  return failed;
}

} // namespace

int import_tokens(const invocation& of, const connection_settings& with) {
  auto from = input::open(of.operands.empty() ? "-" : of.operands.front());
  if (!from)
    return report(from.error());
  output out;
  progress_line progress;
  const bool same_terminal = ::isatty(STDOUT_FILENO) == 1;
  import_tally tally([&](std::string_view lines) {
    if (same_terminal)
      progress.hide();
    return out.write(lines);
  });
  const auto state = [&] { return progress_state{from->taken(), from->size(), tally.lines(), tally.failed(), {}}; };
  progress.show(state(), true);
  const auto got = exchange_streams(with, make_import_request(), *from, [&](std::string_view bytes) {
    const bool good = tally.feed(bytes);
    if (good)
      progress.show(state(), same_terminal);
    return good;
  });
  progress.hide();
  if (tally.is_broken()) {
    std::cerr << "cm: the response of " << with.url.authority << " does not contain the results of an import\n";
    return failed;
  }
  if (got && got->status != 200)
    return refuse(*got);
  if (got || tally.lines() > 0)
    std::cerr << "cm: " << tally.summary() << '\n';
  if (!out.error().empty())
    return unwritable(out);
  if (got)
    return tally.failed() > 0 ? failed : 0;
  const int status = report(got.error());
  std::cerr << "cm: the import is not complete; lines after the last result may have been imported or not, and may be "
               "sent again\n";
  return status;
}

int export_tokens(const invocation& of, const connection_settings& with) {
  const auto file = of.value("--file");
  auto out = file ? output::to_file(*file) : core::expected<output>{output{}};
  if (!out)
    return report(out.error());
  progress_line progress;
  progress_state state;
  const bool same_terminal = !file && ::isatty(STDOUT_FILENO) == 1;
  const auto got = receive(with, make_export_request(of), [&](std::string_view bytes) {
    state.lines += static_cast<std::uint64_t>(std::count(bytes.begin(), bytes.end(), '\n'));
    if (!same_terminal)
      progress.show(state);
    return out->write(bytes);
  });
  progress.hide();
  if (!out->error().empty())
    return unwritable(*out);
  if (!got)
    return report(got.error());
  if (got->status != 200)
    return refuse(*got);
  if (const auto done = out->finish(); !done) {
    std::cerr << "cm: " << done.error().message << '\n';
    return failed;
  }
  return 0;
}

} // namespace cm::client
