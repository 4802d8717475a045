#pragma once
#include "tests/support/onnx_writer.hpp"

namespace inferc::test {

// Rows of x [n, 64] by their first element: a layer of its own for 1, 2 and 3, else 0. Gives them, and their sum over the rows under
// the name `sum`.
[[nodiscard]] ModelSpec heads_by_type(const std::string& rows, const std::string& sum);

}  // namespace inferc::test
