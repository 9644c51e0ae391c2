// SPDX-License-Identifier: GPL-2.0
//
// Functions that meet no shared folio: such a folio is uptodate, clean and has no
// buffers.
//
//   need_fsverity		at the end of reading a buffer
//   block_read_full_folio	not uptodate
//   __block_write_begin_int	locked for writing, between write_begin and write_end
//   __block_write_full_folio	under writeback
//   block_write_full_folio	under writeback
//   block_page_mkwrite		locked, after the test of the mapping
//
// Leaves: all other functions.

@@
identifier fn = { need_fsverity, block_read_full_folio, __block_write_begin_int,
		  __block_write_full_folio, block_write_full_folio, block_page_mkwrite };
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
