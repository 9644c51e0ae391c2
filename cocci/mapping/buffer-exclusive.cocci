// SPDX-License-Identifier: GPL-2.0
//
// Functions that meet no shared folio: such a folio has no buffers and is clean.
//
//   need_fsverity		at the end of reading a buffer
//   mark_buffer_dirty		the folio has buffers
//   try_to_free_buffers	the folio has buffers
//   create_empty_buffers	locked, and gets buffers now
//   __block_write_begin_int	locked for writing, between write_begin and write_end
//
// Leaves: all other functions.

@@
identifier fn = { need_fsverity, mark_buffer_dirty, try_to_free_buffers,
		  create_empty_buffers, __block_write_begin_int };
struct folio *F;
@@
 fn(...)
 {
 <...
- F->mapping
+ folio_mapping_excl(F)
 ...>
 }
