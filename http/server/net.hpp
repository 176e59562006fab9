// The socket types of this module: Asio's, with the io_context's executor instead of a type-erased one.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/wait_traits.hpp>

#include <chrono>

namespace cm::http {

namespace net = boost::asio;

using tcp = net::ip::tcp;
using executor_type = net::io_context::executor_type;
using tcp_socket = net::basic_stream_socket<tcp, executor_type>;
using tcp_acceptor = net::basic_socket_acceptor<tcp, executor_type>;
using steady_timer =
  net::basic_waitable_timer<std::chrono::steady_clock, net::wait_traits<std::chrono::steady_clock>, executor_type>;

} // namespace cm::http
