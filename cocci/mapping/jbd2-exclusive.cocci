// SPDX-License-Identifier: GPL-2.0
//
// Functions that meet no shared folio: such a folio has no buffers.
//
//   release_buffer_page		the folio of a buffer
//   jbd2_journal_commit_transaction	the folio of a buffer; the accessor reads once
//
// Leaves: all other functions.

@@
struct folio *F;
@@
 release_buffer_page(...)
 {
 <...
- F->mapping
+ folio_mapping_excl(F)
 ...>
 }

@@
struct buffer_head *B;
@@
 jbd2_journal_commit_transaction(...)
 {
 <...
- READ_ONCE(B->b_folio->mapping)
+ buffer_head_mapping(B)
 ...>
 }
