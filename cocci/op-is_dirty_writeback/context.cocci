// SPDX-License-Identifier: GPL-2.0
//
// Contexts that the driver must not guess: in mm the folio itself tells.
//
//   folio_check_dirty_writeback	the folio has private data; a shared one has none
//
// Leaves: all other functions.

@@
@@
 folio_check_dirty_writeback(...)
 {
 <...
- CTX_MAP
+ mapping
 ...>
 }
