// SPDX-License-Identifier: GPL-2.0
//
// nilfs2's own exceptions: functions that have no context and need none, because no
// shared folio comes their way.
//
//   nilfs_prepare_chunk, nilfs_commit_chunk	a directory
//   nilfs_bmap_data_get_key		a buffer's folio
//   nilfs_mdt_freeze_buffer, nilfs_mdt_get_frozen_buffer
//					a buffer's folio: metadata
//   nilfs_btnode_*			a B-tree node: metadata, with buffers
//   nilfs_folio_bug			B-tree nodes and dirty folios of the DAT: metadata
//   nilfs_copy_dirty_pages, nilfs_copy_back_pages
//					folios of the DAT and its B-tree: metadata
//   __nilfs_clear_folio_dirty		locked, and dirty or with buffers
//   nilfs_find_uncommitted_extent	has buffers
//
// Leaves: all other functions.

@@
identifier fn = { nilfs_prepare_chunk, nilfs_commit_chunk };
struct folio *F;
@@
 fn(...)
 {
 <...
- folio_pos(F)
+ folio_pos_excl(F)
 ...>
 }

@@
struct folio *F;
struct buffer_head *B;
identifier K;
@@
 nilfs_btnode_commit_change_key(...)
 {
 <...
- F->index = B->b_blocknr = K;
+ B->b_blocknr = K;
+ folio_set_index(F, K);
 ...>
 }

@@
struct folio *F;
expression K;
@@
 nilfs_btnode_commit_change_key(...)
 {
 <...
 K !=
- F->index
+ folio_index_excl(F)
 ...>
 }

@@
identifier fn = { nilfs_btnode_delete, nilfs_btnode_prepare_change_key,
		  nilfs_folio_bug, nilfs_copy_dirty_pages, nilfs_copy_back_pages,
		  __nilfs_clear_folio_dirty, nilfs_find_uncommitted_extent };
type T;
struct folio *F;
@@
 fn(...)
 {
 <...
(
- (T)F->index
+ (T)folio_index_excl(F)
|
- F->index
+ folio_index_excl(F)
)
 ...>
 }

@@
identifier fn = { nilfs_bmap_data_get_key, nilfs_mdt_freeze_buffer,
		  nilfs_mdt_get_frozen_buffer };
struct buffer_head *B;
@@
 fn(...)
 {
 <...
(
- B->b_folio->index
+ folio_index_excl(B->b_folio)
|
- folio_pos(B->b_folio)
+ folio_pos_excl(B->b_folio)
)
 ...>
 }
