#include <kefu/http/server.hpp>
#include <kefu/http/with_field.hpp>

#include <algorithm>
#include <utility>

namespace kefu::http {
namespace {

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> segments;
  if (path.starts_with('/')) path.remove_prefix(1);
  while (true) {
    const auto slash = path.find('/');
    segments.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

bool is_parameter(std::string_view segment) { return segment.starts_with('{') && segment.ends_with('}'); }

bool matches(const std::vector<std::string>& pattern, const std::vector<std::string_view>& segments) {
  return std::ranges::equal(pattern, segments, [](const std::string& expected, std::string_view segment) {
    return is_parameter(expected) ? !segment.empty() : expected == percent_decode(segment);
  });
}

}  // namespace

void Router::add(std::string method, std::string pattern, RequestHandler handler) {
  Route route{std::move(method), {}, std::move(handler)};
  for (const auto segment : split(pattern)) route.segments.emplace_back(segment);
  const auto literal_first = [](const Route& a, const Route& b) {
    return std::ranges::lexicographical_compare(a.segments, b.segments, {}, is_parameter, is_parameter);
  };
  routes_.insert(std::ranges::upper_bound(routes_, route, literal_first), std::move(route));
}

const Router::Route* Router::find(std::string_view method,
                                  const std::vector<std::string_view>& segments) const {
  const auto route = std::ranges::find_if(routes_, [&](const Route& known) {
    return known.method == method && matches(known.segments, segments);
  });
  return route == routes_.end() ? nullptr : &*route;
}

std::string Router::allowed(const std::vector<std::string_view>& segments) const {
  std::string methods;
  for (const Route& route : routes_) {
    if (!matches(route.segments, segments)) continue;
    if (!methods.empty()) methods += ", ";
    methods += route.method == "GET" ? "GET, HEAD" : route.method;
  }
  return methods;
}

Task<void> Router::operator()(Exchange& exchange) const {
  const RequestHead& head = exchange.head();
  const bool encoded = !head.encoded_path.empty();
  const auto segments = split(encoded ? head.encoded_path : head.path);
  const Route* route = find(head.method, segments);
  if (route == nullptr && head.method == "HEAD") route = find("GET", segments);
  if (route != nullptr) {
    for (std::size_t i = 0; i < segments.size(); ++i) {
      const std::string_view pattern = route->segments[i];
      if (!is_parameter(pattern)) continue;
      head.path_parameters.insert_or_assign(std::string(pattern.substr(1, pattern.size() - 2)),
                                            encoded ? percent_decode(segments[i]) : std::string(segments[i]));
    }
    co_await route->handler(exchange);
    co_return;
  }
  std::string methods = allowed(segments);
  if (methods.empty()) {
    co_await on_error_(exchange, Error{Errc::not_found, "there is nothing at this path"});
    co_return;
  }
  std::string message = "this path takes " + methods;
  WithField refused(exchange, "Allow", std::move(methods));
  co_await on_error_(refused, Error{Errc::method_not_allowed, std::move(message)});
}

}  // namespace kefu::http
