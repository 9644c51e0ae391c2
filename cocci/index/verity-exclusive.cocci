// SPDX-License-Identifier: GPL-2.0
//
// Functions that meet no shared folio: such a folio is uptodate.
//
//   verify_data_blocks	just read, not yet uptodate
//
// Leaves: all other functions.

@@
struct folio *F;
@@
 verify_data_blocks(...)
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
