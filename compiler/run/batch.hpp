#pragma once
#include <filesystem>
#include <span>
#include <string>

namespace inferc {

// Merges compiled models, one in each of `folders` with names of their own, into one manifest `name` in the new folder
// `to`: sources of equal role and flags become one source. Building it gives a library with the C twin
// of every model; the weights stay where they are.
void merge_models(std::span<const std::filesystem::path> folders, const std::filesystem::path& to, const std::string& name);

}  // namespace inferc
