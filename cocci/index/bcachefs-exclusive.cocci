// SPDX-License-Identifier: GPL-2.0
//
// bcachefs's own exceptions: functions that have no context and need none, because no
// shared folio comes their way.
//
//   bch2_mark_pagecache_unallocated, bch2_mark_pagecache_reserved,
//   bch2_seek_pagecache_data	 walk batches, in which shared folios are; these have
//				 no bch_folio and so nothing to mark or find: skipped
//   folio_hole_offset		 behind a lookup that locks
//   __bch2_buffered_write	 behind a lookup that locks, for a write
//   bch2_filemap_get_contig_folios_d  is the lookup of __bch2_buffered_write()
//   __bch2_truncate_folio	 behind a lookup that locks, for truncation
//   __bch2_writepage		 locked, and it was dirty
//   bch2_set_folio_dirty	 locked for writing
//   folio_end_pos, folio_sector, folio_pos_to_s  of all these, of folios that are being
//				 read and not uptodate, of folios with a bch_folio, and
//				 in bch2_write_begin() behind its lookup
//
// Leaves: all other functions.

@@
identifier fn = { bch2_mark_pagecache_unallocated, bch2_mark_pagecache_reserved,
		  bch2_seek_pagecache_data };
identifier F, B, I;
@@
 fn(...)
 {
 <...
 struct folio *F = B.folios[I];
+	if (folio_is_wp(F)) /* has no bch_folio */
+		continue;
 ...>
 }

@@
identifier fn = { bch2_seek_pagecache_data, folio_hole_offset, __bch2_buffered_write,
		  bch2_filemap_get_contig_folios_d, __bch2_truncate_folio,
		  __bch2_writepage, bch2_set_folio_dirty, folio_end_pos,
		  folio_sector, folio_pos_to_s };
struct folio *F;
expression E;
@@
 fn(...)
 {
 <...
(
- folio_pos(F)
+ folio_pos_excl(F)
|
- folio_pos(darray_first(E))
+ folio_pos_excl(darray_first(E))
)
 ...>
 }
