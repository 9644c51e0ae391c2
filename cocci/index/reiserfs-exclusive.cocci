// SPDX-License-Identifier: GPL-2.0
//
// reiserfs's own exceptions: functions that have no context and need none, because no
// shared folio comes their way.
//
//   reiserfs_commit_page, reiserfs_commit_write	written to, with buffers
//   convert_tail_for_hole			a buffer's page
//
// Leaves: all other functions.

@@
identifier fn = { reiserfs_commit_page, reiserfs_commit_write, convert_tail_for_hole };
type T;
struct page *P;
@@
 fn(...)
 {
 <...
(
- (T)P->index
+ (T)folio_index_excl(page_folio(P))
|
- P->index
+ folio_index_excl(page_folio(P))
)
 ...>
 }
