// SPDX-License-Identifier: GPL-2.0
//
// Functions that meet no shared folio: such a folio has no buffers and is clean.
//
//   need_fsverity		at the end of reading a buffer
//   mark_buffer_dirty		the folio has buffers
//   try_to_free_buffers	the folio has buffers
//   create_empty_buffers	locked, and gets buffers now
//   mark_buffer_write_io_error	the folio has buffers; read once, it may be truncated
//   __block_write_begin_int	locked for writing, between write_begin and write_end
//   __block_write_full_folio	locked for writeback, and has buffers; gfs2 has its inode
//				from the folio
//
// Leaves: all other functions.

@@
identifier fn = { need_fsverity, mark_buffer_dirty, try_to_free_buffers,
		  create_empty_buffers, __block_write_begin_int,
		  __block_write_full_folio };
struct folio *F;
@@
 fn(...)
 {
 <...
- F->mapping
+ folio_mapping_excl(F)
 ...>
 }

@@
struct buffer_head *B;
expression E;
@@
 mark_buffer_write_io_error(...)
 {
 ...
- if (B->b_folio && B->b_folio->mapping)
- 	mapping_set_error(B->b_folio->mapping, E);
+ if (B->b_folio) {
+ 	struct address_space *mapping = buffer_head_mapping(B);
+
+ 	if (mapping)
+ 		mapping_set_error(mapping, E);
+ }
 ...
 }
