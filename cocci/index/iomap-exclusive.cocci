// SPDX-License-Identifier: GPL-2.0
//
// Functions that meet no shared folio: such a folio is uptodate, clean and has no
// private data.
//
//   ifs_find_dirty_range		dirty, locked for writeback
//   iomap_read_folio			not uptodate
//   iomap_write_begin, __iomap_write_begin  locked for writing
//   iomap_write_delalloc_ifs_punch, iomap_write_delalloc_punch  dirty
//   iomap_writepage_handle_eof, iomap_writepage_map  dirty, locked for writeback
//
// Leaves: all other functions.

@@
identifier fn = { ifs_find_dirty_range, iomap_read_folio, iomap_write_begin,
		  __iomap_write_begin, iomap_write_delalloc_ifs_punch,
		  iomap_write_delalloc_punch, iomap_writepage_handle_eof,
		  iomap_writepage_map };
struct folio *F;
@@
 fn(...)
 {
 <...
(
- F->index
+ folio_index_excl(F)
|
- folio_pos(F)
+ folio_pos_excl(F)
)
 ...>
 }
