// SPDX-License-Identifier: GPL-2.0
//
// JFS's own exceptions: functions that have no context and need none, because no
// shared folio comes their way.
//
//   remove_metapage	metadata, has private data
//   metapage_write_one,
//   metapage_write_folio	metadata, has private data
//   last_write_complete	writeback ends
//
// Leaves: all other functions.

@@
identifier fn = { remove_metapage, metapage_write_one, metapage_write_folio,
		  last_write_complete };
struct folio *F;
@@
 fn(...)
 {
 <...
- F->mapping
+ folio_mapping_excl(F)
 ...>
 }
