#pragma once
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace inferc {

using Hole = std::pair<std::string_view, std::string>;

// A template with its $holes$ filled. The margin of the first line is taken off every line; a hole that stands alone on
// its line takes a text of many lines at its own indentation, and no line at all if the text is empty. A hole without
// value is an internal error.
[[nodiscard]] std::string fill(std::string_view text, std::initializer_list<Hole> holes = {});

}  // namespace inferc
