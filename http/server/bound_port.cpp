#include "http/server/bound_port.hpp"

#include "http/server/net.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/socket_base.hpp>

#include <cerrno>
#include <system_error>
#include <unistd.h>

namespace cm::http {

namespace {

using boost::system::error_code;

error_code bind_to(tcp_acceptor& socket, const tcp::endpoint& endpoint, bool dual_stack) {
  error_code ec;
  socket.open(endpoint.protocol(), ec);
  if (ec)
    return ec;
  socket.set_option(net::socket_base::reuse_address(true), ec);
  if (!ec && endpoint.protocol() == tcp::v6())
    socket.set_option(net::ip::v6_only(!dual_stack), ec);
  if (!ec)
    socket.bind(endpoint, ec);
  if (ec) {
    error_code ignored;
    socket.close(ignored);
  }
  return ec;
}

bool no_such_family(error_code ec) noexcept {
  return ec == net::error::address_family_not_supported || ec == boost::system::errc::address_not_available
         || ec == boost::system::errc::protocol_not_supported;
}

} // namespace

core::error cannot_listen(const std::string& address, std::uint16_t port, int number) {
  core::errc code = core::errc::unavailable;
  if (number == EADDRINUSE)
    code = core::errc::conflict;
  else if (number == EACCES || number == EPERM)
    code = core::errc::forbidden;
  return core::make_error(code, "cannot listen on port " + std::to_string(port) + " of "
                                  + (address.empty() ? std::string{"all addresses"} : address) + ": "
                                  + std::generic_category().message(number));
}

core::expected<bound_port> bound_port::open(const std::string& address, std::uint16_t port) {
  net::io_context io{1}; // only owns the socket until release()
  tcp_acceptor socket{io.get_executor()};
  error_code ec;
  if (address.empty()) {
    ec = bind_to(socket, {tcp::v6(), port}, true);
    if (no_such_family(ec))
      ec = bind_to(socket, {tcp::v4(), port}, false);
  } else {
    const auto parsed = net::ip::make_address(address, ec);
    if (ec)
      return core::make_error(core::errc::invalid, "not an IP address: " + address);
    ec = bind_to(socket, {parsed, port}, parsed.is_v6() && parsed.is_unspecified());
  }
  if (ec)
    return cannot_listen(address, port, ec.value());
  const auto local = socket.local_endpoint(ec);
  return bound_port{socket.release(), local.port(), local.protocol() == tcp::v6()};
}

bound_port::~bound_port() {
  if (descriptor_ >= 0)
    ::close(descriptor_);
}

} // namespace cm::http
