#pragma once
#include <filesystem>

namespace inferc::test {

[[nodiscard]] std::filesystem::path source_dir();
[[nodiscard]] std::filesystem::path shared_dir();                          // models and data beside the checkout; may be absent
[[nodiscard]] std::filesystem::path scratch_dir(const std::string& name);  // new and empty

}  // namespace inferc::test
