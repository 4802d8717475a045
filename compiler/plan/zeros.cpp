#include "compiler/plan/zeros.hpp"

namespace inferc {

const char* zeros_text(Call::Rows without_zeros) {
  switch (without_zeros) {
    case Call::Rows::none:
      break;
    case Call::Rows::few:
      return "left out for a few rows";
    case Call::Rows::many:
      return "left out for many rows";
    case Call::Rows::all:
      return "left out";
  }
  return "kept";
}

}  // namespace inferc
