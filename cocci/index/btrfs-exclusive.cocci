// SPDX-License-Identifier: GPL-2.0
//
// btrfs's own exceptions: functions that have no context and need none, because no
// shared folio comes their way.
//
//   add_ra_bio_pages		 it has just added the folio: locked and not uptodate
//   btrfs_decompress_buf2page, lzo_decompress, zlib_decompress, zstd_decompress,
//   read_inline_extent		 the folio is being filled
//   btrfs_do_readpage, begin_folio_read, end_folio_read, end_bbio_data_read  the folio is
//				 being read: locked and not uptodate
//   submit_extent_folio, btrfs_bio_is_contig  the folio is being read or written
//   __unlock_for_delalloc to end_bbio_data_write  writeback: locked and dirty, or under
//				 writeback
//   try_release_extent_mapping, try_release_extent_state  private data
//   defrag_one_locked_target	 behind a lookup that locks; dirtied here
//   btrfs_repair_eb_io_failure to try_release_subpage_extent_buffer  extent buffers:
//				 metadata
//   io_ctl_drop_pages		 pages of the free space cache with private data
//   btrfs_subpage_assert to btrfs_subpage_dump_bitmap  the state of the blocks of a folio
//				 is private data
//
// A position is compared as folio_contains() does it, in the type of an index.
//
// Leaves: all other functions. What spatch does not see in macros is in
// btrfs-by-hand.patch.

@@
typedef pgoff_t;
identifier fn = { add_ra_bio_pages, btrfs_decompress_buf2page, lzo_decompress,
		  zlib_decompress, zstd_decompress, read_inline_extent,
		  btrfs_do_readpage, begin_folio_read, end_folio_read,
		  end_bbio_data_read, submit_extent_folio, btrfs_bio_is_contig,
		  __unlock_for_delalloc, lock_delalloc_folios,
		  find_lock_delalloc_range, btrfs_cleanup_ordered_extents,
		  submit_one_async_extent, cleanup_dirty_folios,
		  btrfs_run_delalloc_range, set_delalloc_bitmap,
		  find_next_delalloc_bitmap, writepage_delalloc,
		  submit_one_sector, extent_writepage_io, extent_writepage,
		  end_bbio_data_write, try_release_extent_mapping,
		  try_release_extent_state, defrag_one_locked_target,
		  btrfs_repair_eb_io_failure, btree_dirty_folio, write_one_eb,
		  submit_eb_subpage, extent_invalidate_folio,
		  btree_clear_folio_dirty, read_extent_buffer_pages_nowait,
		  get_next_extent_buffer, try_release_subpage_extent_buffer,
		  io_ctl_drop_pages, btrfs_subpage_assert,
		  btrfs_subpage_clamp_range, btrfs_subpage_set_writeback,
		  btrfs_subpage_dump_bitmap };
struct folio *F;
const struct folio *C;
expression E, I, N;
@@
 fn(...)
 {
 <...
(
- F->index
+ folio_index_excl(F)
|
- C->index
+ folio_index_excl(C)
|
- folio_index(F)
+ folio_index_excl(F)
|
- folio_contains(F, I)
+ (pgoff_t)(I) - folio_index_excl(F) < folio_nr_pages(F)
|
- folio_pos(F)
+ folio_pos_excl(F)
|
- folio_pos(C)
+ folio_pos_excl(C)
|
- folio_pos(E->locked_folio)
+ folio_pos_excl(E->locked_folio)
|
- folio_pos(E->folios[N])
+ folio_pos_excl(E->folios[N])
|
- page_offset(E)
+ folio_pos_excl(page_folio(E))
)
 ...>
 }
