// SPDX-License-Identifier: GPL-2.0
//
// erofs's own exceptions: functions that have no context and need none, because no
// shared folio comes their way.
//
//   z_erofs_fill_bio_vec	a folio of the managed cache, which is metadata, or one
//				of a file that is locked and not uptodate; the managed
//				cache is not the context of the latter
//   z_erofs_page_is_invalidated	a page of compressed data: of the managed cache, or
//				of a file while it is not uptodate
//
// Does: the value of a function can not be given to READ_ONCE().
//
// Leaves: all other functions.

@@
struct folio *F;
@@
 z_erofs_fill_bio_vec(...)
 {
 <...
- READ_ONCE(F->mapping)
+ folio_mapping_excl(F)
 ...>
 }

@@
expression P;
@@
 z_erofs_page_is_invalidated(...)
 {
 <...
- page_folio(P)->mapping
+ folio_mapping_excl(page_folio(P))
 ...>
 }
