// SPDX-License-Identifier: GPL-2.0
//
// ceph's own exceptions: functions that have no index and need none, because no
// shared folio comes their way.
//
//   write_folio_nounlock	  locked, with a snap context as private data
//   ceph_check_page_before_write locked, dirty and in the file, as it tests first
//   ceph_process_folio_batch	  referenced since it was found dirty, then locked for
//				  writeback
//   ceph_allocate_page_array	  locked for writeback
//   is_folio_index_contiguous	  the same
//   ceph_submit_write		  the same
//   ceph_fscrypt_page_offset	  the same; a bounce page knows the page it stands for
//   __dcache_find_get_entry	  directory
//   fill_readdir_cache		  directory
//
// Leaves: all other functions.

@@
identifier fn = { write_folio_nounlock, ceph_check_page_before_write,
		  ceph_process_folio_batch, ceph_allocate_page_array,
		  is_folio_index_contiguous, ceph_submit_write,
		  __dcache_find_get_entry, fill_readdir_cache };
struct folio *F;
struct page *P;
expression E;
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
|
- E->page->index
+ folio_index_excl(page_folio(E->page))
|
- P->index
+ folio_index_excl(page_folio(P))
|
- page_offset(P)
+ folio_pos_excl(page_folio(P))
)
 ...>
 }

@@
expression P;
@@
 ceph_fscrypt_page_offset(...)
 {
 <...
- page_offset(P)
+ folio_pos_excl(page_folio(P))
 ...>
 }
