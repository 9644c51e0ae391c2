// SPDX-License-Identifier: GPL-2.0
//
// Contexts that the driver must not guess.
//
//   bch2_writepage_io_done	the write has the inode
//
// Leaves: all other functions.

@@
struct folio_iter I;
identifier W;
@@
 bch2_writepage_io_done(...)
 {
 ...
 struct bch_writepage_io *W = ...;
 <...
- folio_mapping_excl(I.folio)
+ folio_mapping_ctx(I.folio, W->inode->v.i_mapping)
 ...>
 }
