// SPDX-License-Identifier: GPL-2.0
//
// ext4's own exceptions: functions that have no context and need none, because no
// shared folio comes their way.
//
//   mpage_prepare_extent_to_map   from its test of the mapping on the folio is locked
//				   and dirty; before, it compares with the next index
//				   wanted, and a folio shared since then passes and
//				   fails the test of the mapping
//   ext4_page_mkwrite		   locked, after the test of the mapping
//   mpage_submit_folio		   locked and dirty
//   mpage_journal_page_buffers	   locked for I/O
//   mpage_release_unused_pages	   locked by mpage_prepare_extent_to_map() and dirty
//   ext4_journal_folio_buffers	   locked, and about to be dirtied in the journal
//   ext4_mb_init_cache		   buddy cache: metadata of the file system, never shared
//
// Leaves: all other functions.

@@
typedef ext4_lblk_t;
identifier mpd;
struct folio *F;
@@
 mpage_prepare_extent_to_map(struct mpage_da_data *mpd)
 {
 <...
(
 mpd->next_page !=
- F->index
+ folio_index_ctx(F, mpd->next_page)
|
- (ext4_lblk_t)F->index
+ (ext4_lblk_t)folio_index_excl(F)
|
- F->index
+ folio_index_excl(F)
|
- folio_next_index(F)
+ folio_index_excl(F) + folio_nr_pages(F)
)
 ...>
 }

@@
identifier fn = { ext4_page_mkwrite, mpage_submit_folio, mpage_journal_page_buffers,
		  mpage_release_unused_pages, ext4_journal_folio_buffers,
		  ext4_mb_init_cache };
struct folio *F;
@@
 fn(...)
 {
 <...
(
- F->index
+ folio_index_excl(F)
|
- folio_next_index(F)
+ folio_index_excl(F) + folio_nr_pages(F)
|
- folio_pos(F)
+ folio_pos_excl(F)
)
 ...>
 }
