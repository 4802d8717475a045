#pragma once
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/ir/tensor.hpp"
#include "compiler/run/signature.hpp"
#include "compiler/support/npy.hpp"

namespace inferc {

// NumPy's type string for elements of this type as stored in files: types that NumPy lacks are unsigned integers of
// the same width, 4- and 2-bit integers int8 or uint8.
[[nodiscard]] std::string_view numpy_type(DType dtype);

// The array as a tensor of the type `wanted` where the array's type is the one that stands for it (also ml_dtypes'
// void types), else of its own type. Throws UserError for a type no tensor has.
[[nodiscard]] Tensor to_tensor(const NpyArray& array, DType wanted, std::string_view where);
[[nodiscard]] Tensor read_npy(const std::filesystem::path& path, DType wanted = DType::undefined);
[[nodiscard]] std::string npy_file(const Tensor& tensor);

// Reads a serialised TensorProto.
using ProtoReader = std::function<Tensor(const std::filesystem::path&)>;

// The inputs of a model from a folder (input_K.npy, input_K.pb or NAME.npy) or an .npz file (keys input_K or NAME):
// by position when input_0 is there, else by name; a name that is no safe file name goes by position. Throws UserError
// naming every input that is missing.
[[nodiscard]] std::vector<Tensor> read_inputs(const std::filesystem::path& where, std::span<const NamedType> ports, const ProtoReader& read_proto);

// Writes output_K.npy for each tensor.
void write_outputs(const std::filesystem::path& folder, std::span<const Tensor> outputs);

// A name that can be a file name on its own: not empty, "." or "..", no '/', '\' or control character, at most 200 bytes.
[[nodiscard]] bool is_safe_file_name(std::string_view name);

}  // namespace inferc
