// 128-bit integers, for products that are checked before they are stored in 64.
#pragma once

namespace weir {

__extension__ using Wide = __int128;

}  // namespace weir
