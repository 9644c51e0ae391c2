// SPDX-License-Identifier: GPL-2.0
//
// Contexts that the driver must not guess: in mm the folio itself tells.
//
//   replace_page_cache_folio	the folio is locked and about to be replaced by its owner
//
// Leaves: all other functions.

@@
@@
 replace_page_cache_folio(...)
 {
 <...
- CTX_MAP
+ mapping
 ...>
 }
