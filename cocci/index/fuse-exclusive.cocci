// SPDX-License-Identifier: GPL-2.0
//
// fuse's own exceptions: functions that have no index and need none, because no
// shared folio comes their way.
//
//   fuse_short_read		pages of a read that has just ended: locked, not uptodate
//   fuse_do_readpage		locked, not uptodate
//   fuse_send_readpages	the pages of readahead
//   fuse_writepage_add		under writeback
//   fuse_writepage_need_send	locked for writeback, and those it follows under writeback
//
// Leaves: all other functions.

@@
identifier fn = { fuse_short_read, fuse_do_readpage, fuse_send_readpages,
		  fuse_writepage_add, fuse_writepage_need_send };
identifier g =~ "pages$";
struct page *P;
expression E, N;
@@
 fn(...)
 {
 <...
(
- page_offset(E->g[N])
+ folio_pos_excl(page_folio(E->g[N]))
|
- E->g[N]->index
+ folio_index_excl(page_folio(E->g[N]))
|
- page_offset(P)
+ folio_pos_excl(page_folio(P))
|
- P->index
+ folio_index_excl(page_folio(P))
)
 ...>
 }
