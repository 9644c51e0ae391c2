// SPDX-License-Identifier: GPL-2.0
//
// netfs's own exceptions: functions that have no index and need none, because no
// shared folio comes their way.
//
//   netfs_consume_read_data		 folios of a read request: locked, not uptodate
//   netfs_pgpriv2_write_to_the_cache	 marked with PG_private_2 when they were read
//   netfs_pgpriv2_copy_folio		 the same
//   netfs_pgpriv2_unlock_copied_folios	 the same
//   netfs_writeback_unlock_folios	 folios of a write request: under writeback
//
// Does: folioq_folio() is a folio of the request, whose type spatch does not know.
// Leaves: all other functions.

@@
identifier fn = { netfs_consume_read_data, netfs_pgpriv2_write_to_the_cache,
		  netfs_pgpriv2_copy_folio, netfs_pgpriv2_unlock_copied_folios,
		  netfs_writeback_unlock_folios };
struct folio *F;
expression Q, S;
@@
 fn(...)
 {
 <...
(
- folioq_folio(Q, S)->index
+ folio_index_excl(folioq_folio(Q, S))
|
- F->index
+ folio_index_excl(F)
|
- folio_pos(F)
+ folio_pos_excl(F)
)
 ...>
 }
