#include "compiler/cli/peer.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

#include <fmt/format.h>

#include "compiler/support/mapped_file.hpp"

namespace inferc::cli {
namespace {

Tensor copy(const Tensor& t) {
  Tensor out(t.dtype(), t.shape());
  if (!t.bytes().empty()) std::memcpy(out.bytes().data(), t.bytes().data(), t.bytes().size());
  return out;
}

std::vector<ort::Buffer> buffers(std::vector<Tensor>& tensors) {
  static std::byte nothing[64];
  std::vector<ort::Buffer> out;
  for (Tensor& t : tensors) {
    const auto bytes = t.bytes();
    out.push_back({t.dtype(), t.shape(), bytes.empty() ? nothing : bytes.data(), bytes.size()});
  }
  return out;
}

std::unique_ptr<ort::Session> session_of(const ort::Library& library, const PeerModel& model, const ort::Options& options) {
  if (model.part.empty()) return std::make_unique<ort::Session>(library, model.file, options);
  return std::make_unique<ort::Session>(library, std::as_bytes(std::span(model.part)), options);
}

}  // namespace

PeerModel peer_model(const Front& front, const ModelArguments& a) {
  if (!front.part) return {a.model, {}, front.assumed};
  const MappedFile file(a.model);
  return {a.model, onnx::file_of_part(file.bytes(), *front.part), front.assumed};
}

Peer::Peer(const ort::Library& library, const PeerModel& model, ort::Optimization level, const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs)
    : session_(session_of(library, model, {level, 1})) {
  bind(inputs, outputs);
}

void Peer::bind(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs) {
  inputs_.clear();
  outputs_.clear();
  for (const Tensor& t : inputs) inputs_.push_back(copy(t));
  for (const Tensor& t : outputs) outputs_.emplace_back(t.dtype(), t.shape());
  session_->bind(buffers(inputs_), buffers(outputs_));
}

SymbolValues parse_sizes(const Signature& signature, const std::vector<std::string>& options) {
  SymbolValues out;
  for (const std::string& option : options) {
    const std::size_t equals = std::min(option.rfind('='), option.size());
    const std::string name = option.substr(0, equals);
    std::int64_t value = -1;
    const char* const begin = option.data() + std::min(equals + 1, option.size());
    const char* const end = option.data() + option.size();
    const auto [stop, error] = std::from_chars(begin, end, value);
    if (error != std::errc() || stop != end || value < 0) throw UsageError(fmt::format("--at {}: no size", escape(option)), "--at SYM=N");
    const Symbol* s = signature.symbols.find(name);
    if (!s) throw UsageError(fmt::format("--at: the model has no open symbol '{}'", escape(name)), "`inferc inspect` lists them");
    if (value < s->bounds.lower || value > s->bounds.upper)
      throw UserError(fmt::format("--at {}: the bounds are {}..{}", escape(option), s->bounds.lower, s->bounds.upper), "--dim SYM=LO..HI");
    out[name] = value;
  }
  return out;
}

}  // namespace inferc::cli
