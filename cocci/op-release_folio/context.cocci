// SPDX-License-Identifier: GPL-2.0
//
// Contexts that the driver must not guess: in mm the folio itself tells.
//
//   filemap_release_folio	the folio has private data; a shared one has none
//
// Leaves: all other functions.

@@
@@
 filemap_release_folio(...)
 {
 <...
- CTX_MAP
+ mapping
 ...>
 }
