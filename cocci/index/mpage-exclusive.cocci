// SPDX-License-Identifier: GPL-2.0
//
// Functions that meet no shared folio: such a folio is uptodate and clean.
//
//   do_mpage_readpage	not uptodate
//   __mpage_writepage	locked for writeback
//
// Leaves: all other functions.

@@
identifier fn = { do_mpage_readpage, __mpage_writepage };
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
