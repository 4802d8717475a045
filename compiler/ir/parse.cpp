#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstring>
#include <limits>

#include <fmt/format.h>

#include "compiler/ir/graph.hpp"
#include "compiler/support/diagnostics.hpp"

namespace inferc {
namespace {

// The characters of the text form with a position for messages.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  [[noreturn]] void fail(const std::string& expected) const {
    const std::size_t line = 1 + static_cast<std::size_t>(std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(at_), '\n'));
    throw UserError(fmt::format("graph text, line {}: expected {} before '{}'", line, expected, escape(text_.substr(at_, 20))));
  }
  bool accept(std::string_view token) {
    skip_space();
    if (!text_.substr(at_).starts_with(token)) return false;
    const bool word = std::isalpha(static_cast<unsigned char>(token[0])) != 0;
    if (word && at_ + token.size() < text_.size() && is_word(text_[at_ + token.size()])) return false;
    at_ += token.size();
    return true;
  }
  void expect(std::string_view token) {
    if (!accept(token)) fail("'" + std::string(token) + "'");
  }
  bool peek(char c) {
    skip_space();
    return at_ < text_.size() && text_[at_] == c;
  }
  std::string word() {
    skip_space();
    const std::size_t begin = at_;
    while (at_ < text_.size() && (is_word(text_[at_]) || text_[at_] == '.')) ++at_;
    if (at_ == begin) fail("a word");
    return std::string(text_.substr(begin, at_ - begin));
  }
  // Up to one of `ends`, which is not taken.
  std::string_view until(std::string_view ends) {
    skip_space();
    const std::size_t begin = at_;
    int depth = 0;
    while (at_ < text_.size() && (depth > 0 || ends.find(text_[at_]) == ends.npos)) {
      depth += text_[at_] == '(' ? 1 : text_[at_] == ')' ? -1 : 0;
      ++at_;
    }
    return text_.substr(begin, at_ - begin);
  }
  std::string quoted() {
    expect("\"");
    std::string out;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] == '\\' && at_ + 3 < text_.size()) {
        int byte = 0;
        std::from_chars(text_.data() + at_ + 2, text_.data() + at_ + 4, byte, 16);
        out += static_cast<char>(byte);
        at_ += 4;
      } else {
        out += text_[at_++];
      }
    }
    expect("\"");
    return out;
  }
  // The longest run of characters that numbers are made of.
  std::string number() {
    skip_space();
    const std::size_t begin = at_;
    while (at_ < text_.size() && (is_word(text_[at_]) || text_[at_] == '.' || text_[at_] == '-' || text_[at_] == '+')) ++at_;
    if (at_ == begin) fail("a number");
    return std::string(text_.substr(begin, at_ - begin));
  }
  template <class T>
  T value() {
    return convert<T>(number());
  }
  template <class T>
  T convert(const std::string& token) {
    if constexpr (std::is_floating_point_v<T>) {
      if (token == "nan") return std::numeric_limits<T>::quiet_NaN();
      if (token == "inf" || token == "-inf") return token[0] == '-' ? -std::numeric_limits<T>::infinity() : std::numeric_limits<T>::infinity();
    }
    T out{};
    const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), out);
    if (error != std::errc() || end != token.data() + token.size()) fail("a number instead of " + token);
    return out;
  }

 private:
  static bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }
  void skip_space() {
    for (;;) {
      while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
      if (!text_.substr(at_).starts_with("//")) return;
      while (at_ < text_.size() && text_[at_] != '\n') ++at_;
    }
  }
  std::string_view text_;
  std::size_t at_ = 0;
};

void read_elements(Scanner& s, Tensor& t) {
  by_storage(t.dtype(), [&]<class T>(std::type_identity<T>) {
    for (std::size_t i = 0; i < t.size(); ++i) {
      if (i) s.expect(",");
      t.as<T>()[i] = s.value<T>();
    }
  });
}

class Parser {
 public:
  Parser(std::string_view text, const std::vector<Tensor>& constants) : s_(text), constants_(constants) {}

  std::unique_ptr<Graph> run() { return graph(std::make_shared<Symbols>()); }

 private:
  using Names = std::map<std::string, Value*>;

  std::unique_ptr<Graph> graph(std::shared_ptr<Symbols> symbols) {
    auto g = std::make_unique<Graph>(std::move(symbols));
    Names names;
    s_.expect("graph");
    g->name = s_.quoted();
    s_.expect("{");
    while (s_.accept("symbol")) symbol(*g);
    while (s_.accept("measured")) {
      const std::string name = s_.word();
      s_.expect(":");
      g->symbols().measure(name, parse_dim(s_.until("\n")));
    }
    while (!s_.accept("return")) statement(*g, names);
    std::vector<Value*> outputs;
    while (!s_.peek('}')) {
      if (!outputs.empty()) s_.expect(",");
      outputs.push_back(reference(names));
    }
    s_.expect("}");
    g->set_outputs(std::move(outputs));
    return g;
  }

  void symbol(Graph& g) {
    const std::string name = s_.word();
    s_.expect(":");
    const std::string range = s_.word();
    const std::size_t dots = range.find("..");
    if (dots == range.npos) s_.fail("LO..HI");
    const Bounds bounds{s_.convert<std::int64_t>(range.substr(0, dots)), s_.convert<std::int64_t>(range.substr(dots + 2))};
    g.symbols().declare(name, bounds);
  }

