// SPDX-License-Identifier: GPL-2.0
//
// btrfs's own exceptions: functions that have no context and need none, because no
// shared folio comes their way.
//
//   btrfs_attach_subpage to btrfs_folio_set_lock  the state of the blocks of a folio is
//				private data, or about to be attached to a folio that is
//				not uptodate or locked for writing; on the way out of
//				these, the folio still is
//   attach_extent_buffer_folio to try_release_extent_buffer  extent buffers: metadata
//   compress_file_range, free_async_extent_pages  pages with compressed data, in no file
//   zstd_decompress		the folio is being filled
//
// folio_to_inode() and folio_to_fs_info() are exclusive (btrfs-by-hand.patch). They are
// left where the folio is metadata, being filled by decompression, or dirty and locked;
// in the functions of the last rules they become contextual.
//
// Leaves: all other functions. What spatch does not see in macros is in
// btrfs-by-hand.patch.

@@
identifier fn = { btrfs_attach_subpage, btrfs_detach_subpage, btrfs_folio_inc_eb_refs,
		  btrfs_folio_dec_eb_refs, btrfs_subpage_assert, btrfs_folio_end_lock,
		  btrfs_folio_end_lock_bitmap, btrfs_subpage_set_writeback,
		  btrfs_folio_assert_not_dirty, btrfs_folio_set_lock,
		  attach_extent_buffer_folio, submit_eb_subpage, submit_eb_page,
		  folio_range_has_eb, detach_extent_buffer_folio,
		  grab_extent_buffer, btree_clear_folio_dirty,
		  try_release_subpage_extent_buffer, try_release_extent_buffer,
		  compress_file_range, free_async_extent_pages, zstd_decompress };
struct folio *F;
struct page *P;
expression E, N;
@@
 fn(...)
 {
 <...
(
- btrfs_is_subpage(E, F->mapping)
+ btrfs_folio_is_subpage(E, F)
|
- E->folios[N]->mapping
+ folio_mapping_excl(E->folios[N])
|
- F->mapping
+ folio_mapping_excl(F)
|
- P->mapping
+ folio_mapping_excl(page_folio(P))
|
- folio_mapping(F)
+ folio_mapping_excl(F)
|
- folio_inode(F)
+ folio_mapping_excl(F)->host
)
 ...>
 }

@@
identifier fn = { btrfs_verify_folio, end_folio_read, submit_extent_folio,
		  set_folio_extent_mapped, clear_folio_extent_mapped,
		  btrfs_read_folio, try_release_extent_mapping,
		  wait_subpage_spinlock, btrfs_launder_folio,
		  btrfs_invalidate_folio, btree_invalidate_folio };
struct folio *F;
@@
 fn(...)
 {
 <...
(
- folio_to_inode(F)
+ BTRFS_I(folio_mapping_ctx(F, CTX_MAP)->host)
|
- folio_to_fs_info(F)
+ inode_to_fs_info(folio_mapping_ctx(F, CTX_MAP)->host)
)
 ...>
 }
