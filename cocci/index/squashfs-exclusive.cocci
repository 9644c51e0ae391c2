// SPDX-License-Identifier: GPL-2.0
//
// squashfs's own exceptions: functions that have no index and need none, because no
// shared folio comes their way.
//
//   squashfs_read_folio		locked and not uptodate
//   squashfs_readpage_fragment		the same folio
//   squashfs_readpage_block		the same folio
//   squashfs_copy_cache		the same folio; its neighbours that are uptodate
//					are let alone
//   squashfs_readahead_fragment	locked and not uptodate, by readahead
//
// By hand, since the driver does not see page_folio(page)->index:
//   page_next_index			locked and not uptodate, being read
//
// Leaves: all other functions.

@@
identifier fn = { squashfs_read_folio, squashfs_readpage_fragment,
		  squashfs_readpage_block, squashfs_copy_cache,
		  squashfs_readahead_fragment };
struct folio *F;
struct page *P;
@@
 fn(...)
 {
 <...
(
- F->index
+ folio_index_excl(F)
|
- P->index
+ folio_index_excl(page_folio(P))
)
 ...>
 }