  struct Definition {
    std::string key, name;
    std::optional<Type> type;
    bool omitted = false;
  };

  void statement(Graph& g, Names& names) {
    std::vector<Definition> outs;
    do outs.push_back(definition());
    while (s_.accept(","));
    s_.expect("=");
    if (s_.accept("input")) {
      if (!outs[0].type) s_.fail("the type of an input");
      names[outs[0].key] = g.add_input(outs[0].name, *outs[0].type);
    } else if (s_.accept("constant")) {
      names[outs[0].key] = g.add_constant(constant(), outs[0].name);
    } else {
      node(g, names, outs);
    }
  }

  Definition definition() {
    Definition d;
    if (s_.accept("_")) {
      d.omitted = true;
      return d;
    }
    s_.expect("%");
    d.key = s_.word();
    if (s_.peek('"')) d.name = s_.quoted();
    if (s_.accept(":")) d.type = type();
    return d;
  }

  Type type() {
    const auto dtype = dtype_from_short_name(s_.word());
    if (!dtype) s_.fail("an element type");
    Type t{*dtype, {}};
    s_.expect("[");
    while (!s_.peek(']')) {
      if (!t.shape.empty()) s_.expect(",");
      t.shape.push_back(parse_dim(s_.until(",]")));
    }
    s_.expect("]");
    return t;
  }

  Tensor constant() {
    if (!s_.accept("#")) return tensor();
    const auto k = s_.value<std::size_t>();
    if (k >= constants_.size()) s_.fail("the number of a given constant");
    return constants_[k];
  }

  Tensor tensor() {
    const Type t = type();
    std::vector<std::int64_t> shape;
    for (const Dim& d : t.shape) shape.push_back(d.constant().value_or(-1));
    Tensor out(t.dtype, shape);
    s_.expect("{");
    read_elements(s_, out);
    s_.expect("}");
    return out;
  }

  Value* reference(const Names& names) {
    if (s_.accept("_")) return nullptr;
    s_.expect("%");
    const std::string key = s_.word();
    const auto at = names.find(key);
    if (at == names.end()) s_.fail("a defined value instead of %" + key);
    return at->second;
  }

  void node(Graph& g, Names& names, const std::vector<Definition>& outs) {
    const std::string full = s_.word();
    const std::size_t dot = full.rfind('.');
    s_.expect("(");
    std::vector<Value*> inputs;
    for (bool first = true; !s_.peek(')'); first = false) {
      if (!first) s_.expect(",");
      inputs.push_back(reference(names));
    }
    s_.expect(")");
    Node* n = g.add_node(dot == full.npos ? full : full.substr(dot + 1), std::move(inputs), 0);
    if (dot != full.npos) n->domain = full.substr(0, dot);
    for (const Definition& d : outs) {
      n->outputs.push_back(d.omitted ? nullptr : g.new_value(d.name, d.type));
      if (d.omitted) continue;
      n->outputs.back()->producer = n;
      names[d.key] = n->outputs.back();
    }
    decorations(*n);
  }

  void decorations(Node& n) {
    if (s_.accept("{")) {
      do {
        const std::string key = s_.quoted();
        s_.expect("=");
        n.attributes[key] = attribute();
      } while (s_.accept(","));
      s_.expect("}");
    }
    if (s_.accept("name")) n.name = s_.quoted();
    if (s_.accept("opset")) n.opset = s_.value<int>();
    if (s_.accept("from")) n.origins = list<std::string>([&] { return s_.quoted(); });
    if (s_.accept("measures")) n.measures = list<std::string>([&] { return s_.quoted(); });
    while (s_.accept("region")) {
      Region r{s_.quoted(), nullptr, 0};
      s_.expect("captures");
      r.captures = s_.value<std::size_t>();
      r.graph = graph(n.graph->shared_symbols());
      n.regions.push_back(std::move(r));
    }
  }

  template <class T, class F>
  std::vector<T> list(F element) {
    std::vector<T> out;
    s_.expect("[");
    while (!s_.peek(']')) {
      if (!out.empty()) s_.expect(",");
      out.push_back(element());
    }
    s_.expect("]");
    return out;
  }

  Attribute attribute() {
    if (s_.peek('"')) return s_.quoted();
    if (s_.accept("ints")) return list<std::int64_t>([&] { return s_.value<std::int64_t>(); });
    if (s_.accept("floats")) return list<float>([&] { return s_.value<float>(); });
    if (s_.accept("strings")) return list<std::string>([&] { return s_.quoted(); });
    if (s_.accept("tensor")) return tensor();
    const std::string token = s_.number();
    const bool whole = token.find_first_not_of("-0123456789") == token.npos;
    if (whole) return s_.convert<std::int64_t>(token);
    return s_.convert<float>(token);
  }

  Scanner s_;
  const std::vector<Tensor>& constants_;
};

}  // namespace

std::unique_ptr<Graph> parse_graph(std::string_view text, const std::vector<Tensor>& constants) { return Parser(text, constants).run(); }

}  // namespace inferc
