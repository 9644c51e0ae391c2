// SPDX-License-Identifier: GPL-2.0
//
// nilfs2's own exceptions: functions that have no context and need none, because no
// shared folio comes their way.
//
//   nilfs_btnode_delete	a B-tree node: metadata, with buffers
//   __nilfs_clear_folio_dirty	locked, and dirty or with buffers
//   nilfs_end_folio_io		under writeback, or a dirty B-tree node
//   nilfs_folio_bug		B-tree nodes and dirty folios of the DAT: metadata
//
// Leaves: all other functions.

@@
identifier fn = { nilfs_btnode_delete, __nilfs_clear_folio_dirty, nilfs_end_folio_io,
		  nilfs_folio_bug };
struct folio *F;
@@
 fn(...)
 {
 <...
- F->mapping
+ folio_mapping_excl(F)
 ...>
 }
