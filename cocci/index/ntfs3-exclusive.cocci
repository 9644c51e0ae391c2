// SPDX-License-Identifier: GPL-2.0
//
// ntfs3's own exceptions: functions that have no context and need none, because no
// shared folio comes their way.
//
//   attr_data_read_resident	not uptodate, or locked for writing
//   attr_data_write_resident	being written back, or locked for writing
//   ni_write_frame			locked for writing
//   attr_wof_frame_info		allocated for itself, in no page cache
//
// Leaves: all other functions.

@@
identifier fn = { attr_data_read_resident, attr_data_write_resident };
struct folio *F;
@@
 fn(...)
 {
 <...
- F->index
+ folio_index_excl(F)
 ...>
 }

@@
struct folio *F;
expression E;
@@
 attr_wof_frame_info(...)
 {
 <...
 E !=
- F->index
+ folio_index_excl(F)
 ...>
 }

@@
type T;
struct page **P;
expression N;
@@
 ni_write_frame(...)
 {
 <...
- (T)P[N]->index
+ (T)folio_index_excl(page_folio(P[N]))
 ...>
 }
