// SPDX-License-Identifier: GPL-2.0
//
// Contexts that the driver must not guess.
//
//   move_extent_per_page	has two indices; folio[0] is the original's
//
// Leaves: all other functions.

@@
@@
 move_extent_per_page(...)
 {
 <...
- CTX_IDX
+ orig_page_offset
 ...>
 }
